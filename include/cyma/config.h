/* What the kernels need from the compiler. */
#ifndef CYMA_CONFIG_H
#define CYMA_CONFIG_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* No option may change a result. What compilers tell of is refused here, what clang does not tell
 * of is undone by CYMA_PRECISE_BEGIN, and setup.py tries what it builds. */
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#error "cyma: leave out -ffast-math (or -Ofast, -ffp-model, /fp:fast): it changes results"
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#error "cyma: leave out -ffinite-math-only (or both -fno-honor-...): it changes results"
#elif defined(__ASSOCIATIVE_MATH__)
#error "cyma: leave out -fassociative-math or -funsafe-math-optimizations: it changes results"
#elif defined(__RECIPROCAL_MATH__)
#error "cyma: leave out -freciprocal-math: it changes results"
#elif defined(__NO_SIGNED_ZEROS__)
#error "cyma: leave out -fno-signed-zeros: it changes results"
#elif defined(__GNUC__) && __GNUC__ < 12 && defined(__GCC_IEC_559) && __GCC_IEC_559 == 0
#error "cyma: leave out -funsafe-math-optimizations, any part of it (-fassociative-math, \
-freciprocal-math, -fno-signed-zeros), and -fsingle-precision-constant: they change results"
#elif FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* the latter widens float16 alone */
#error "cyma: leave out -mfpmath=387, -ffp-eval-method; x86 needs -msse2 -mfpmath=sse"
#endif
#if defined(__GNUC__) && !defined(__clang__)
#ifdef __cplusplus
static_assert
#else
_Static_assert
#endif
    (sizeof 0.1 == sizeof(double), "cyma: leave out -fsingle-precision-constant");
#endif

/* Around the code, for clang: without contraction, which is its default, and with all that its
 * options may take from the arithmetic. (-ffp-contract=fast is beyond reach.) */
#if defined(__clang__)
#define CYMA_PRECISE_BEGIN                                                                         \
    _Pragma("float_control(push)") _Pragma("float_control(precise, on)")                           \
        _Pragma("clang fp contract(off)")
#define CYMA_PRECISE_END _Pragma("float_control(pop)")
#else
#define CYMA_PRECISE_BEGIN
#define CYMA_PRECISE_END
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define CYMA_INLINE static __forceinline
#else
#define CYMA_INLINE static inline __attribute__((always_inline, unused))
#endif

/* With hardware FMA every rounding error that a kernel compensates is computed exactly, and all
 * such targets give the same bits. Without it (old x86-64) a compensation is only approximate. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(_M_ARM64) ||                         \
    (defined(_MSC_VER) && defined(__AVX2__)) ||                                                    \
    (defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)) ||                                         \
    (defined(__riscv_flen) && __riscv_flen >= 64)
#define CYMA_HAVE_FMA 1
#else
#define CYMA_HAVE_FMA 0
#endif

/* a * b, rounded, also where a sum takes it: gcc contracts by default, and nothing else stops it
 * from doing so in a loop that it vectorises. (Other products that sums take are exact.) */
#if CYMA_HAVE_FMA && defined(__GNUC__) && !defined(__clang__)
#define CYMA_PRODUCT(a, b) CYMA_FMA(a, b, -(CYMA_REAL)0)
#else
#define CYMA_PRODUCT(a, b) ((a) * (b))
#endif

/* A limit of cyma_clamp; kernels.c has a reason to define it otherwise. */
#ifndef CYMA_LIMIT
#define CYMA_LIMIT(name) CYMA_C(name)
#define CYMA_LIMIT_F16(name) CYMA_##name##_F16
#endif

#endif
