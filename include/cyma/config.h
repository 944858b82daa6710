/* What the kernels need from the compiler. */
#ifndef CYMA_CONFIG_H
#define CYMA_CONFIG_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define CYMA_INLINE static __forceinline
#else
#define CYMA_INLINE static inline __attribute__((always_inline, unused))
#endif

/* With hardware FMA every rounding error that a kernel compensates is computed exactly, and all
 * such targets give the same bits. Without it (old x86-64) a compensation is only approximate. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(_M_ARM64) ||                         \
    (defined(_MSC_VER) && defined(__AVX2__))
#define CYMA_HAVE_FMA 1
#else
#define CYMA_HAVE_FMA 0
#endif

/* A limit of cyma_clamp; kernels.c has a reason to define it otherwise. */
#ifndef CYMA_LIMIT
#define CYMA_LIMIT(name) CYMA_C(name)
#define CYMA_LIMIT_F16(name) CYMA_##name##_F16
#endif

#endif
