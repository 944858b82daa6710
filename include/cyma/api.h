/* libcyma: the functions on arrays, vectorised for the CPU that the program finds itself on.
 *
 * For each row of functions.def, and for float, double and float16 (as its bits, in uint16_t):
 *
 *     void cyma_<name>_f32_array(const float *x, float *out, size_t n);
 *
 * and likewise _f64_array and _f16_array; functions of two arguments take another array, y, before
 * out. All arrays have n elements, contiguous, at any address that suits their type. out may be x
 * or y, but must not overlap them otherwise; where n is 0, pointers may be NULL.
 *
 * Results are those of the ufuncs in Python, to the bit, with their bounds (functions.def). No
 * floating-point flag is raised, and rounding modes of the caller's do not matter.
 *
 * All of these functions may be called from several threads at once, also for the first time. */
#ifndef CYMA_API_H
#define CYMA_API_H

#include "version.h"

#include <stddef.h>
#include <stdint.h>

/* Grows whenever something is added to this header, and nothing is ever changed or taken away: a
 * program runs with any libcyma whose cyma_abi_version() is not less than this. */
#define CYMA_ABI_VERSION 1

/* CYMA_STATIC: libcyma is linked statically. CMake and pkg-config define what is needed. */
#if defined(CYMA_STATIC)
#define CYMA_API
#elif (defined(_WIN32) || defined(__CYGWIN__)) && defined(CYMA_BUILDS_SHARED)
#define CYMA_API __declspec(dllexport)
#elif defined(_WIN32) || defined(__CYGWIN__)
#define CYMA_API __declspec(dllimport)
#else
#define CYMA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_API void cyma_##name##_f16_array(const uint16_t *x, uint16_t *out, size_t n);             \
    CYMA_API void cyma_##name##_f32_array(const float *x, float *out, size_t n);                   \
    CYMA_API void cyma_##name##_f64_array(const double *x, double *out, size_t n);
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_API void cyma_##name##_f16_array(const uint16_t *x, const uint16_t *y, uint16_t *out,     \
                                          size_t n);                                               \
    CYMA_API void cyma_##name##_f32_array(const float *x, const float *y, float *out, size_t n);   \
    CYMA_API void cyma_##name##_f64_array(const double *x, const double *y, double *out, size_t n);
#include "functions.def"

/* Sums of weight * (pos_weight * z * softplus(-x) + (1 - z) * softplus(x)) over logits x and
 * targets z in [0, 1]: those of bce_with_logits(reduction="sum") in Python, in one order, and with
 * the same care for weights near the ends of the range. weight may be NULL: 1 everywhere.
 *
 * The second kind also writes scale times the derivative with respect to each logit into grad,
 * which must not overlap the other arrays. The mean of n losses and its gradient: scale = 1.0 / n,
 * and the sum times that. */
CYMA_API double cyma_bce_with_logits_f32_sum(const float *logits, const float *targets,
                                             const float *weight, double pos_weight, size_t n);
CYMA_API double cyma_bce_with_logits_f64_sum(const double *logits, const double *targets,
                                             const double *weight, double pos_weight, size_t n);
CYMA_API double cyma_bce_with_logits_f32_sum_and_grad(const float *logits, const float *targets,
                                                      const float *weight, double pos_weight,
                                                      double scale, float *grad, size_t n);
CYMA_API double cyma_bce_with_logits_f64_sum_and_grad(const double *logits, const double *targets,
                                                      const double *weight, double pos_weight,
                                                      double scale, double *grad, size_t n);

/* The name of the tier, the set of kernels, that the calling thread uses. At first it is the widest
 * that the CPU can run, or the one that the environment variable CYMA_TIER names, if it can run
 * that. */
CYMA_API const char *cyma_tier(void);

/* Chooses the tier for the process: "baseline" everywhere; on x86-64 also "x86_64_v3" (AVX2) and
 * "x86_64_v4" (AVX-512). Returns 0, or -1 if there is no such tier or this CPU cannot run it: then
 * the tier stays what it was. A call that another thread has begun keeps the tier it began with. */
CYMA_API int cyma_set_tier(const char *name);

/* The CYMA_ABI_VERSION and the CYMA_VERSION that the library was compiled with. */
CYMA_API int cyma_abi_version(void);
CYMA_API const char *cyma_version(void);

#ifdef __cplusplus
}
#endif

#endif
