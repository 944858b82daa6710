/* Kernels on whole arrays, which are contiguous. */
#ifndef CYMA_ARRAYS_H
#define CYMA_ARRAYS_H

#include "dispatch.h"

/* Elements that pass through the stack at a time have at most this size. */
#define CYMA_STACK_BYTES 2048

/* Results of this size do not stay in the caches: where memory decides the time, it is by up to a
 * third shorter if they go past them, and no longer if they are read again at once. */
#define CYMA_STREAM_BYTES (8 << 20)

/* out[i] = f(x[i], y[i]), and the floating-point environment stays what it was. out may be x or y,
 * but must not overlap them otherwise. */
void cyma_run_array(const cyma_kernel_table *table, int function, int precision, const void *x,
                    const void *y, void *out, ptrdiff_t n);

#endif
