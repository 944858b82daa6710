/* Kernels that are written by hand for AVX-512: the loop over vectors, and the list. */
#ifndef CYMA_AVX512_KERNELS_H
#define CYMA_AVX512_KERNELS_H

#include "avx512/exp_tables.h"
#include "avx512/tanh_table.h"

#include <immintrin.h>

/* How arrays of each precision are read and written; `some` says which elements, where not all are
 * left. */
#define CYMA_WIDTH_f32 16
#define CYMA_TYPE_f32 float
#define CYMA_VECTOR_f32 __m512
#define CYMA_SOME_f32 __mmask16
#define CYMA_GET_f32 _mm512_loadu_ps
#define CYMA_PUT_f32 _mm512_storeu_ps
#define CYMA_GET_SOME_f32 _mm512_maskz_loadu_ps
#define CYMA_PUT_SOME_f32 _mm512_mask_storeu_ps
#define CYMA_ALL_f32 _mm512_set1_ps
#define CYMA_FIRST_f32 _mm512_cvtss_f32

#define CYMA_WIDTH_f64 8
#define CYMA_TYPE_f64 double
#define CYMA_VECTOR_f64 __m512d
#define CYMA_SOME_f64 __mmask8
#define CYMA_GET_f64 _mm512_loadu_pd
#define CYMA_PUT_f64 _mm512_storeu_pd
#define CYMA_GET_SOME_f64 _mm512_maskz_loadu_pd
#define CYMA_PUT_SOME_f64 _mm512_mask_storeu_pd
#define CYMA_ALL_f64 _mm512_set1_pd
#define CYMA_FIRST_f64 _mm512_cvtsd_f64

/* How many vectors a long computation has in hand at a time, so that they hide each other's
 * latency: as many as measured best, or one for the rest. */
#define CYMA_VECTORS 4

#if defined(__GNUC__)
#define CYMA_UNROLL _Pragma("GCC unroll 16")
#else
#define CYMA_UNROLL
#endif

/* A kernel: compute(x, y, result, rows, w) for w vectors of x and `second` and rows of a table. */
#define CYMA_DEFINE_AVX512(name, precision, vectors, second, compute, table)                       \
    static void CYMA_KERNEL(name)(const void *x_, const void *y_, void *out_, ptrdiff_t n)         \
    {                                                                                              \
        enum { width = CYMA_WIDTH_##precision, block = vectors * width };                          \
        const CYMA_TYPE_##precision *x = x_, *y = second;                                          \
        CYMA_TYPE_##precision *out = out_;                                                         \
        CYMA_VECTOR_##precision a[vectors], b[vectors], result[vectors];                           \
        (void)y_;                                                                                  \
        const cyma_rows_##table rows = cyma_read_rows_##table();                                   \
        for (; n >= block; n -= block, x += block, y += block, out += block) {                     \
            CYMA_BEGIN(name, block);                                                               \
            CYMA_UNROLL                                                                            \
            for (int i = 0; i < vectors; i++) {                                                    \
                a[i] = CYMA_GET_##precision(x + i * width);                                        \
                b[i] = CYMA_GET_##precision(y + i * width);                                        \
            }                                                                                      \
            compute(a, b, result, &rows, vectors);                                                 \
            CYMA_UNROLL                                                                            \
            for (int i = 0; i < vectors; i++) {                                                    \
                CYMA_PUT_##precision(out + i * width, result[i]);                                  \
            }                                                                                      \
            CYMA_END;                                                                              \
        }                                                                                          \
        for (; n > 0; n -= width, x += width, y += width, out += width) {                          \
            const CYMA_SOME_##precision some =                                                     \
                (CYMA_SOME_##precision)(n < width ? (1u << n) - 1 : ~0u);                          \
            *a = CYMA_GET_SOME_##precision(some, x);                                               \
            *b = CYMA_GET_SOME_##precision(some, y);                                               \
            compute(a, b, result, &rows, 1);                                                       \
            CYMA_PUT_SOME_##precision(out, some, *result);                                         \
        }                                                                                          \
    }

/* The same for numbers, of one argument or two. */
#define CYMA_AVX512_SCALAR(name) CYMA_PASTE(cyma_scalar_##name, CYMA_TIER)
#define CYMA_DEFINE_AVX512_NUMBER(precision, x, y, compute, table)                                 \
    {                                                                                              \
        const cyma_rows_##table rows = cyma_read_rows_##table();                                   \
        const CYMA_VECTOR_##precision a = CYMA_ALL_##precision(x), b = CYMA_ALL_##precision(y);    \
        CYMA_VECTOR_##precision result;                                                            \
        compute(&a, &b, &result, &rows, 1);                                                        \
        return CYMA_FIRST_##precision(result);                                                     \
    }
#define CYMA_DEFINE_AVX512_UNARY(name, precision, compute, table)                                  \
    static CYMA_TYPE_##precision CYMA_AVX512_SCALAR(name)(CYMA_TYPE_##precision x)                 \
        CYMA_DEFINE_AVX512_NUMBER(precision, x, x, compute, table)
#define CYMA_DEFINE_AVX512_BINARY(name, precision, compute, table)                                 \
    static CYMA_TYPE_##precision CYMA_AVX512_SCALAR(name)(CYMA_TYPE_##precision x,                 \
                                                          CYMA_TYPE_##precision y)                 \
        CYMA_DEFINE_AVX512_NUMBER(precision, x, y, compute, table)

#include "avx512/tanh.h"

/* The names of vectors and their operations that exp.h needs, once per precision. */
#define CYMA_DUO CYMA_F(cyma_duo)
#define CYMA_ROWS CYMA_F(cyma_rows)
#define CYMA_ALL CYMA_V(set1)
#define CYMA_NEGATIVE(x)                                                                           \
    CYMA_TO_VECTOR(_mm512_xor_si512(CYMA_TO_INTEGERS(x), CYMA_TO_INTEGERS(CYMA_ALL(-CYMA_C(ZERO)))))

#include "cyma/real_f32.h"
#define CYMA_VECTOR __m512
#define CYMA_INTEGERS __m512i
#define CYMA_MASK __mmask16
#define CYMA_V(operation) _mm512_##operation##_ps
#define CYMA_I(operation) _mm512_##operation##_epi32
#define CYMA_TO_INTEGERS _mm512_castps_si512
#define CYMA_TO_VECTOR _mm512_castsi512_ps
#define CYMA_GREATER(a, b) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define CYMA_UNEQUAL(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ)
#include "avx512/exp.h"
#undef CYMA_VECTOR
#undef CYMA_INTEGERS
#undef CYMA_MASK
#undef CYMA_V
#undef CYMA_I
#undef CYMA_TO_INTEGERS
#undef CYMA_TO_VECTOR
#undef CYMA_GREATER
#undef CYMA_UNEQUAL
#include "cyma/real_end.h"

#include "cyma/real_f64.h"
#define CYMA_VECTOR __m512d
#define CYMA_INTEGERS __m512i
#define CYMA_MASK __mmask8
#define CYMA_V(operation) _mm512_##operation##_pd
#define CYMA_I(operation) _mm512_##operation##_epi64
#define CYMA_TO_INTEGERS _mm512_castpd_si512
#define CYMA_TO_VECTOR _mm512_castsi512_pd
#define CYMA_GREATER(a, b) _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ)
#define CYMA_UNEQUAL(a, b) _mm512_cmp_pd_mask(a, b, _CMP_NEQ_UQ)
#include "avx512/exp.h"
#include "cyma/real_end.h"

/* The functions of exp.h. */
#define CYMA_FOR_EACH_OF_EXP(UNARY, BINARY)                                                        \
    UNARY(logsigmoid)                                                                              \
    UNARY(softplus)                                                                                \
    BINARY(sigmoid_bce)

#define CYMA_DEFINE_OF_EXP(name, precision, second, arity)                                         \
    CYMA_DEFINE_AVX512(name##_avx512_##precision, precision, CYMA_VECTORS, second,                 \
                       cyma_##name##_avx512_##precision, precision)                                \
    CYMA_DEFINE_AVX512_##arity(name##_avx512_##precision, precision,                               \
                               cyma_##name##_avx512_##precision, precision)
#define CYMA_DEFINE_UNARY(name)                                                                    \
    CYMA_DEFINE_OF_EXP(name, f32, x_, UNARY)                                                       \
    CYMA_DEFINE_OF_EXP(name, f64, x_, UNARY)
#define CYMA_DEFINE_BINARY(name)                                                                   \
    CYMA_DEFINE_OF_EXP(name, f32, y_, BINARY)                                                      \
    CYMA_DEFINE_OF_EXP(name, f64, y_, BINARY)
CYMA_FOR_EACH_OF_EXP(CYMA_DEFINE_UNARY, CYMA_DEFINE_BINARY)

static const cyma_hand_written CYMA_PASTE(cyma_hand_written, CYMA_TIER)[] = {
#define CYMA_ENTRY(name, precision, suffix)                                                        \
    {CYMA_FUNCTION_##name, precision, CYMA_KERNEL(name##_avx512_##suffix),                         \
     (cyma_scalar)CYMA_AVX512_SCALAR(name##_avx512_##suffix)},
#define CYMA_ENTRIES(name) CYMA_ENTRY(name, CYMA_F32, f32) CYMA_ENTRY(name, CYMA_F64, f64)
    CYMA_ENTRY(tanh, CYMA_F32, f32)
        CYMA_FOR_EACH_OF_EXP(CYMA_ENTRIES, CYMA_ENTRIES){0, 0, NULL, NULL},
};

#endif
