/* What the kernels take for granted of the arithmetic. setup.py and CMake build this as they build
 * each tier, and stop where a fact is broken: one loads it, the other runs it (CYMA_FACTS_MAIN). */
#include "cyma/config.h"

#include <stddef.h>
#include <stdio.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#if defined(CYMA_FACTS_baseline) && defined(__SSE3__) ||                                           \
    defined(CYMA_FACTS_x86_64_v3) &&                                                               \
        !(defined(__FMA__) && defined(__AVX2__) && defined(__F16C__) && !defined(__AVX512F__)) ||  \
    defined(CYMA_FACTS_x86_64_v4) && !(defined(__FMA__) && defined(__AVX512DQ__))
#error "cyma: -march, -mfma, -mavx... or the like makes a tier another one"
#endif
#endif

#ifdef _WIN32
#define CYMA_EXPORT __declspec(dllexport)
#else
#define CYMA_EXPORT __attribute__((visibility("default")))
#endif
CYMA_EXPORT const char *cyma_broken_fact(void);

/* The compiler must not know them. */
static volatile double one = 1, three = 3, third_digit = 0.3, minus_zero = -0.0;
static volatile double above_one = 1 + 0x1p-30, square = 1 + 0x1p-29, little = 0x1p-60;
static volatile double least_normal = DBL_MIN, infinite = INFINITY, not_a_number = NAN;
static volatile float least_normal_float = FLT_MIN;

/* Comparisons of numbers might be broken too. */
static int
is_zero(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits == 0;
}

static int
control_words_changed(void)
{
#ifdef __x86_64__
    unsigned short x87;
    __asm__("fnstcw %0" : "=m"(x87));
    return x87 != 0x37f || (_mm_getcsr() & 0xffc0) != 0x1f80;
#else
    return 0;
#endif
}

/* setup.py knows the digits of NumPy's long double; elsewhere the C library's is what matters. */
static int
long_double_is_wrong(double y)
{
    const long double next = 1 + LDBL_EPSILON * (long double)y;
#ifdef CYMA_LONG_DOUBLE_DIGITS
    return LDBL_MANT_DIG != CYMA_LONG_DOUBLE_DIGITS || next == 1;
#else
    return ldexpl(next, (int)y) != next + next || next == 1;
#endif
}

/* The first broken fact, or NULL. */
const char *
cyma_broken_fact(void)
{
    const double x = above_one, y = one, z = infinite, nan = not_a_number;
    if (control_words_changed() || is_zero(least_normal * 0.5) ||
        is_zero((double)(least_normal_float * 0.5f))) {
        return "loading it changes rounding, the precision of long double, or flushes subnormal "
               "numbers to 0 (-ffast-math, -Ofast, -funsafe-math-optimizations, -mdaz-ftz, -mpc32 "
               "or -mpc64 does so)";
    }
    if (!is_zero(x * x - square)) {
        return "a * b + c is contracted (-ffp-contract=fast does so)";
    }
    if (!is_zero((y + little) - y)) {
        return "sums are reordered (-fassociative-math does so)";
    }
    if (!is_zero(three / 10 - third_digit)) {
        return "divisions become products (-freciprocal-math does so)";
    }
    if (!is_zero(minus_zero + 0.0)) {
        return "-0.0 is mistaken for 0.0 (-fno-signed-zeros does so)";
    }
    if (!(nan != nan) || nan == nan || is_zero(nan - nan)) {
        return "no number is taken for nan (-ffinite-math-only or -fno-honor-nans does so)";
    }
    if (!(z > DBL_MAX) || z != infinite || is_zero(z - z)) {
        return "no number is taken for infinite (-ffinite-math-only or -fno-honor-infinities "
               "does so)";
    }
    if (long_double_is_wrong(y)) {
        return "long double is not that of NumPy or the C library (-mlong-double-64 or "
               "-mlong-double-128 changes it)";
    }
    return NULL;
}

#ifdef CYMA_FACTS_MAIN
int
main(void)
{
    const char *fact = cyma_broken_fact();
    if (fact != NULL) {
        puts(fact);
    }
    return fact != NULL;
}
#endif
