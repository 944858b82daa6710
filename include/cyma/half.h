/* Conversions between float16 (its bits, in a uint16_t) and float, branch-free. */
#ifndef CYMA_HALF_H
#define CYMA_HALF_H

#include "config.h"

CYMA_INLINE float
cyma_float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

CYMA_INLINE uint32_t
cyma_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Exact. The exponents differ by a bias of 112, which a product corrects for subnormals too. */
CYMA_INLINE float
cyma_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t shifted = (uint32_t)(half & 0x7fff) << 13;
    uint32_t finite = cyma_float_bits(cyma_float_from_bits(shifted) * 0x1p112f);
    uint32_t inf_or_nan = shifted | 0x7f800000;
    return cyma_float_from_bits(sign | ((half & 0x7c00) == 0x7c00 ? inf_or_nan : finite));
}

/* Rounded to nearest, ties to even. */
CYMA_INLINE uint16_t
cyma_float_to_half(float value)
{
    uint32_t bits = cyma_float_bits(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    uint32_t odd = magnitude >> 13 & 1;
    uint32_t normal = (magnitude + 0xfff + odd - (112u << 23)) >> 13;
    /* 0.5 has the ulp 2^-24 of a subnormal half, so the sum is rounded there. */
    uint32_t subnormal = cyma_float_bits(cyma_float_from_bits(magnitude) + 0.5f) - 0x3f000000;
    uint32_t half = magnitude < 0x38800000 ? subnormal : normal;
    half = magnitude >= 0x477ff000 ? 0x7c00 : half; /* 65520 and above */
    half = magnitude > 0x7f800000 ? 0x7e00 : half;
    return (uint16_t)(sign | half);
}

#endif
