/* The C functions of the core, for callers that know Python: what cyma.cython_api hands out. */
#ifndef CYMA_CAPSULES_H
#define CYMA_CAPSULES_H

#include <Python.h>

/* A dict of capsules by name, as Cython makes one of the functions that a module shares. */
PyObject *cyma_make_capsules(void);

#endif
