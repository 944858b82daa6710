/* Stores past the caches, for results that would not stay there: an ordinary store reads the line
 * that it overwrites, and drives out another one. */
#ifndef CYMA_STREAM_H
#define CYMA_STREAM_H

#if defined(__SSE2__) || defined(_M_X64)

#define CYMA_STREAM CYMA_KERNEL(stream)

#include <immintrin.h>

enum { CYMA_LINE = 64 };

/* A line, by stores as wide as the tier has them. */
static inline void
cyma_stream_line(char *to, const char *from)
{
#if defined(__AVX512F__)
    _mm512_stream_si512((__m512i *)to, _mm512_loadu_si512(from));
#elif defined(__AVX__)
    for (int k = 0; k < CYMA_LINE; k += 32) {
        _mm256_stream_si256((__m256i *)(to + k), _mm256_loadu_si256((const __m256i *)(from + k)));
    }
#else
    for (int k = 0; k < CYMA_LINE; k += 16) {
        _mm_stream_si128((__m128i *)(to + k), _mm_loadu_si128((const __m128i *)(from + k)));
    }
#endif
}

/* memcpy, but for the way of storing whole lines. Only a fence puts them in order. */
static void
CYMA_KERNEL(stream)(const void *from_, const void *y, void *to_, ptrdiff_t size)
{
    const char *from = from_;
    char *to = to_;
    ptrdiff_t first = (ptrdiff_t)(-(uintptr_t)to % CYMA_LINE);
    (void)y;
    first = first < size ? first : size;
    memcpy(to, from, (size_t)first);
    for (to += first, from += first, size -= first; size >= CYMA_LINE; size -= CYMA_LINE) {
        cyma_stream_line(to, from);
        to += CYMA_LINE;
        from += CYMA_LINE;
    }
    memcpy(to, from, (size_t)size);
}

#else
#define CYMA_STREAM NULL /* other processors have no such stores, or do better by themselves */
#endif

#endif
