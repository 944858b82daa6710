/* Conversions between float16 and float by the instructions of F16C and AVX-512, which compilers do
 * not choose by themselves; the same values as those of half.h. */
#ifndef CYMA_HALF_F16C_H
#define CYMA_HALF_F16C_H

#include <immintrin.h>

#ifdef __AVX512F__
enum { CYMA_HALF_LANES = 16 };
#define CYMA_LOAD_HALVES(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from)))
#define CYMA_STORE_FLOATS(to, x) _mm512_storeu_ps(to, x)
#define CYMA_LOAD_FLOATS(from) _mm512_loadu_ps(from)
#define CYMA_STORE_HALVES(to, x)                                                                   \
    _mm256_storeu_si256((__m256i *)(to), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT))
#else
enum { CYMA_HALF_LANES = 8 };
#define CYMA_LOAD_HALVES(from) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from)))
#define CYMA_STORE_FLOATS(to, x) _mm256_storeu_ps(to, x)
#define CYMA_LOAD_FLOATS(from) _mm256_loadu_ps(from)
#define CYMA_STORE_HALVES(to, x)                                                                   \
    _mm_storeu_si128((__m128i *)(to), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT))
#endif

#define CYMA_DEFINE_CONVERSION(name, in_type, out_type, store, load)                               \
    static void CYMA_KERNEL(name)(const void *x_, const void *y, void *out_, ptrdiff_t n)          \
    {                                                                                              \
        const in_type *x = x_;                                                                     \
        out_type *out = out_;                                                                      \
        (void)y;                                                                                   \
        for (; n >= CYMA_HALF_LANES; n -= CYMA_HALF_LANES) {                                       \
            store(out, load(x));                                                                   \
            x += CYMA_HALF_LANES;                                                                  \
            out += CYMA_HALF_LANES;                                                                \
        }                                                                                          \
        if (n > 0) {                                                                               \
            in_type x_rest[CYMA_HALF_LANES] = {0};                                                 \
            out_type out_rest[CYMA_HALF_LANES];                                                    \
            memcpy(x_rest, x, (size_t)n * sizeof *x);                                              \
            store(out_rest, load(x_rest));                                                         \
            memcpy(out, out_rest, (size_t)n * sizeof *out);                                        \
        }                                                                                          \
    }

CYMA_DEFINE_CONVERSION(half_to_float, uint16_t, float, CYMA_STORE_FLOATS, CYMA_LOAD_HALVES)
CYMA_DEFINE_CONVERSION(float_to_half, float, uint16_t, CYMA_STORE_HALVES, CYMA_LOAD_FLOATS)

#endif
