/* Conversions between float16 and float by the instructions of F16C and AVX-512, which compilers do
 * not choose by themselves; the same values as those of half.h. */
#ifndef CYMA_HALF_F16C_H
#define CYMA_HALF_F16C_H

#include <immintrin.h>

#ifdef __AVX512F__
enum { CYMA_HALF_LANES = 16 };
#define CYMA_LOAD_HALVES(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from)))
#define CYMA_STORE_FLOATS _mm512_storeu_ps
#define CYMA_LOAD_FLOATS _mm512_loadu_ps
#define CYMA_STORE_HALVES(to, x)                                                                   \
    _mm256_storeu_si256((__m256i *)(to), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT))
#else
enum { CYMA_HALF_LANES = 8 };
#define CYMA_LOAD_HALVES(from) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from)))
#define CYMA_STORE_FLOATS _mm256_storeu_ps
#define CYMA_LOAD_FLOATS _mm256_loadu_ps
#define CYMA_STORE_HALVES(to, x)                                                                   \
    _mm_storeu_si128((__m128i *)(to), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT))
#endif

CYMA_INLINE void
cyma_halves_to_floats(const uint16_t *from, float *to, int n)
{
    for (int i = 0; i < n; i += CYMA_HALF_LANES) {
        CYMA_STORE_FLOATS(to + i, CYMA_LOAD_HALVES(from + i));
    }
}

CYMA_INLINE void
cyma_floats_to_halves(const float *from, uint16_t *to, int n)
{
    for (int i = 0; i < n; i += CYMA_HALF_LANES) {
        CYMA_STORE_HALVES(to + i, CYMA_LOAD_FLOATS(from + i));
    }
}

#endif
