/* long double kernels: scalar, on the C library. Where its exponential underflows gradually, so do
 * they. The identities are those of include/cyma, without the compensation. */
#include "cyma/config.h"
#include "dispatch.h"

#include <float.h>

static long double
sigmoid_ld(long double x)
{
    long double e = expl(-fabsl(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static long double
softplus_ld(long double x)
{
    return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}

static long double
logsigmoid_ld(long double x)
{
    return -softplus_ld(-x);
}

static long double
tanh_ld(long double x)
{
    return tanhl(x);
}

/* Near x = 0 rounding may overshoot the greatest value; nan passes. */
static long double
at_most(long double limit, long double y)
{
    return y > limit ? limit : y;
}

static long double
sigmoid_deriv_ld(long double x)
{
    long double e = expl(-fabsl(x));
    return at_most(0.25L, e / ((1 + e) * (1 + e)));
}

static long double
logsigmoid_deriv_ld(long double x)
{
    return sigmoid_ld(-x);
}

/* (2 e^-a / (1 + e^-2a))^2: the square is the only operation that may underflow. */
static long double
tanh_deriv_ld(long double x)
{
    long double e = expl(-fabsl(x));
    long double sech = at_most(1, 2 * e / (1 + e * e));
    return sech * sech;
}

static long double
sigmoid_backward_ld(long double grad, long double y)
{
    return grad * (y * (1 - y));
}

static long double
tanh_backward_ld(long double grad, long double y)
{
    return grad * ((1 - y) * (1 + y));
}

/* Where e^-x would underflow before its product with grad does, it is taken in four factors. */
static long double
logsigmoid_backward_ld(long double grad, long double x)
{
    if (fabsl(grad) > LDBL_MAX && x <= LDBL_MAX) {
        return grad; /* times a positive number */
    }
    if (x > 0.67L * LDBL_MAX_EXP && x <= LDBL_MAX) {
        long double e = expl(-x / 4);
        return grad * e * e * e * e;
    }
    return grad * sigmoid_ld(-x);
}

static long double
sigmoid_bce_ld(long double x, long double z)
{
    long double log1p_exp = log1pl(expl(-fabsl(x)));
    long double u = x > 0 ? z - 1 : z;
    return u == 0 ? log1p_exp : log1p_exp - x * u;
}

static long double
sigmoid_bce_grad_ld(long double x, long double z)
{
    return (1 - z) * sigmoid_ld(x) - z * sigmoid_ld(-x);
}

#define CYMA_DEFINE_KERNEL(name, result)                                                           \
    static void kernel_##name(const void *x_, const void *y_, void *out_, ptrdiff_t n)             \
    {                                                                                              \
        const long double *x = x_, *y = y_;                                                        \
        long double *out = out_;                                                                   \
        (void)y;                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            out[i] = result;                                                                       \
        }                                                                                          \
    }
#define CYMA_UNARY(name, ...) CYMA_DEFINE_KERNEL(name, name##_ld(x[i]))
#define CYMA_BINARY(name, ...) CYMA_DEFINE_KERNEL(name, name##_ld(x[i], y[i]))
#include "cyma/functions.def"

const cyma_kernel cyma_kernels_ld[CYMA_FUNCTIONS] = {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = kernel_##name,
#define CYMA_BINARY(name, ...) CYMA_UNARY(name, )
#include "cyma/functions.def"
};
