/* Copies of what is left over after whole blocks, which are less than a block. */
#ifndef CYMA_REST_H
#define CYMA_REST_H

#ifdef __AVX512BW__

#include <immintrin.h>

/* Masks, in place of a call of memcpy, which takes as long as a kernel on one element. */
CYMA_INLINE __mmask64
cyma_first_bytes(ptrdiff_t count)
{
    return count >= 64 ? ~(__mmask64)0 : count > 0 ? ((__mmask64)1 << count) - 1 : 0;
}

/* A block of `size` bytes, of which the first `bytes` are copied and the others 0. */
CYMA_INLINE void
cyma_block_from_rest(void *to, const void *from, size_t bytes, int size)
{
    for (int k = 0; k < size; k += 64) {
        const __mmask64 some = cyma_first_bytes((ptrdiff_t)bytes - k);
        _mm512_storeu_si512((char *)to + k, _mm512_maskz_loadu_epi8(some, (const char *)from + k));
    }
}

/* The first `bytes` bytes of such a block. */
CYMA_INLINE void
cyma_rest_from_block(void *to, const void *from, size_t bytes, int size)
{
    for (int k = 0; k < size; k += 64) {
        const __mmask64 some = cyma_first_bytes((ptrdiff_t)bytes - k);
        _mm512_mask_storeu_epi8((char *)to + k, some, _mm512_loadu_si512((const char *)from + k));
    }
}

#else

CYMA_INLINE void
cyma_block_from_rest(void *to, const void *from, size_t bytes, int size)
{
    memset(to, 0, (size_t)size);
    memcpy(to, from, bytes);
}

CYMA_INLINE void
cyma_rest_from_block(void *to, const void *from, size_t bytes, int size)
{
    (void)size;
    memcpy(to, from, bytes);
}

#endif

#endif
