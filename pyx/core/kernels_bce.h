/* Binary cross-entropy over arrays. Included by kernels.c once per precision. */
#ifndef CYMA_KERNELS_BCE_H
#define CYMA_KERNELS_BCE_H

#include "environment.h"
#include "lanes.h"

/* Elements at a time, a multiple of CYMA_LANES. */
enum { CYMA_BCE_BLOCK = 896 };

/* Element k + j belongs to lane j. Whole vectors, and more than one of them in all tiers but for
 * floats in the widest, so that they hide each other's latency. */
#define CYMA_BCE_LOOP(...)                                                                         \
    for (ptrdiff_t k = 0; k < padded; k += CYMA_LANES) {                                           \
        CYMA_INDEPENDENT                                                                           \
        for (int j = 0; j < CYMA_LANES; j++) {                                                     \
            const ptrdiff_t i = k + j;                                                             \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    }

/* A function that is seldom called: it would only be in the way of the loops. */
#if defined(__GNUC__)
#define CYMA_SELDOM static __attribute__((noinline))
#else
#define CYMA_SELDOM static
#endif

/* Whether sums are to be accurate in the last digits of double. */
#define CYMA_BCE_EXACT (sizeof(CYMA_REAL) > sizeof(float))
#define CYMA_BCE_GROWN(p, e) (CYMA_BCE_EXACT ? cyma_grown_f64(p, e) : cyma_grown_soon_f64(p, e))

/* The same, with sums y, which go into the totals at the end of every chain: not if that is only
 * the padding, for the next piece may have the rest. */
#define CYMA_BCE_SUM_LOOP(...)                                                                     \
    for (ptrdiff_t from = 0, end; from < padded; from = end) {                                     \
        end = padded;                                                                              \
        if (chained) {                                                                             \
            const ptrdiff_t chain_end = from + CYMA_SUM_CHAIN - (place + from) % CYMA_SUM_CHAIN;   \
            end = chain_end < padded ? chain_end : padded;                                         \
        }                                                                                          \
        for (ptrdiff_t k = from; k < end; k += CYMA_LANES) {                                       \
            CYMA_INDEPENDENT                                                                       \
            for (int j = 0; j < CYMA_LANES; j++) {                                                 \
                const ptrdiff_t i = k + j;                                                         \
                __VA_ARGS__;                                                                       \
            }                                                                                      \
        }                                                                                          \
        if (chained && (place + end) % CYMA_SUM_CHAIN == 0 && end <= first + count) {              \
            cyma_end_chain(&y, block, (place + end) / CYMA_SUM_CHAIN % 2 == 0);                    \
        }                                                                                          \
    }

#define CYMA_BCE_KERNEL(name) CYMA_PASTE(CYMA_F(cyma_kernel_##name), CYMA_TIER)

CYMA_INLINE void
cyma_end_chain(cyma_lanes *y, cyma_block *block, int is_second)
{
    cyma_lanes *previous = &block->previous;
    if (is_second) {
        CYMA_INDEPENDENT
        for (int j = 0; j < CYMA_LANES; j++) {
            cyma_merge_lanes(&block->total, &block->lost, j, previous->sums[j] + y->sums[j], 0,
                             cyma_grown_f64(previous->products[j], y->products[j]), 0);
            previous->sums[j] = previous->products[j] = 0;
        }
    }
    else {
        *previous = *y;
    }
    memset(y, 0, sizeof *y);
}

#endif

static void
CYMA_BCE_KERNEL(bce_fill)(double value, ptrdiff_t first, ptrdiff_t count, CYMA_REAL *copy)
{
    for (ptrdiff_t i = first; i < first + count; i++) {
        copy[i] = (CYMA_REAL)value;
    }
}

/* `padded` elements, of which `count` from index `first` on are from[0], from[1], ... (or `value`,
 * if there is no array) and the others `neutral`; in `copy`, unless they can stay where they are.
 */
static const CYMA_REAL *
CYMA_BCE_KERNEL(bce_block)(const void *from, double value, CYMA_REAL neutral, ptrdiff_t first,
                           ptrdiff_t count, ptrdiff_t padded, int writable, CYMA_REAL *copy)
{
    const CYMA_REAL *x = from;
    if (x != NULL && count == padded && !writable) {
        return x;
    }
    CYMA_BCE_KERNEL(bce_fill)(neutral, 0, first, copy);
    CYMA_BCE_KERNEL(bce_fill)(neutral, first + count, padded - first - count, copy);
    if (x != NULL) {
        memcpy(copy + first, x, (size_t)count * sizeof *x);
    }
    else {
        CYMA_BCE_KERNEL(bce_fill)(value, first, count, copy);
    }
    return copy;
}

/* Whether a number is as large as integers that the type may not hold. What was none is infinite.
 */
CYMA_SELDOM int
CYMA_BCE_KERNEL(bce_any_large)(const CYMA_REAL *x, ptrdiff_t padded)
{
    const CYMA_REAL limit = (CYMA_REAL)((CYMA_BITS)2 << CYMA_C(MANTISSA));
    CYMA_BITS large[CYMA_LANES] = {0}, any = 0;
    CYMA_BCE_LOOP(const CYMA_REAL magnitude = CYMA_FABS(x[i]);
                  large[j] |= (magnitude >= limit) & (magnitude < (CYMA_REAL)INFINITY))
    for (int j = 0; j < CYMA_LANES; j++) {
        any |= large[j];
    }
    return any != 0;
}

/* After an underflow: whether a coefficient w pw z or w (1 - z) has lost digits, and how large they
 * are where e^-|x| has. */
CYMA_SELDOM void
CYMA_BCE_KERNEL(bce_look)(const CYMA_REAL *x, const CYMA_REAL *z, const CYMA_REAL *complement,
                          const CYMA_REAL *w, const CYMA_REAL *pw, ptrdiff_t padded,
                          cyma_bce_seen *seen)
{
    const CYMA_REAL least = CYMA_C(NORMAL), far = CYMA_C(NORMAL_EXP);
    CYMA_BITS lost[CYMA_LANES] = {0};
    CYMA_REAL greatest[CYMA_LANES] = {0};
    CYMA_BCE_LOOP(const CYMA_REAL magnitude = CYMA_FABS(x[i]), zpw = CYMA_FABS(z[i] * pw[i]);
                  const CYMA_REAL a = zpw * CYMA_FABS(w[i]), b = CYMA_FABS(complement[i] * w[i]);
                  const CYMA_REAL some_a = zpw < a ? zpw : a;
                  lost[j] |= (some_a < least) & (z[i] != 0) & (pw[i] != 0) & (w[i] != 0);
                  lost[j] |= (b < least) & (complement[i] != 0) & (w[i] != 0);
                  const int is_far = (magnitude > far) & (magnitude < (CYMA_REAL)INFINITY);
                  const CYMA_REAL here = is_far ? a + b : 0;
                  greatest[j] = here > greatest[j] ? here : greatest[j])
    for (int j = 0; j < CYMA_LANES; j++) {
        seen->lost |= lost[j] != 0;
        seen->far = (double)greatest[j] > seen->far ? (double)greatest[j] : seen->far;
    }
}

/* The same without coefficients: none is beyond 1, and nothing else is lost. */
CYMA_SELDOM void
CYMA_BCE_KERNEL(bce_look_unweighted)(const CYMA_REAL *x, ptrdiff_t padded, cyma_bce_seen *seen)
{
    CYMA_BITS far[CYMA_LANES] = {0};
    CYMA_BCE_LOOP(const CYMA_REAL magnitude = CYMA_FABS(x[i]);
                  far[j] |= (magnitude > CYMA_C(NORMAL_EXP)) & (magnitude < (CYMA_REAL)INFINITY))
    for (int j = 0; j < CYMA_LANES; j++) {
        if (far[j] != 0 && seen->far < 1) {
            seen->far = 1;
        }
    }
}

static void
CYMA_BCE_KERNEL(bce)(const cyma_bce *f, cyma_bce_seen *seen, cyma_block *block, ptrdiff_t first,
                     ptrdiff_t n)
{
    CYMA_REAL x_copy[CYMA_BCE_BLOCK], z_copy[CYMA_BCE_BLOCK];
    CYMA_REAL w_copy[CYMA_BCE_BLOCK], pw_copy[CYMA_BCE_BLOCK];
    CYMA_REAL complement[CYMA_BCE_BLOCK]; /* of smoothed targets */
    CYMA_REAL loss_copy[CYMA_BCE_BLOCK], grad_copy[CYMA_BCE_BLOCK], hess_copy[CYMA_BCE_BLOCK];
    const CYMA_REAL *logits = f->logits, *targets = f->targets;
    const CYMA_REAL *weight = f->weight, *pos_weight = f->pos_weight;
    const CYMA_REAL keep = (CYMA_REAL)f->keep, add = (CYMA_REAL)f->add;
    const CYMA_REAL scale = (CYMA_REAL)f->scale, floor = (CYMA_REAL)f->floor;
    const int smoothed = f->add != 0, masked = f->where != NULL;
    const int products = smoothed || weight != NULL || f->weight_value != 1 || pos_weight != NULL ||
                         f->pos_weight_value != 1;
    /* Whether each loss is computed: not needed for a sum without weights. */
    const int direct = block == NULL || products;
    const int chained = CYMA_BCE_EXACT && block != NULL;
    /* A logit without loss: where there are coefficients, they are 0, and nothing underflows. */
    const CYMA_REAL nowhere = direct ? 0 : (CYMA_REAL)INFINITY;
    int filled = 0; /* whether w_copy and pw_copy hold the same value throughout */
    ptrdiff_t count;
    cyma_lanes y = {{0}, {0}};
    /* Of element 0, which may be one of padding, in the block of the sum. */
    ptrdiff_t place = first / CYMA_LANES * CYMA_LANES;
    if (block != NULL) {
        y = block->chain;
    }
    first -= place;
    for (ptrdiff_t start = 0; start < n; start += count, first = 0, place += CYMA_BCE_BLOCK) {
        const ptrdiff_t room = CYMA_BCE_BLOCK - first;
        count = n - start < room ? n - start : room;
        const ptrdiff_t padded = (first + count + CYMA_LANES - 1) / CYMA_LANES * CYMA_LANES;
        const int in_place = count == padded;
        CYMA_REAL *loss = in_place && f->loss ? (CYMA_REAL *)f->loss + start : loss_copy;
        CYMA_REAL *grad = in_place && f->grad ? (CYMA_REAL *)f->grad + start : grad_copy;
        CYMA_REAL *hess = in_place && f->hess ? (CYMA_REAL *)f->hess + start : hess_copy;

        /* What is masked or lies outside has the loss 0 and the derivatives 0. */
#define CYMA_BCE_OPERAND(array, value, neutral, copy)                                              \
    CYMA_BCE_KERNEL(bce_block)(array == NULL ? NULL : array + start, value, neutral, first, count, \
                               padded, smoothed || masked, copy)
        const CYMA_REAL *x = CYMA_BCE_OPERAND(logits, 0, nowhere, x_copy);
        const CYMA_REAL *z = CYMA_BCE_OPERAND(targets, (double)f->target_value, 1, z_copy);
        const CYMA_REAL *w = w_copy, *pw = pw_copy;
        const int refill = direct && !(in_place && filled);
        filled = in_place && !masked;
        if (weight != NULL) {
            w = CYMA_BCE_OPERAND(weight, 0, 0, w_copy);
        }
        else if (refill) {
            CYMA_BCE_KERNEL(bce_block)(NULL, (double)f->weight_value, 0, first, count, padded, 1,
                                       w_copy);
        }
        if (pos_weight != NULL) {
            pw = CYMA_BCE_OPERAND(pos_weight, 0, 0, pw_copy);
        }
        else if (refill) {
            CYMA_BCE_KERNEL(bce_block)(NULL, (double)f->pos_weight_value, 0, first, count, padded,
                                       1, pw_copy);
        }
#undef CYMA_BCE_OPERAND
        if (smoothed) { /* the complement too: nothing cancels */
            CYMA_BCE_LOOP(complement[i] = CYMA_FMA(1 - z_copy[i], keep, add);
                          z_copy[i] = CYMA_FMA(z_copy[i], keep, add))
        }
        if (masked) {
            for (ptrdiff_t i = 0; i < count; i++) {
                if (!f->where[start + i]) {
                    x_copy[first + i] = nowhere;
                    z_copy[first + i] = 1;
                    w_copy[first + i] = pw_copy[first + i] = complement[first + i] = 0;
                }
            }
        }

        if (CYMA_UNLIKELY(f->integers != 0)) {
            const CYMA_REAL *const operands[] = {x, z, w, pw};
            for (int k = 0; k < 4; k++) {
                if (f->integers >> k & 1) {
                    seen->lost |= CYMA_BCE_KERNEL(bce_any_large)(operands[k], padded);
                }
            }
        }

        /* With a = w pw z and b = w (1 - z), the loss is a softplus(-x) + b softplus(x). */
#define CYMA_BCE_A (z[i] * pw[i] * w[i])
#define CYMA_BCE_B ((1 - z[i]) * w[i])
        if (smoothed) { /* rare enough for one loop */
            CYMA_BCE_SUM_LOOP(const CYMA_REAL a = CYMA_BCE_A, b = complement[i] * w[i];
                              const CYMA_BCE slopes = CYMA_F(cyma_bce_fused)(x[i], a, b, 0, 1);
                              loss[i] = CYMA_F(cyma_bce_fused)(x[i], a, b, 1, 0).loss;
                              grad[i] = slopes.grad * scale;
                              hess[i] =
                                  (slopes.hess < floor ? floor : slopes.hess) * (a + b) * scale;
                              y.sums[j] += (double)loss[i])
        }
        else if (!direct && f->grad == NULL) {
            CYMA_BCE_SUM_LOOP(const CYMA_BCE_PARTS part = CYMA_F(cyma_bce_unweighted)(x[i], z[i]);
                              y.sums[j] += (double)part.linear;
                              y.products[j] = CYMA_BCE_GROWN(y.products[j], (double)part.e))
        }
        else if (!direct) {
            CYMA_BCE_SUM_LOOP(const CYMA_BCE_PARTS part = CYMA_F(cyma_bce_unweighted)(x[i], z[i]);
                              y.sums[j] += (double)part.linear;
                              y.products[j] = CYMA_BCE_GROWN(y.products[j], (double)part.e);
                              grad[i] = part.grad * scale)
        }
        else if (block != NULL && f->grad == NULL) {
            CYMA_BCE_SUM_LOOP(
                y.sums[j] +=
                (double)CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 1, 0).loss)
        }
        else if (block != NULL) {
            CYMA_BCE_SUM_LOOP(const CYMA_BCE result =
                                  CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 1, 1);
                              y.sums[j] += (double)result.loss; grad[i] = result.grad * scale)
        }
        else if (f->hess != NULL) {
            CYMA_BCE_LOOP(const CYMA_REAL a = CYMA_BCE_A, b = CYMA_BCE_B;
                          const CYMA_BCE result = CYMA_F(cyma_bce_fused)(x[i], a, b, 0, 1);
                          grad[i] = result.grad * scale;
                          hess[i] = (result.hess < floor ? floor : result.hess) * (a + b) * scale)
        }
        else if (f->grad == NULL) {
            CYMA_BCE_LOOP(loss[i] = CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 1, 0).loss)
        }
        else if (f->loss == NULL) {
            CYMA_BCE_LOOP(
                grad[i] = CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 0, 1).grad * scale)
        }
        else {
            CYMA_BCE_LOOP(const CYMA_BCE result =
                              CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 1, 1);
                          loss[i] = result.loss; grad[i] = result.grad * scale)
        }
#undef CYMA_BCE_A
#undef CYMA_BCE_B

        if (CYMA_UNLIKELY(cyma_range_errors() & FE_UNDERFLOW)) {
            seen->underflow = 1;
            if (products) {
                if (!smoothed) {
                    CYMA_BCE_LOOP(complement[i] = 1 - z[i])
                }
                CYMA_BCE_KERNEL(bce_look)(x, z, complement, w, pw, padded, seen);
            }
            else {
                CYMA_BCE_KERNEL(bce_look_unweighted)(x, padded, seen);
            }
            cyma_forget_range_errors(FE_UNDERFLOW);
        }
        if (!in_place) {
            const size_t size = (size_t)count * sizeof(CYMA_REAL);
            if (f->loss != NULL) {
                memcpy((CYMA_REAL *)f->loss + start, loss + first, size);
            }
            if (f->grad != NULL) {
                memcpy((CYMA_REAL *)f->grad + start, grad + first, size);
            }
            if (f->hess != NULL) {
                memcpy((CYMA_REAL *)f->hess + start, hess + first, size);
            }
        }
    }
    if (block != NULL) {
        block->chain = y;
    }
}
