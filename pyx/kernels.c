/* The vectorised loops over the inline functions of include/cyma. setup.py compiles this file once
 * per tier, with that tier's flags, and with its name in CYMA_TIER as suffix of every symbol. */
#include "cyma.h"
#include "dispatch.h"
#include "half.h"

#define CYMA_PASTE_(a, b) a##_##b
#define CYMA_PASTE(a, b) CYMA_PASTE_(a, b)
#define CYMA_STRING_(a) #a
#define CYMA_STRING(a) CYMA_STRING_(a)
#define CYMA_KERNEL(name) CYMA_PASTE(cyma_kernel_##name, CYMA_TIER)

/* No element depends on another, though out may be x or y. */
#if defined(__clang__)
#define CYMA_INDEPENDENT _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#elif defined(__GNUC__)
#define CYMA_INDEPENDENT _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#elif defined(_MSC_VER)
#define CYMA_INDEPENDENT __pragma(loop(ivdep))
#endif

/* A kernel works in blocks of constant length: a whole number of vectors of every tier, and more
 * than one of them, so that they hide each other's latency. What is left over goes through the
 * same block, in a copy: there is one arithmetic, and no scalar tail. */
#define CYMA_BLOCK_BYTES 128

#define CYMA_DEFINE_KERNEL(name, in_type, out_type, second, result)                                \
    static void CYMA_KERNEL(name)(const void *x_, const void *y_, void *out_, ptrdiff_t n)         \
    {                                                                                              \
        enum { block = CYMA_BLOCK_BYTES / (sizeof(in_type) < 4 ? 4 : sizeof(in_type)) };           \
        in_type x_rest[block] = {0}, y_rest[block] = {0};                                          \
        out_type out_rest[block];                                                                  \
        const in_type *x = x_, *y = second;                                                        \
        out_type *out = out_;                                                                      \
        (void)y_;                                                                                  \
        while (n > 0) {                                                                            \
            const int whole = n >= block;                                                          \
            const size_t count = whole ? (size_t)block : (size_t)n;                                \
            const in_type *x_block = x, *y_block = y;                                              \
            out_type *out_block = out;                                                             \
            if (!whole) {                                                                          \
                memcpy(x_rest, x, count * sizeof *x);                                              \
                memcpy(y_rest, y, count * sizeof *y);                                              \
                x_block = x_rest;                                                                  \
                y_block = y_rest;                                                                  \
                out_block = out_rest;                                                              \
            }                                                                                      \
            CYMA_INDEPENDENT                                                                       \
            for (int i = 0; i < block; i++) {                                                      \
                const in_type a = x_block[i], b = y_block[i];                                      \
                (void)b;                                                                           \
                out_block[i] = result;                                                             \
            }                                                                                      \
            if (!whole) {                                                                          \
                memcpy(out, out_rest, count * sizeof *out);                                        \
            }                                                                                      \
            x += count;                                                                            \
            y += count;                                                                            \
            out += count;                                                                          \
            n -= (ptrdiff_t)count;                                                                 \
        }                                                                                          \
    }

#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_KERNEL(name##_f32, float, float, x_, cyma_##name##_f32(a))                         \
    CYMA_DEFINE_KERNEL(name##_f64, double, double, x_, cyma_##name##_f64(a))
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_DEFINE_KERNEL(name##_f32, float, float, y_, cyma_##name##_f32(a, b))                      \
    CYMA_DEFINE_KERNEL(name##_f64, double, double, y_, cyma_##name##_f64(a, b))
#include "functions.def"
CYMA_DEFINE_KERNEL(half_to_float, uint16_t, float, x_, cyma_half_to_float(a))
CYMA_DEFINE_KERNEL(float_to_half, float, uint16_t, x_, cyma_float_to_half(a))

/* Elements of binary cross-entropy at a time. What is less goes through the same loops in a copy,
 * and so does one value for all. */
enum { CYMA_BCE_BLOCK = 256 };

#define CYMA_BCE_LOOP(body)                                                                        \
    CYMA_INDEPENDENT                                                                               \
    for (int i = 0; i < CYMA_BCE_BLOCK; i++) {                                                     \
        body;                                                                                      \
    }

/* What is wanted of the elements x[i] with the coefficients a, b and a + b. */
#define CYMA_BCE_RESULTS(kind, a, b, sum)                                                          \
    if (f->hess != NULL) {                                                                         \
        CYMA_BCE_LOOP(const cyma_bce_##kind y = cyma_bce_fused_##kind(x[i], a, b, sum, 1);         \
                      grad[i] = y.grad * scale;                                                    \
                      hess[i] = (y.hess < floor ? floor : y.hess) * (sum) * scale)                 \
    }                                                                                              \
    else if (f->grad == NULL) {                                                                    \
        CYMA_BCE_LOOP(loss[i] = cyma_bce_fused_##kind(x[i], a, b, sum, 0).loss)                    \
    }                                                                                              \
    else if (f->loss == NULL) {                                                                    \
        CYMA_BCE_LOOP(grad[i] = cyma_bce_fused_##kind(x[i], a, b, sum, 1).grad * scale)            \
    }                                                                                              \
    else {                                                                                         \
        CYMA_BCE_LOOP(const cyma_bce_##kind y = cyma_bce_fused_##kind(x[i], a, b, sum, 1);         \
                      loss[i] = y.loss; grad[i] = y.grad * scale)                                  \
    }

#define CYMA_DEFINE_BCE(real, kind)                                                                \
    static const real *CYMA_KERNEL(block_##kind)(const void *from, double value, ptrdiff_t start,  \
                                                 ptrdiff_t count, real *copy)                      \
    {                                                                                              \
        if (from != NULL && count == CYMA_BCE_BLOCK) {                                             \
            return (const real *)from + start;                                                     \
        }                                                                                          \
        for (ptrdiff_t i = 0; i < count; i++) {                                                    \
            copy[i] = from == NULL ? (real)value : ((const real *)from)[start + i];                \
        }                                                                                          \
        memset(copy + count, 0, (size_t)(CYMA_BCE_BLOCK - count) * sizeof(real));                  \
        return copy;                                                                               \
    }                                                                                              \
    static void CYMA_KERNEL(bce_##kind)(const cyma_bce *f, ptrdiff_t n)                            \
    {                                                                                              \
        real x_copy[CYMA_BCE_BLOCK], z_copy[CYMA_BCE_BLOCK], w_copy[CYMA_BCE_BLOCK];               \
        real a[CYMA_BCE_BLOCK], b[CYMA_BCE_BLOCK];                                                 \
        real loss_copy[CYMA_BCE_BLOCK], grad_copy[CYMA_BCE_BLOCK], hess_copy[CYMA_BCE_BLOCK];      \
        const real keep = (real)f->keep, add = (real)f->add;                                       \
        const real scale = (real)f->scale, floor = (real)f->floor;                                 \
        const int weighted = f->weight != NULL || f->weight_value != 1;                            \
        const int pos_weighted = f->pos_weight != NULL || f->pos_weight_value != 1;                \
        const int plain = f->keep == 1 && !weighted && !pos_weighted && f->where == NULL;          \
        for (ptrdiff_t start = 0; start < n; start += CYMA_BCE_BLOCK) {                            \
            const ptrdiff_t count = n - start < CYMA_BCE_BLOCK ? n - start : CYMA_BCE_BLOCK;       \
            const int whole = count == CYMA_BCE_BLOCK;                                             \
            const real *x = CYMA_KERNEL(block_##kind)(f->logits, 0, start, count, x_copy);         \
            const real *z =                                                                        \
                CYMA_KERNEL(block_##kind)(f->targets, f->target_value, start, count, z_copy);      \
            const real *w;                                                                         \
            real *loss = whole && f->loss ? (real *)f->loss + start : loss_copy;                   \
            real *grad = whole && f->grad ? (real *)f->grad + start : grad_copy;                   \
            real *hess = whole && f->hess ? (real *)f->hess + start : hess_copy;                   \
            if (plain) {                                                                           \
                CYMA_BCE_RESULTS(kind, z[i], 1 - z[i], 1)                                          \
            }                                                                                      \
            else {                                                                                 \
                CYMA_BCE_LOOP(a[i] = z[i] * keep + add; b[i] = 1 - a[i])                           \
                if (pos_weighted) {                                                                \
                    w = CYMA_KERNEL(block_##kind)(f->pos_weight, f->pos_weight_value, start,       \
                                                  count, w_copy);                                  \
                    CYMA_BCE_LOOP(a[i] *= w[i])                                                    \
                }                                                                                  \
                if (weighted) {                                                                    \
                    w = CYMA_KERNEL(block_##kind)(f->weight, f->weight_value, start, count,        \
                                                  w_copy);                                         \
                    CYMA_BCE_LOOP(a[i] *= w[i]; b[i] *= w[i])                                      \
                }                                                                                  \
                if (f->where != NULL) {                                                            \
                    for (ptrdiff_t i = 0; i < count; i++) {                                        \
                        const int kept = f->where[start + i];                                      \
                        x_copy[i] = kept ? x[i] : 0;                                               \
                        a[i] = kept ? a[i] : 0;                                                    \
                        b[i] = kept ? b[i] : 0;                                                    \
                    }                                                                              \
                    x = x_copy;                                                                    \
                }                                                                                  \
                CYMA_BCE_RESULTS(kind, a[i], b[i], a[i] + b[i])                                    \
            }                                                                                      \
            if (!whole && f->loss != NULL) {                                                       \
                memcpy((real *)f->loss + start, loss, (size_t)count * sizeof(real));               \
            }                                                                                      \
            if (!whole && f->grad != NULL) {                                                       \
                memcpy((real *)f->grad + start, grad, (size_t)count * sizeof(real));               \
            }                                                                                      \
            if (!whole && f->hess != NULL) {                                                       \
                memcpy((real *)f->hess + start, hess, (size_t)count * sizeof(real));               \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void CYMA_KERNEL(add_##kind)(const void *x_, double *lanes, ptrdiff_t n)                \
    {                                                                                              \
        const real *x = x_;                                                                        \
        double sums[CYMA_LANES];                                                                   \
        memcpy(sums, lanes, sizeof sums);                                                          \
        for (ptrdiff_t k = 0; k < n; k += CYMA_LANES) {                                            \
            for (int j = 0; j < CYMA_LANES; j++) {                                                 \
                sums[j] += (double)x[k + j];                                                       \
            }                                                                                      \
        }                                                                                          \
        memcpy(lanes, sums, sizeof sums);                                                          \
    }

CYMA_DEFINE_BCE(float, f32)
CYMA_DEFINE_BCE(double, f64)

const cyma_tier CYMA_PASTE(cyma_tier, CYMA_TIER) = {
    .name = CYMA_STRING(CYMA_TIER),
    .fma = CYMA_HAVE_FMA,
    .kernels =
        {
#define CYMA_UNARY(name, ...)                                                                      \
    [CYMA_FUNCTION_##name] = {CYMA_KERNEL(name##_f32), CYMA_KERNEL(name##_f64)},
#define CYMA_BINARY(name, ...) CYMA_UNARY(name, )
#include "functions.def"
        },
    .half_to_float = CYMA_KERNEL(half_to_float),
    .float_to_half = CYMA_KERNEL(float_to_half),
    .bce = {CYMA_KERNEL(bce_f32), CYMA_KERNEL(bce_f64)},
    .add = {CYMA_KERNEL(add_f32), CYMA_KERNEL(add_f64)},
};
