/* Kernels that are written by hand for AVX-512: the loop over vectors, and the list. */
#ifndef CYMA_AVX512_H
#define CYMA_AVX512_H

#include "exp_avx512_tables.h"
#include "tanh_avx512_table.h"

#include <immintrin.h>

/* How arrays of each kind are read and written; `some` says which elements, where not all are
 * left. float16 is computed in float. */
#define CYMA_WIDTH_HALF 16
#define CYMA_TYPE_HALF uint16_t
#define CYMA_VECTOR_HALF __m512
#define CYMA_SOME_HALF __mmask16
#define CYMA_GET_HALF CYMA_LOAD_HALVES
#define CYMA_PUT_HALF CYMA_STORE_HALVES
#define CYMA_GET_SOME_HALF(some, from) _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, from))
#define CYMA_PUT_SOME_HALF(to, some, x)                                                            \
    _mm256_mask_storeu_epi16(to, some, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT))

#define CYMA_WIDTH_FLOAT 16
#define CYMA_TYPE_FLOAT float
#define CYMA_VECTOR_FLOAT __m512
#define CYMA_SOME_FLOAT __mmask16
#define CYMA_GET_FLOAT _mm512_loadu_ps
#define CYMA_PUT_FLOAT _mm512_storeu_ps
#define CYMA_GET_SOME_FLOAT _mm512_maskz_loadu_ps
#define CYMA_PUT_SOME_FLOAT _mm512_mask_storeu_ps

#define CYMA_WIDTH_DOUBLE 8
#define CYMA_TYPE_DOUBLE double
#define CYMA_VECTOR_DOUBLE __m512d
#define CYMA_SOME_DOUBLE __mmask8
#define CYMA_GET_DOUBLE _mm512_loadu_pd
#define CYMA_PUT_DOUBLE _mm512_storeu_pd
#define CYMA_GET_SOME_DOUBLE _mm512_maskz_loadu_pd
#define CYMA_PUT_SOME_DOUBLE _mm512_mask_storeu_pd

/* How many vectors a long computation has in hand at a time, so that they hide each other's
 * latency: as many as measured best. */
#define CYMA_VECTORS_HALF 4
#define CYMA_VECTORS_FLOAT 2
#define CYMA_VECTORS_DOUBLE 4
#define CYMA_MAX_VECTORS 4

#if defined(__GNUC__)
#define CYMA_UNROLL _Pragma("GCC unroll 16")
#else
#define CYMA_UNROLL
#endif

/* A kernel: compute(x, y, result, rows, w) for w vectors of x and `second` and rows of a table. */
#define CYMA_DEFINE_AVX512(name, kind, vectors, second, compute, table)                            \
    static void CYMA_KERNEL(name)(const void *x_, const void *y_, void *out_, ptrdiff_t n)         \
    {                                                                                              \
        enum { width = CYMA_WIDTH_##kind, block = vectors * width };                               \
        const CYMA_TYPE_##kind *x = x_, *y = second;                                               \
        CYMA_TYPE_##kind *out = out_;                                                              \
        CYMA_VECTOR_##kind a[vectors], b[vectors], result[vectors];                                \
        (void)y_;                                                                                  \
        const cyma_rows_##table rows = cyma_read_rows_##table();                                   \
        for (; n >= block; n -= block, x += block, y += block, out += block) {                     \
            CYMA_BEGIN(name, block);                                                               \
            CYMA_UNROLL                                                                            \
            for (int i = 0; i < vectors; i++) {                                                    \
                a[i] = CYMA_GET_##kind(x + i * width);                                             \
                b[i] = CYMA_GET_##kind(y + i * width);                                             \
            }                                                                                      \
            compute(a, b, result, &rows, vectors);                                                 \
            CYMA_UNROLL                                                                            \
            for (int i = 0; i < vectors; i++) {                                                    \
                CYMA_PUT_##kind(out + i * width, result[i]);                                       \
            }                                                                                      \
            CYMA_END;                                                                              \
        }                                                                                          \
        for (; n > 0; n -= width, x += width, y += width, out += width) {                          \
            const CYMA_SOME_##kind some = (CYMA_SOME_##kind)(n < width ? (1u << n) - 1 : ~0u);     \
            *a = CYMA_GET_SOME_##kind(some, x);                                                    \
            *b = CYMA_GET_SOME_##kind(some, y);                                                    \
            compute(a, b, result, &rows, 1);                                                       \
            CYMA_PUT_SOME_##kind(out, some, *result);                                              \
        }                                                                                          \
    }

#include "tanh_avx512.h"

/* The names of vectors and their operations that exp_avx512.h needs, once per precision. */
#define CYMA_DUO CYMA_F(cyma_duo)
#define CYMA_ROWS CYMA_F(cyma_rows)
#define CYMA_ALL CYMA_V(set1)
#define CYMA_NEGATIVE(x)                                                                           \
    CYMA_TO_VECTOR(_mm512_xor_si512(CYMA_TO_INTEGERS(x), CYMA_TO_INTEGERS(CYMA_ALL(-CYMA_C(ZERO)))))

#include "real_f32.h"
#define CYMA_VECTOR __m512
#define CYMA_INTEGERS __m512i
#define CYMA_MASK __mmask16
#define CYMA_V(operation) _mm512_##operation##_ps
#define CYMA_I(operation) _mm512_##operation##_epi32
#define CYMA_TO_INTEGERS _mm512_castps_si512
#define CYMA_TO_VECTOR _mm512_castsi512_ps
#define CYMA_SIGNS(x) _mm512_movepi32_mask(CYMA_TO_INTEGERS(x))
#define CYMA_GREATER(a, b) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define CYMA_EQUAL(a, b) _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ)
#define CYMA_UNEQUAL(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ)
#include "exp_avx512.h"
#undef CYMA_VECTOR
#undef CYMA_INTEGERS
#undef CYMA_MASK
#undef CYMA_V
#undef CYMA_I
#undef CYMA_TO_INTEGERS
#undef CYMA_TO_VECTOR
#undef CYMA_SIGNS
#undef CYMA_GREATER
#undef CYMA_EQUAL
#undef CYMA_UNEQUAL
#include "real_end.h"

#include "real_f64.h"
#define CYMA_VECTOR __m512d
#define CYMA_INTEGERS __m512i
#define CYMA_MASK __mmask8
#define CYMA_V(operation) _mm512_##operation##_pd
#define CYMA_I(operation) _mm512_##operation##_epi64
#define CYMA_TO_INTEGERS _mm512_castpd_si512
#define CYMA_TO_VECTOR _mm512_castsi512_pd
#define CYMA_SIGNS(x) _mm512_movepi64_mask(CYMA_TO_INTEGERS(x))
#define CYMA_GREATER(a, b) _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ)
#define CYMA_EQUAL(a, b) _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ)
#define CYMA_UNEQUAL(a, b) _mm512_cmp_pd_mask(a, b, _CMP_NEQ_UQ)
#include "exp_avx512.h"
#include "real_end.h"

/* The functions of exp_avx512.h. */
#define CYMA_FOR_EACH_OF_EXP(UNARY, BINARY)                                                        \
    UNARY(logsigmoid)                                                                              \
    UNARY(softplus)                                                                                \
    UNARY(sigmoid_deriv)                                                                           \
    UNARY(tanh_deriv)                                                                              \
    BINARY(logsigmoid_backward)                                                                    \
    BINARY(sigmoid_bce)

#define CYMA_DEFINE_OF_EXP(name, kind, precision, real, second)                                    \
    CYMA_DEFINE_AVX512(name##_avx512_##precision, kind, CYMA_VECTORS_##kind, second,               \
                       cyma_##name##_avx512_##real, real)
#define CYMA_DEFINE_UNARY(name)                                                                    \
    CYMA_DEFINE_OF_EXP(name, HALF, f16, f32, x_)                                                   \
    CYMA_DEFINE_OF_EXP(name, FLOAT, f32, f32, x_)                                                  \
    CYMA_DEFINE_OF_EXP(name, DOUBLE, f64, f64, x_)                                                 \
    static double CYMA_PASTE(cyma_scalar_##name##_avx512, CYMA_TIER)(double x)                     \
    {                                                                                              \
        CYMA_KERNEL(name##_avx512_f64)(&x, NULL, &x, 1);                                           \
        return x;                                                                                  \
    }
#define CYMA_DEFINE_BINARY(name)                                                                   \
    CYMA_DEFINE_OF_EXP(name, HALF, f16, f32, y_)                                                   \
    CYMA_DEFINE_OF_EXP(name, FLOAT, f32, f32, y_)                                                  \
    CYMA_DEFINE_OF_EXP(name, DOUBLE, f64, f64, y_)
CYMA_FOR_EACH_OF_EXP(CYMA_DEFINE_UNARY, CYMA_DEFINE_BINARY)

static const cyma_hand_written CYMA_PASTE(cyma_hand_written, CYMA_TIER)[] = {
#define CYMA_ENTRY(name, precision, suffix, scalar)                                                \
    {CYMA_FUNCTION_##name, precision, CYMA_KERNEL(name##_avx512_##suffix), scalar},
#define CYMA_ENTRIES(name, scalar)                                                                 \
    CYMA_ENTRY(name, CYMA_F16, f16, NULL)                                                          \
    CYMA_ENTRY(name, CYMA_F32, f32, NULL)                                                          \
    CYMA_ENTRY(name, CYMA_F64, f64, scalar)
#define CYMA_UNARY_ENTRIES(name)                                                                   \
    CYMA_ENTRIES(name, CYMA_PASTE(cyma_scalar_##name##_avx512, CYMA_TIER))
#define CYMA_BINARY_ENTRIES(name) CYMA_ENTRIES(name, NULL)
    CYMA_ENTRY(tanh, CYMA_F16, f16, NULL) CYMA_ENTRY(tanh, CYMA_F32, f32, NULL)
        CYMA_FOR_EACH_OF_EXP(CYMA_UNARY_ENTRIES, CYMA_BINARY_ENTRIES){0, 0, NULL, NULL},
};

#endif
