/* Binary cross-entropy over arrays. Included by kernels.c once per precision. */
#ifndef CYMA_KERNELS_BCE_H
#define CYMA_KERNELS_BCE_H

/* Elements at a time, a multiple of CYMA_LANES. */
enum { CYMA_BCE_BLOCK = 480 };

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

#define CYMA_BCE_KERNEL(name) CYMA_PASTE(CYMA_F(cyma_kernel_##name), CYMA_TIER)

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

static void
CYMA_BCE_KERNEL(bce)(const cyma_bce *f, cyma_lanes *lanes, ptrdiff_t first, ptrdiff_t n)
{
    CYMA_REAL x_copy[CYMA_BCE_BLOCK], z_copy[CYMA_BCE_BLOCK];
    CYMA_REAL w_copy[CYMA_BCE_BLOCK], pw_copy[CYMA_BCE_BLOCK];
    CYMA_REAL complement[CYMA_BCE_BLOCK]; /* of smoothed targets */
    CYMA_REAL loss_copy[CYMA_BCE_BLOCK], grad_copy[CYMA_BCE_BLOCK], hess_copy[CYMA_BCE_BLOCK];
    const CYMA_REAL *logits = f->logits, *targets = f->targets;
    const CYMA_REAL *weight = f->weight, *pos_weight = f->pos_weight;
    const CYMA_REAL keep = (CYMA_REAL)f->keep, add = (CYMA_REAL)f->add;
    const CYMA_REAL scale = (CYMA_REAL)f->scale, floor = (CYMA_REAL)f->floor;
    const int weighted =
        weight != NULL || f->weight_value != 1 || pos_weight != NULL || f->pos_weight_value != 1;
    const int smoothed = f->add != 0, masked = f->where != NULL;
    /* Whether each loss is computed: not needed for a sum without weights. */
    const int direct = lanes == NULL || weighted || smoothed;
    int filled = 0; /* whether w_copy and pw_copy hold the same value throughout */
    ptrdiff_t count;
    cyma_lanes y = {{0}, {0}};
    if (lanes != NULL) {
        y = *lanes;
    }
    for (ptrdiff_t start = 0; start < n; start += count, first = 0) {
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
        const CYMA_REAL *x = CYMA_BCE_OPERAND(logits, 0, (CYMA_REAL)INFINITY, x_copy);
        const CYMA_REAL *z = CYMA_BCE_OPERAND(targets, f->target_value, 1, z_copy);
        const CYMA_REAL *w = w_copy, *pw = pw_copy;
        const int refill = direct && !(in_place && filled);
        filled = in_place && !masked;
        if (weight != NULL) {
            w = CYMA_BCE_OPERAND(weight, 0, 0, w_copy);
        }
        else if (refill) {
            CYMA_BCE_KERNEL(bce_block)(NULL, f->weight_value, 0, first, count, padded, 1, w_copy);
        }
        if (pos_weight != NULL) {
            pw = CYMA_BCE_OPERAND(pos_weight, 0, 0, pw_copy);
        }
        else if (refill) {
            CYMA_BCE_KERNEL(bce_block)(NULL, f->pos_weight_value, 0, first, count, padded, 1,
                                       pw_copy);
        }
#undef CYMA_BCE_OPERAND
        if (smoothed) { /* the complement too: nothing cancels */
            CYMA_BCE_LOOP(complement[i] = CYMA_FMA(1 - z_copy[i], keep, add);
                          z_copy[i] = CYMA_FMA(z_copy[i], keep, add))
        }
        if (masked) {
            for (ptrdiff_t i = 0; i < count; i++) {
                if (!f->where[start + i]) {
                    x_copy[first + i] = (CYMA_REAL)INFINITY;
                    z_copy[first + i] = 1;
                    w_copy[first + i] = pw_copy[first + i] = complement[first + i] = 0;
                }
            }
        }

        /* With a = w pw z and b = w (1 - z), the loss is a softplus(-x) + b softplus(x). */
#define CYMA_BCE_A (z[i] * pw[i] * w[i])
#define CYMA_BCE_B ((1 - z[i]) * w[i])
        if (smoothed) { /* rare enough for one loop */
            CYMA_BCE_LOOP(const CYMA_REAL a = CYMA_BCE_A, b = complement[i] * w[i];
                          const CYMA_BCE slopes = CYMA_F(cyma_bce_fused)(x[i], a, b, 0, 1);
                          loss[i] = CYMA_F(cyma_bce_fused)(x[i], a, b, 1, 0).loss;
                          grad[i] = slopes.grad * scale;
                          hess[i] = (slopes.hess < floor ? floor : slopes.hess) * (a + b) * scale;
                          y.sums[j] += (double)loss[i])
        }
        else if (!direct && f->grad == NULL) {
            CYMA_BCE_LOOP(const CYMA_BCE_PARTS part = CYMA_F(cyma_bce_unweighted)(x[i], z[i]);
                          y.sums[j] += (double)part.linear;
                          y.products[j] = cyma_grown_f64(y.products[j], (double)part.e))
        }
        else if (!direct) {
            CYMA_BCE_LOOP(const CYMA_BCE_PARTS part = CYMA_F(cyma_bce_unweighted)(x[i], z[i]);
                          y.sums[j] += (double)part.linear;
                          y.products[j] = cyma_grown_f64(y.products[j], (double)part.e);
                          grad[i] = part.grad * scale)
        }
        else if (lanes != NULL && f->grad == NULL) {
            CYMA_BCE_LOOP(y.sums[j] +=
                          (double)CYMA_F(cyma_bce_fused)(x[i], CYMA_BCE_A, CYMA_BCE_B, 1, 0).loss)
        }
        else if (lanes != NULL) {
            CYMA_BCE_LOOP(const CYMA_BCE result =
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
    if (lanes != NULL) {
        *lanes = y;
    }
}
