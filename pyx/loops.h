/* The inner loop of every ufunc: NumPy's strided operands on one side, contiguous kernels on the
 * other. */
#ifndef CYMA_LOOPS_H
#define CYMA_LOOPS_H

#include "core/dispatch.h"

#include <Python.h>
#include <numpy/ndarraytypes.h>
#include <numpy/ufuncobject.h>

enum { CYMA_MAX_IN = 2 };

/* The signatures, in the order in which NumPy looks for the first that holds the operands:
 * h->f (also for bool and 8-bit integers, which would go safely to float16), e->e, f->f, d->d,
 * g->g. */
enum { CYMA_SIGNATURES = 5 };

typedef struct {
    char in, out; /* NumPy's type numbers */
    npy_intp in_size, out_size;
    int precision;    /* of the kernel; its type is `out` */
    cyma_kernel load; /* converts from `in` to that; NULL if they agree */
} cyma_signature;

extern const cyma_signature cyma_signatures[CYMA_SIGNATURES];

/* A function and a signature in a tier. */
typedef struct {
    NpyAuxData base; /* as which NumPy 2 hands it to a loop; nothing is to be freed */
    const cyma_signature *signature;
    const cyma_kernel_table *table;
    int function, nin;
} cyma_binding;

/* That of the tier that the calling thread uses. */
const cyma_binding *cyma_binding_in_use(int function, int signature);

void cyma_run_loop(const cyma_binding *b, char *const *args, const npy_intp *dimensions,
                   const npy_intp *steps);

/* Arguments of PyUFunc_FromFuncAndData; valid after cyma_init_loops, which needs cyma_init_tiers.
 * NumPy calls these loops once a buffer, and each looks for the tier itself. */
extern PyUFuncGenericFunction cyma_loops[CYMA_SIGNATURES];
char *cyma_loop_types(int nin);
void **cyma_loop_data(int function);
void cyma_init_loops(void);

/* For NumPy 2: gives these loops to a ufunc that has none yet, such that a call asks for the tier
 * once. `dtypes` has NumPy's class of dtypes for each type number. Returns -1 if an error is set.
 */
int cyma_add_loops(PyObject *ufunc, int function, PyObject *dtypes);

#endif
