/* The one-argument functions on Python floats. */
#ifndef CYMA_SCALAR_H
#define CYMA_SCALAR_H

#include <Python.h>

/* A dict of them by name; docs has a docstring, in UTF-8, for each row of the function table. They
 * are kept by pointer: the owner of docs must not let go of them. */
PyObject *cyma_make_scalars(PyObject *docs, PyObject *module_name);

#endif
