/* What cyma's other extension modules need of the core. That has a state, the tier in use: so one
 * of the modules holds it, _ufuncs, and hands this to the others, in a capsule. */
#ifndef CYMA_SHARED_H
#define CYMA_SHARED_H

#include "core/bce.h"

#define CYMA_SHARED_NAME "cyma._ufuncs.CORE"

typedef struct {
    const char *version; /* of cyma: that of the others, or they are not of one build */
    void (*add_to_rows)(cyma_rows *, const void *x, const unsigned char *where, ptrdiff_t n);
    void (*feed_bce)(cyma_rows *, const cyma_bce *, const cyma_repeats *, ptrdiff_t n);
} cyma_shared;

extern const cyma_shared cyma_core;

#endif
