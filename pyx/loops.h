/* The inner loop of every ufunc: NumPy's strided operands on one side, contiguous kernels on the
 * other. */
#ifndef CYMA_LOOPS_H
#define CYMA_LOOPS_H

#include "dispatch.h"

#include <Python.h>
#include <numpy/ndarraytypes.h>
#include <numpy/ufuncobject.h>

enum { CYMA_MAX_IN = 2 };

/* The signatures, in the order in which NumPy looks for the first that holds the operands:
 * h->f (also for bool and 8-bit integers, which would go safely to float16), e->e, f->f, d->d,
 * g->g. */
enum { CYMA_SIGNATURES = 5 };

/* Arguments of PyUFunc_FromFuncAndData; cyma_init_loops() must have been called. */
extern PyUFuncGenericFunction cyma_loops[CYMA_SIGNATURES];
char *cyma_loop_types(int nin);
void **cyma_loop_data(int function);

void cyma_init_loops(void);

#endif
