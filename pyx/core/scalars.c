/* The inline functions of include/cyma as functions that can be called. Compiled once per tier, as
 * kernels.c is, but by itself: what helps loops there takes time here. */
#include "cyma/cyma.h"
#include "dispatch.h"

#define CYMA_SCALAR(name) CYMA_PASTE(cyma_scalar_##name, CYMA_TIER)

#define CYMA_DEFINE_UNARY(name, suffix, type)                                                      \
    static type CYMA_SCALAR(name##_##suffix)(type x)                                               \
    {                                                                                              \
        return cyma_##name##_##suffix(x);                                                          \
    }
#define CYMA_DEFINE_BINARY(name, suffix, type)                                                     \
    static type CYMA_SCALAR(name##_##suffix)(type x, type y)                                       \
    {                                                                                              \
        return cyma_##name##_##suffix(x, y);                                                       \
    }
#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_UNARY(name, f32, float) CYMA_DEFINE_UNARY(name, f64, double)
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_DEFINE_BINARY(name, f32, float) CYMA_DEFINE_BINARY(name, f64, double)
#include "cyma/functions.def"

extern const cyma_scalars CYMA_PASTE(cyma_scalars, CYMA_TIER);

const cyma_scalars CYMA_PASTE(cyma_scalars, CYMA_TIER) = {
    .f32 =
        {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = (cyma_scalar)CYMA_SCALAR(name##_f32),
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"
        },
    .f64 =
        {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = (cyma_scalar)CYMA_SCALAR(name##_f64),
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"
        },
};
