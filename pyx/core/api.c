#include "cyma/api.h"

#include "arrays.h"
#include "bce.h"
#include "environment.h"

#include <math.h>

/* Arrays: no more elements than there can be. */
#define CYMA_DEFINE_UNARY(name, suffix, precision, type)                                           \
    void cyma_##name##_##suffix##_array(const type *x, type *out, size_t n)                        \
    {                                                                                              \
        cyma_run_array(cyma_kernels_in_use(), CYMA_FUNCTION_##name, precision, x, x, out,          \
                       (ptrdiff_t)n);                                                              \
    }
#define CYMA_DEFINE_BINARY(name, suffix, precision, type)                                          \
    void cyma_##name##_##suffix##_array(const type *x, const type *y, type *out, size_t n)         \
    {                                                                                              \
        cyma_run_array(cyma_kernels_in_use(), CYMA_FUNCTION_##name, precision, x, y, out,          \
                       (ptrdiff_t)n);                                                              \
    }
#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_UNARY(name, f16, CYMA_F16, uint16_t)                                               \
    CYMA_DEFINE_UNARY(name, f32, CYMA_F32, float)                                                  \
    CYMA_DEFINE_UNARY(name, f64, CYMA_F64, double)
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_DEFINE_BINARY(name, f16, CYMA_F16, uint16_t)                                              \
    CYMA_DEFINE_BINARY(name, f32, CYMA_F32, float)                                                 \
    CYMA_DEFINE_BINARY(name, f64, CYMA_F64, double)
#include "cyma/functions.def"

/* Losses. */

enum { PIECE = 512 };

/* Room for a piece in any type. */
typedef union {
    float f32[PIECE];
    double f64[PIECE];
    long double ld[PIECE];
} piece;

/* Copies elements of one type to another. */
static void
convert(void *to, int to_precision, const void *from, int from_precision, ptrdiff_t n)
{
#define CYMA_CONVERT(to_kind, to_type, from_kind, from_type)                                       \
    if (to_precision == to_kind && from_precision == from_kind) {                                  \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            ((to_type *)to)[i] = (to_type)((const from_type *)from)[i];                            \
        }                                                                                          \
    }
    CYMA_CONVERT(CYMA_F64, double, CYMA_F32, float)
    CYMA_CONVERT(CYMA_F32, float, CYMA_F64, double)
    CYMA_CONVERT(CYMA_LD, long double, CYMA_F32, float)
    CYMA_CONVERT(CYMA_F32, float, CYMA_LD, long double)
    CYMA_CONVERT(CYMA_LD, long double, CYMA_F64, double)
    CYMA_CONVERT(CYMA_F64, double, CYMA_LD, long double)
#undef CYMA_CONVERT
}

/* The arguments of a function, whose arrays are of a precision. */
typedef struct {
    int precision;
    const void *logits, *targets, *weight;
    double pos_weight, scale;
    void *grad; /* or NULL */
    ptrdiff_t n;
} arguments;

/* Feeds all elements to rows that are computed in a wider type. */
static void
feed_converted(cyma_rows *rows, const cyma_bce *whole, const arguments *a)
{
    const ptrdiff_t size = a->precision == CYMA_F32 ? sizeof(float) : sizeof(double);
    const char *const from[] = {a->logits, a->targets, a->weight};
    cyma_bce f = *whole;
    piece operands[3], grad;
    f.logits = &operands[0];
    f.targets = &operands[1];
    f.weight = a->weight != NULL ? &operands[2] : NULL;
    f.grad = a->grad != NULL ? &grad : NULL;
    for (ptrdiff_t done = 0, n; done < a->n; done += n) {
        n = a->n - done < PIECE ? a->n - done : PIECE;
        const cyma_repeats nothing_repeats = {n, 0, 0, 0};
        for (int k = 0; k < 3 && from[k] != NULL; k++) {
            convert(&operands[k], rows->precision, from[k] + done * size, a->precision, n);
        }
        cyma_feed_bce(rows, &f, &nothing_repeats, n);
        if (a->grad != NULL) {
            convert((char *)a->grad + done * size, a->precision, &grad, rows->precision, n);
        }
    }
}

/* The sum in one type of those that sums are computed in; sets `wild` where a wider one is due. */
static double
sum_in(int precision, const arguments *a, int *wild)
{
    const cyma_repeats nothing_repeats = {a->n, 0, 0, 0};
    const cyma_bce f = {
        .logits = a->logits,
        .targets = a->targets,
        .weight = a->weight,
        .weight_value = 1,
        .pos_weight_value = a->pos_weight,
        .keep = 1,
        .scale = a->scale,
        .grad = a->grad,
    };
    double sum = 0;
    long double scaled_sum = 0;
    int exponent = 0;
    cyma_block block = {0};
    cyma_rows rows = {
        .row_length = a->n,
        .precision = precision,
        .sums = precision == CYMA_LD ? (void *)&scaled_sum : &sum,
        .exponents = &exponent,
        .greatest_factor = a->grad != NULL ? fabs(a->scale) : 1,
        .block = &block,
    };
    if (precision == a->precision) {
        cyma_feed_bce(&rows, &f, &nothing_repeats, a->n);
    }
    else {
        cyma_environment saved;
        cyma_enter_environment(&saved, precision);
        feed_converted(&rows, &f, a);
        if (precision == CYMA_LD) {
            sum = (double)ldexpl(scaled_sum, exponent);
        }
        cyma_leave_environment(&saved, precision);
    }
    *wild = rows.wild;
    return sum;
}

/* The sum, computed in the narrowest type that holds all operands; where that overflows, or loses
 * digits by underflow, once more in the next wider one. */
static double
sum_of_losses(const arguments *a)
{
    cyma_environment saved;
    cyma_enter_environment(&saved, a->precision); /* to look at numbers raises flags, too */
    const int of_weight = cyma_width_of_number(a->pos_weight, 1);
    const int of_scale = a->grad != NULL ? cyma_width_of_number(a->scale, 0) : 0;
    int precision = of_weight == 1 || of_scale == 1 ? CYMA_F64 : a->precision, wild = 1;
    double sum = 0;
    for (; a->n > 0 && wild && precision <= CYMA_LD; precision++) {
        sum = sum_in(precision, a, &wild);
    }
    cyma_leave_environment(&saved, a->precision);
    return sum;
}

#define CYMA_DEFINE_SUMS(suffix, kind, type)                                                       \
    double cyma_bce_with_logits_##suffix##_sum(const type *logits, const type *targets,            \
                                               const type *weight, double pos_weight, size_t n)    \
    {                                                                                              \
        const arguments a = {kind, logits, targets, weight, pos_weight, 1, NULL, (ptrdiff_t)n};    \
        return sum_of_losses(&a);                                                                  \
    }                                                                                              \
    double cyma_bce_with_logits_##suffix##_sum_and_grad(const type *logits, const type *targets,   \
                                                        const type *weight, double pos_weight,     \
                                                        double scale, type *grad, size_t n)        \
    {                                                                                              \
        const arguments a = {                                                                      \
            kind, logits, targets, weight, pos_weight, scale, grad, (ptrdiff_t)n};                 \
        return sum_of_losses(&a);                                                                  \
    }
CYMA_DEFINE_SUMS(f32, CYMA_F32, float)
CYMA_DEFINE_SUMS(f64, CYMA_F64, double)

/* Tiers. */

const char *
cyma_tier(void)
{
    return cyma_kernels_in_use()->tier->name;
}

int
cyma_set_tier(const char *name)
{
    cyma_init_tiers();
    const cyma_kernel_table *table = name != NULL ? cyma_find_tier(name) : NULL;
    if (table == NULL) {
        return -1;
    }
    cyma_use_tier(table);
    return 0;
}

int
cyma_abi_version(void)
{
    return CYMA_ABI_VERSION;
}

const char *
cyma_version(void)
{
    return CYMA_VERSION;
}
