#define _UCRT_NOISY_NAN /* MSVC: the NAN that is a constant */
#include "table.h"

#include "cyma/cyma.h"

#include <stddef.h>

const cyma_function cyma_functions[] = {
#define CYMA_UNARY(row, f16, f32, f64, ld, minus_inf, inf, low, high, sgn, reflected, slope)       \
    {.name = #row,                                                                                 \
     .nin = 1,                                                                                     \
     .bounds = {f16, f32, f64, ld},                                                                \
     .at_minus_inf = minus_inf,                                                                    \
     .at_inf = inf,                                                                                \
     .least = low,                                                                                 \
     .greatest = high,                                                                             \
     .sign = sgn,                                                                                  \
     .mirror = #reflected,                                                                         \
     .trend = #slope,                                                                              \
     .domain = "REAL"},
#define CYMA_BINARY(row, f16, f32, f64, ld, second)                                                \
    {.name = #row,                                                                                 \
     .nin = 2,                                                                                     \
     .bounds = {f16, f32, f64, ld},                                                                \
     .least = -INFINITY,                                                                           \
     .greatest = INFINITY,                                                                         \
     .trend = "NONE",                                                                              \
     .domain = #second},
#include "cyma/functions.def"
    {.name = NULL},
};

const cyma_absolute_bound cyma_absolute_bounds[] = {
#define CYMA_ABSOLUTE(name, f16, f32, f64, ld, domain) {#name, {f16, f32, f64, ld}, #domain},
#include "cyma/functions.def"
    {NULL, {0, 0, 0, 0}, NULL},
};

const cyma_special_value cyma_special_values[] = {
#define CYMA_SPECIAL(name, x, y, result) {#name, x, y, result},
#include "cyma/functions.def"
    {NULL, 0, 0, 0},
};

const cyma_alias cyma_aliases[] = {
#define CYMA_ALIAS(alias, name) {#alias, #name},
#include "cyma/functions.def"
    {NULL, NULL},
};

const cyma_worst cyma_worst_cases[] = {
#define CYMA_WORST(name, dtype, fma, error, x, y) {#name, #dtype, fma, error, x, y},
#include "cyma/functions.def"
    {NULL, NULL, 0, 0, 0, 0},
};

const double cyma_bound_without_fma = CYMA_BOUND_WITHOUT_FMA;

const double cyma_thresholds[] = {
    CYMA_SATURATED_F16, CYMA_CLAMP_F16, CYMA_VANISHED_F16,   CYMA_SATURATED_F32,
    CYMA_FAR_F32,       CYMA_CLAMP_F32, CYMA_CLAMP_WIDE_F32, CYMA_SATURATED_F64,
    CYMA_FAR_F64,       CYMA_CLAMP_F64, CYMA_CLAMP_WIDE_F64, 0,
};
