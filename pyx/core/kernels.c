/* The vectorised loops over the inline functions of include/cyma. This file is compiled once per
 * tier, with that tier's flags, and with its name in CYMA_TIER as suffix of every symbol. */
#if defined(__GNUC__) && !defined(__clang__)
/* Threading jumps multiplies the masks of what becomes a selection. Scheduling before registers are
 * allocated, which gcc does not do by itself on x86-64, lets chains overlap better. */
#pragma GCC optimize("no-thread-jumps", "schedule-insns", "sched-pressure")
#include "clamp_limits.h"
#endif

#include "cyma/cyma.h"
#include "dispatch.h"
#include "cyma/half.h"

#include <math.h>
#include <string.h>

#define CYMA_STRING_(a) #a
#define CYMA_STRING(a) CYMA_STRING_(a)
#define CYMA_KERNEL(name) CYMA_PASTE(cyma_kernel_##name, CYMA_TIER)

#if defined(__GNUC__)
#define CYMA_UNLIKELY(condition) __builtin_expect(condition, 0)
#else
#define CYMA_UNLIKELY(condition) (condition)
#endif

/* No element depends on another, though out may be x or y. */
#if defined(__clang__)
#define CYMA_INDEPENDENT                                                                           \
    _Pragma("clang loop vectorize(assume_safety) interleave_count(2) unroll(disable)")
#elif defined(__GNUC__)
#define CYMA_INDEPENDENT _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#elif defined(_MSC_VER)
#define CYMA_INDEPENDENT __pragma(loop(ivdep))
#endif

/* A kernel works in blocks of constant length: a whole number of vectors of every tier, and more
 * than one of them, so that they hide each other's latency. What is left over goes through the
 * same block, in a copy: there is one arithmetic, and no scalar tail. */
#define CYMA_BLOCK_BYTES 128
#include "rest.h"

/* clang takes two vectors in step, so that they hide each other's latency, as the pragma asks. gcc
 * does so where the narrowest type of a loop is half as wide, and takes four where it is a quarter:
 * so a loop also counts in such numbers, and the count must look used. Four measured
 * better, but in AVX-512, where a block has no more than two, and for floats in AVX2. (NEON was not
 * measured.) */
#if defined(__GNUC__) && !defined(__clang__)
#if defined(__AVX2__) /* or AVX-512, which implies it */
#define CYMA_COUNT_float uint16_t
#else
#define CYMA_COUNT_float uint8_t
#endif
#if defined(__AVX512F__)
#define CYMA_COUNT_double uint32_t
#else
#define CYMA_COUNT_double uint16_t
#endif
#define CYMA_COUNT(in_step, i, real) (in_step)[i] = (CYMA_COUNT_##real)(i)
#define CYMA_USE(in_step) __asm__ volatile("" : : "m"(in_step))
#else
#define CYMA_COUNT_float char
#define CYMA_COUNT_double char
#define CYMA_COUNT(in_step, i, real) (void)(in_step)
#define CYMA_USE(in_step) (void)(in_step)
#endif

/* float16 is computed in float: a block of it is converted into `wide`, and the results back. */
#if defined(__F16C__) || defined(__AVX512F__) /* which implies it; MSVC has no __F16C__ */
#include "half_f16c.h"
#else
CYMA_INLINE void
cyma_halves_to_floats(const uint16_t *from, float *to, int n)
{
    CYMA_INDEPENDENT
    for (int i = 0; i < n; i++) {
        to[i] = cyma_half_to_float(from[i]);
    }
}

CYMA_INLINE void
cyma_floats_to_halves(const float *from, uint16_t *to, int n)
{
    CYMA_INDEPENDENT
    for (int i = 0; i < n; i++) {
        to[i] = cyma_float_to_half(from[i]);
    }
}
#endif

/* Where tools/speed/floor.py finds, in assembly, what a kernel does to so many elements. */
#ifdef CYMA_WITH_MARKS
#define CYMA_BEGIN(name, count)                                                                    \
    __asm__ volatile("# LLVM-MCA-BEGIN " #name " %c0" : : "i"(count) : "memory")
#define CYMA_END __asm__ volatile("# LLVM-MCA-END" : : : "memory")
#else
#define CYMA_BEGIN(name, count) (void)0
#define CYMA_END (void)0
#endif

/* How a kernel reads and writes blocks, where `wide` has another type than the array and where it
 * has the same. */
#define CYMA_READ_HALF(wide, array) (cyma_halves_to_floats(array, wide, block), wide)
#define CYMA_TARGET_HALF(wide, array) (wide)
#define CYMA_WRITE_HALF(wide, array) cyma_floats_to_halves(wide, array, block)
#define CYMA_READ_REAL(wide, array) ((void)wide, array)
#define CYMA_TARGET_REAL(wide, array) (array)
#define CYMA_WRITE_REAL(wide, array) (void)wide

/* Conversions count; in loops over what needs none, the loop itself says where it begins. */
#define CYMA_BEGIN_HALF CYMA_BEGIN
#define CYMA_END_HALF CYMA_END
#define CYMA_BEGIN_REAL(name, count) (void)0
#define CYMA_END_REAL (void)0

/* The results of a block. */
#define CYMA_LOOP(real, result)                                                                    \
    {                                                                                              \
        CYMA_COUNT_##real in_step[block];                                                          \
        CYMA_INDEPENDENT                                                                           \
        for (int i = 0; i < block; i++) {                                                          \
            const real a = x_real[i], b = y_real[i];                                               \
            (void)b;                                                                               \
            out_real[i] = result;                                                                  \
            CYMA_COUNT(in_step, i, real);                                                          \
        }                                                                                          \
        CYMA_USE(in_step);                                                                         \
    }

#define CYMA_DEFINE_KERNEL(name, type, kind, real, second, loop)                                   \
    static void CYMA_KERNEL(name)(const void *x_, const void *y_, void *out_, ptrdiff_t n)         \
    {                                                                                              \
        enum { block = CYMA_BLOCK_BYTES / sizeof(real) };                                          \
        type x_rest[block], y_rest[block], out_rest[block];                                        \
        real x_wide[block], y_wide[block], out_wide[block];                                        \
        const type *x = x_, *y = second;                                                           \
        type *out = out_;                                                                          \
        (void)y_;                                                                                  \
        while (n > 0) {                                                                            \
            const int whole = n >= block;                                                          \
            const size_t count = whole ? (size_t)block : (size_t)n;                                \
            const type *x_block = x, *y_block = y;                                                 \
            type *out_block = out;                                                                 \
            if (!whole) {                                                                          \
                cyma_block_from_rest(x_rest, x, count * sizeof *x, sizeof x_rest);                 \
                cyma_block_from_rest(y_rest, y, count * sizeof *y, sizeof y_rest);                 \
                x_block = x_rest;                                                                  \
                y_block = y_rest;                                                                  \
                out_block = out_rest;                                                              \
            }                                                                                      \
            CYMA_BEGIN_##kind(name, block);                                                        \
            const real *x_real = CYMA_READ_##kind(x_wide, x_block);                                \
            const real *y_real = CYMA_READ_##kind(y_wide, y_block);                                \
            real *out_real = CYMA_TARGET_##kind(out_wide, out_block);                              \
            loop CYMA_WRITE_##kind(out_wide, out_block);                                           \
            CYMA_END_##kind;                                                                       \
            if (!whole) {                                                                          \
                cyma_rest_from_block(out, out_rest, count * sizeof *out, sizeof out_rest);         \
            }                                                                                      \
            x += count;                                                                            \
            y += count;                                                                            \
            out += count;                                                                          \
            n -= (ptrdiff_t)count;                                                                 \
        }                                                                                          \
    }

#define CYMA_DEFINE_KERNELS(name, second, loop, ...)                                               \
    CYMA_DEFINE_KERNEL(name##_f16, uint16_t, HALF, float, second,                                  \
                       CYMA_LOOP(float, cyma_##name##_f16(__VA_ARGS__)))                           \
    CYMA_DEFINE_KERNEL(name##_f32, float, REAL, float, second,                                     \
                       loop(name, float, f32, __VA_ARGS__))                                        \
    CYMA_DEFINE_KERNEL(name##_f64, double, REAL, double, second,                                   \
                       loop(name, double, f64, __VA_ARGS__))

#define CYMA_SIMPLE_LOOP(name, real, precision, ...)                                               \
    CYMA_BEGIN(name##_##precision, block);                                                         \
    CYMA_LOOP(real, cyma_##name##_##precision(__VA_ARGS__))                                        \
    CYMA_END;

/* Few blocks have an operand that is far. */
#define CYMA_BITS_float uint32_t
#define CYMA_BITS_double uint64_t
#define CYMA_FAR_LOOP(name, real, precision, ...)                                                  \
    CYMA_BITS_##real any_far = 0;                                                                  \
    CYMA_INDEPENDENT                                                                               \
    for (int i = 0; i < block; i++) {                                                              \
        any_far |= cyma_far_bits_##precision(y_real[i]);                                           \
    }                                                                                              \
    CYMA_BEGIN(name##_##precision, block);                                                         \
    if (CYMA_UNLIKELY(any_far != 0))                                                               \
        CYMA_LOOP(real, cyma_##name##_##precision(__VA_ARGS__))                                    \
    else                                                                                           \
        CYMA_LOOP(real, cyma_##name##_near_##precision(__VA_ARGS__))                               \
    CYMA_END;

#define CYMA_UNARY(name, ...) CYMA_DEFINE_KERNELS(name, x_, CYMA_SIMPLE_LOOP, a)
#define CYMA_BINARY(name, ...) CYMA_DEFINE_KERNELS(name, y_, CYMA_SIMPLE_LOOP, a, b)
#define CYMA_BINARY_FAR(name, ...) CYMA_DEFINE_KERNELS(name, y_, CYMA_FAR_LOOP, a, b)
#include "cyma/functions.def"

#include "stream.h"

#include "cyma/real_f32.h"
#include "kernels_bce.h"
#include "cyma/real_end.h"

#include "cyma/real_f64.h"
#include "kernels_bce.h"
#include "cyma/real_end.h"

#ifdef __AVX512F__
#include "avx512/kernels.h"
#endif

extern const cyma_scalars CYMA_PASTE(cyma_scalars, CYMA_TIER);

const cyma_tier_kernels CYMA_PASTE(cyma_tier, CYMA_TIER) = {
    .name = CYMA_STRING(CYMA_TIER),
    .fma = CYMA_HAVE_FMA,
    .kernels =
        {
#define CYMA_UNARY(name, ...)                                                                      \
    [CYMA_FUNCTION_##name] = {CYMA_KERNEL(name##_f16), CYMA_KERNEL(name##_f32),                    \
                              CYMA_KERNEL(name##_f64)},
#define CYMA_BINARY(name, ...) CYMA_UNARY(name, )
#include "cyma/functions.def"
        },
    .scalars = &CYMA_PASTE(cyma_scalars, CYMA_TIER),
    .bce = {[CYMA_F32] = CYMA_KERNEL(bce_f32), [CYMA_F64] = CYMA_KERNEL(bce_f64)},
    .stream = CYMA_STREAM,
#ifdef __AVX512F__
    .hand_written = CYMA_PASTE(cyma_hand_written, CYMA_TIER),
#endif
};
