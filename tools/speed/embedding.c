/* Loops of a caller in C, for tools/speed/embedding_speed.py: each returns the ns that it took. */
#define _POSIX_C_SOURCE 199309L
#include <cyma/cyma.h>
#include <stddef.h>
#include <time.h>

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* An array function again and again; `operands` is 1 or 2. */
double
time_array(void (*function)(void), int operands, const void *x, const void *y, void *out,
           ptrdiff_t n, int repeats)
{
    const double start = now();
    for (int i = 0; i < repeats; i++) {
        if (operands == 1) {
            ((void (*)(const void *, void *, ptrdiff_t))function)(x, out, n);
        }
        else {
            ((void (*)(const void *, const void *, void *, ptrdiff_t))function)(x, y, out, n);
        }
    }
    return now() - start;
}

static volatile double sink;

/* The sum of a function of numbers over an array, by a pointer as Cython and numba have it, and by
 * the inline function. (The functions of SciPy have another argument, which they ignore.) */
#define CYMA_LOOP(type, call)                                                                      \
    const double start = now();                                                                    \
    type sum = 0;                                                                                  \
    for (ptrdiff_t i = 0; i < n; i++) {                                                            \
        sum += call(x[i]);                                                                         \
    }                                                                                              \
    sink = (double)sum;                                                                            \
    return now() - start;

#define CYMA_DEFINE_LOOPS(suffix, type)                                                            \
    double time_numbers_##suffix(type (*function)(type), const type *x, ptrdiff_t n)               \
    {                                                                                              \
        CYMA_LOOP(type, function)                                                                  \
    }
CYMA_DEFINE_LOOPS(f32, float)
CYMA_DEFINE_LOOPS(f64, double)

#define CYMA_DEFINE_INLINE_LOOPS(name, suffix, type)                                               \
    double time_inline_##name##_##suffix(const type *x, ptrdiff_t n)                               \
    {                                                                                              \
        CYMA_LOOP(type, cyma_##name##_##suffix)                                                    \
    }
#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_INLINE_LOOPS(name, f32, float)                                                     \
    CYMA_DEFINE_INLINE_LOOPS(name, f64, double)
#include <cyma/functions.def>
