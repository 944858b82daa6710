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

#define CYMA_WIDTH_f64 8
#define CYMA_TYPE_f64 double
#define CYMA_VECTOR_f64 __m512d
#define CYMA_SOME_f64 __mmask8
#define CYMA_GET_f64 _mm512_loadu_pd
#define CYMA_PUT_f64 _mm512_storeu_pd
#define CYMA_GET_SOME_f64 _mm512_maskz_loadu_pd
#define CYMA_PUT_SOME_f64 _mm512_mask_storeu_pd

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

/* The same for numbers, of one argument or two, in vectors of a type. */
#define CYMA_AVX512_SCALAR(name) CYMA_PASTE(cyma_scalar_##name, CYMA_TIER)
#define CYMA_DEFINE_AVX512_NUMBER(vector, all, first, x, y, compute, table)                        \
    {                                                                                              \
        const cyma_rows_##table rows = cyma_read_rows_##table();                                   \
        const vector a = all(x), b = all(y);                                                       \
        vector result;                                                                             \
        compute(&a, &b, &result, &rows, 1);                                                        \
        return first(result);                                                                      \
    }

#include "avx512/tanh.h"

/* What exp.h calls vectors and their operations: by the precision that is in force ... */
#define CYMA_VECTOR_F32 __m512
#define CYMA_VECTOR_F64 __m512d
#define CYMA_NUMBER_F32 __m128
#define CYMA_NUMBER_F64 __m128d
#define CYMA_MASK_F32 __mmask16
#define CYMA_MASK_F64 __mmask8
#define CYMA_PS_F32 ps
#define CYMA_PS_F64 pd
#define CYMA_PS_MASK_F32 ps_mask
#define CYMA_PS_MASK_F64 pd_mask
#define CYMA_SS_F32 ss
#define CYMA_SS_F64 sd
#define CYMA_EPI_F32 epi32
#define CYMA_EPI_F64 epi64
#define CYMA_CAST_F32 castps
#define CYMA_CAST_F64 castpd
#define CYMA_LOWEST_F32 _mm_cvtsi128_si32
#define CYMA_LOWEST_F64 _mm_cvtsi128_si64
#define CYMA_ALL_INTEGERS_F32 _mm_set1_epi32
#define CYMA_ALL_INTEGERS_F64 _mm_set1_epi64x
#define CYMA_TABLE_F32 cyma_exp_table_f32
#define CYMA_TABLE_F64 cyma_exp_table_f64

#define CYMA_OPERATION_(prefix, operation, suffix) prefix##_##operation##_##suffix
#define CYMA_OPERATION(prefix, operation, suffix) CYMA_OPERATION_(prefix, operation, suffix)
#define CYMA_V(operation) CYMA_OPERATION(CYMA_MM, operation, CYMA_C(PS))
#define CYMA_I(operation) CYMA_OPERATION(CYMA_MM, operation, CYMA_C(EPI))
#define CYMA_GREATER(a, b) CYMA_OPERATION(CYMA_MM, cmp, CYMA_C(PS_MASK))(a, b, _CMP_GT_OQ)
#define CYMA_UNEQUAL(a, b) CYMA_OPERATION(CYMA_MM, cmp, CYMA_C(PS_MASK))(a, b, _CMP_NEQ_UQ)
#define CYMA_ALL CYMA_V(set1)
#define CYMA_SIGN CYMA_ALL(-CYMA_C(ZERO))
#define CYMA_MASK CYMA_C(MASK)
#define CYMA_TABLE CYMA_C(TABLE)
#define CYMA_DUO CYMA_F(cyma_duo)
#define CYMA_ROW CYMA_F(cyma_row)
#define CYMA_ROWS CYMA_F(cyma_rows)
#define CYMA_TO_ZERO (_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)

/* ... in the widest registers, ... */
#define CYMA_MM _mm512
#define CYMA_VECTOR CYMA_C(VECTOR)
#define CYMA_INTEGERS __m512i
#define CYMA_TO_INTEGERS CYMA_OPERATION(_mm512, CYMA_C(CAST), si512)
#define CYMA_TO_VECTOR CYMA_V(castsi512)
#define CYMA_AND(index, bits) _mm512_and_si512(index, CYMA_I(set1)(bits))
#define CYMA_FMA_TO_ZERO(a, b, c) CYMA_V(fmadd_round)(a, b, c, CYMA_TO_ZERO)
#include "cyma/real_f32.h"
#include "avx512/exp.h"
#include "cyma/real_end.h"
#include "cyma/real_f64.h"
#include "avx512/exp.h"
#include "cyma/real_end.h"
#undef CYMA_MM
#undef CYMA_VECTOR
#undef CYMA_INTEGERS
#undef CYMA_TO_INTEGERS
#undef CYMA_TO_VECTOR
#undef CYMA_AND
#undef CYMA_FMA_TO_ZERO

/* ... and in the narrowest, of which the first number counts. */
#define CYMA_OF_NUMBERS
#define CYMA_MM _mm
#define CYMA_VECTOR CYMA_C(NUMBER)
#define CYMA_INTEGERS __m128i
#define CYMA_TO_INTEGERS CYMA_OPERATION(_mm, CYMA_C(CAST), si128)
#define CYMA_TO_VECTOR CYMA_V(castsi128)
#define CYMA_AND(index, bits) _mm_and_si128(index, CYMA_C(ALL_INTEGERS)(bits))
#define CYMA_FMA_TO_ZERO(a, b, c)                                                                  \
    CYMA_OPERATION(_mm, fmadd_round, CYMA_C(SS))(a, b, c, CYMA_TO_ZERO)
#include "cyma/real_f32.h"
#undef CYMA_F
#define CYMA_F(name) name##_number_f32
#include "avx512/exp.h"
#include "cyma/real_end.h"
#include "cyma/real_f64.h"
#undef CYMA_F
#define CYMA_F(name) name##_number_f64
#include "avx512/exp.h"
#include "cyma/real_end.h"

/* The functions of exp.h. */
#define CYMA_FOR_EACH_OF_EXP(UNARY, BINARY)                                                        \
    UNARY(logsigmoid)                                                                              \
    UNARY(softplus)                                                                                \
    BINARY(sigmoid_bce)

#define CYMA_DEFINE_OF_EXP(name, precision, second)                                                \
    CYMA_DEFINE_AVX512(name##_avx512_##precision, precision, CYMA_VECTORS, second,                 \
                       cyma_##name##_avx512_##precision, precision)
#define CYMA_DEFINE_NUMBERS(name, y, arguments)                                                    \
    static float CYMA_AVX512_SCALAR(name##_avx512_f32)(arguments(float))                           \
        CYMA_DEFINE_AVX512_NUMBER(                                                                 \
            __m128, _mm_set1_ps, _mm_cvtss_f32, x, y, cyma_##name##_avx512_number_f32,             \
            number_f32) static double CYMA_AVX512_SCALAR(name##_avx512_f64)(arguments(double))     \
            CYMA_DEFINE_AVX512_NUMBER(__m128d, _mm_set1_pd, _mm_cvtsd_f64, x, y,                   \
                                      cyma_##name##_avx512_number_f64, number_f64)
#define CYMA_ONE_ARGUMENT(type) type x
#define CYMA_TWO_ARGUMENTS(type) type x, type y
#define CYMA_DEFINE_UNARY(name)                                                                    \
    CYMA_DEFINE_OF_EXP(name, f32, x_)                                                              \
    CYMA_DEFINE_OF_EXP(name, f64, x_)                                                              \
    CYMA_DEFINE_NUMBERS(name, x, CYMA_ONE_ARGUMENT)
#define CYMA_DEFINE_BINARY(name)                                                                   \
    CYMA_DEFINE_OF_EXP(name, f32, y_)                                                              \
    CYMA_DEFINE_OF_EXP(name, f64, y_)                                                              \
    CYMA_DEFINE_NUMBERS(name, y, CYMA_TWO_ARGUMENTS)
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
