#include "bce.h"

#include "environment.h"
#include "lanes.h"

#include <float.h>
#include <math.h>
#include <string.h>

static ptrdiff_t
least(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static ptrdiff_t
size_of(int precision)
{
    return precision == CYMA_F32   ? sizeof(float)
           : precision == CYMA_F64 ? sizeof(double)
                                   : sizeof(long double);
}

/* Sums in double. */

/* Adds to the compensated sum of the current row. */
static void
add(cyma_rows *rows, double x)
{
    rows->sum = cyma_add_with_rest(rows->sum, x, &rows->lost);
}

static void
end_row(cyma_rows *rows)
{
    const double total = rows->sum + rows->lost;
    const double result = isnan(total) ? rows->sum : total; /* likewise, see fold */
    /* Every e^-|x| that is subnormal may have lost the half of a step: that must not be seen. */
    const double step = rows->precision == CYMA_F32 ? 0x1p-149 : 0x1p-1074;
    const double digits = rows->precision == CYMA_F32 ? 0x1p25 : 0x1p54, far = rows->seen.far;
    if (far > 0 && fabs(result) / far <= (double)rows->row_length * step * digits) {
        rows->wild = 1;
    }
    ((double *)rows->sums)[rows->row++] = result;
    rows->position = 0;
    rows->sum = rows->lost = 0;
}

/* How many of n elements come before the next end of a block or row. */
static ptrdiff_t
before_seam(const cyma_rows *rows, ptrdiff_t n)
{
    const ptrdiff_t block = CYMA_SUM_BLOCK - rows->position % CYMA_SUM_BLOCK;
    return least(n, least(block, rows->row_length - rows->position));
}

static void
merge_plainly(cyma_lanes *to, const cyma_lanes *from, int first, int width)
{
    for (int j = 0; j < width; j++) {
        const double p = to->products[j], q = from->products[first + j];
        to->sums[j] += from->sums[first + j];
        to->products[j] = p * q + (p + q);
    }
}

/* Empties the block into the sum. Lanes are merged as long as their products stay below 2^1024, so
 * that few logarithms are taken. */
static void
fold(cyma_rows *rows)
{
    cyma_lanes *chain = &rows->block->chain, *total = &rows->block->total,
               *lost = &rows->block->lost;
    const ptrdiff_t filled = (rows->position - 1) % CYMA_SUM_BLOCK + 1;
    ptrdiff_t doublings = (filled + CYMA_LANES - 1) / CYMA_LANES; /* of each lane's product */
    const int exact = rows->precision == CYMA_F64;
    int width = CYMA_LANES;
    if (exact) {
        merge_plainly(chain, &rows->block->previous, 0, width);
    }
    if (exact && filled >= 2 * CYMA_SUM_CHAIN) {
        for (int j = 0; j < width; j++) {
            cyma_merge_lanes(total, lost, j, chain->sums[j], 0, chain->products[j], 0);
        }
    }
    else { /* to no chains yet */
        merge_plainly(total, chain, 0, width);
    }
    for (; width > 1 && 2 * doublings < 1000; doublings *= 2) {
        width /= 2;
        if (!exact) {
            merge_plainly(total, total, width, width);
            continue;
        }
        for (int j = 0; j < width; j++) {
            const int k = j + width;
            cyma_merge_lanes(total, lost, j, total->sums[k], lost->sums[k], total->products[k],
                             lost->products[k]);
        }
    }
    for (int j = 0; j < width; j++) {
        const double p = total->products[j];
        add(rows, total->sums[j]);
        if (isfinite(total->sums[j])) { /* what infinity lost is nan */
            add(rows, lost->sums[j]);
        }
        if (p != 0) {
            add(rows, log1p(p));
            add(rows, lost->products[j] / (1 + p));
        }
    }
    memset(rows->block, 0, sizeof *rows->block);
}

/* Notes that n elements, up to a seam at most, are in the block. */
static void
advance(cyma_rows *rows, ptrdiff_t n)
{
    const int row_ends = (rows->position += n) == rows->row_length;
    if (row_ends || rows->position % CYMA_SUM_BLOCK == 0) {
        fold(rows);
    }
    if (row_ends) {
        end_row(rows);
    }
}

/* Multiplies the derivatives of n elements, of which the first is at a position in a row. */
static void
multiply(const cyma_rows *rows, void *slopes, ptrdiff_t row, ptrdiff_t position, ptrdiff_t n)
{
    for (ptrdiff_t i = 0, end; i < n; i = end, row++, position = 0) {
        const double factor = ((const double *)rows->factors)[row];
        end = least(i + rows->row_length - position, n);
        if (rows->precision == CYMA_F32) {
            float *y = slopes;
            for (; i < end; i++) {
                y[i] *= (float)factor;
            }
        }
        else {
            double *y = slopes;
            for (; i < end; i++) {
                y[i] *= factor;
            }
        }
    }
}

/* Sums in long double, scaled. */

/* The powers of 2 between which values stay, so that no product of two leaves the type. */
static const long double small = 1 / (long double)(1ull << 63), large = (long double)(1ull << 63);

static cyma_scaled
scaled(long double value, int exponent)
{
    const long double magnitude = fabsl(value);
    cyma_scaled y = {value, exponent};
    if (!(magnitude >= small && magnitude <= large)) {
        y.exponent = 0; /* of 0, infinity and nan */
        if (magnitude > 0 && isfinite(magnitude)) {
            y.value = frexpl(value, &y.exponent);
            y.exponent += exponent;
        }
    }
    return y;
}

static long double
unscaled(cyma_scaled x)
{
    return x.exponent == 0 ? x.value : ldexpl(x.value, x.exponent);
}

static cyma_scaled
times(cyma_scaled x, cyma_scaled y)
{
    return scaled(x.value * y.value, x.exponent + y.exponent);
}

static cyma_scaled
plus(cyma_scaled x, cyma_scaled y)
{
    if (x.exponent == y.exponent) {
        return scaled(x.value + y.value, x.exponent);
    }
    if (x.value == 0 || (y.value != 0 && x.exponent < y.exponent)) {
        const cyma_scaled swapped = x;
        x = y;
        y = swapped;
    }
    return scaled(x.value + ldexpl(y.value, y.exponent - x.exponent), x.exponent);
}

static cyma_scaled
minus(cyma_scaled x)
{
    x.value = -x.value;
    return x;
}

static void
add_scaled(cyma_rows *rows, cyma_scaled x)
{
    const cyma_scaled old = rows->scaled_sum, sum = plus(old, x), added = plus(sum, minus(old));
    const cyma_scaled lost = plus(plus(old, minus(plus(sum, minus(added)))), plus(x, minus(added)));
    rows->scaled_sum = sum;
    rows->scaled_lost = plus(rows->scaled_lost, lost);
}

static void
end_scaled_row(cyma_rows *rows)
{
    const cyma_scaled total = plus(rows->scaled_sum, rows->scaled_lost);
    const cyma_scaled result = isnan(total.value) ? rows->scaled_sum : total, zero = {0, 0};
    ((long double *)rows->sums)[rows->row] = result.value;
    rows->exponents[rows->row] = result.exponent;
    rows->scaled_sum = rows->scaled_lost = zero;
}

/* e^-a for a >= 0, or nan; where it may underflow, as the fourth power of e^-(a/4). */
static cyma_scaled
exp_minus(long double a)
{
    const long double far = -LDBL_MIN_EXP * 0.5L;
    if (!(a > far)) {
        return scaled(expl(-a), 0);
    }
    const cyma_scaled root = scaled(expl(-a / 4), 0), square = times(root, root);
    return times(square, square);
}

/* The element i, in long double and scaled; see include/cyma/bce_fused.h. */
static void
feed_scaled(cyma_rows *rows, const cyma_bce *f, ptrdiff_t i)
{
#define CYMA_VALUE(array, value) (array == NULL ? value : ((const long double *)array)[i])
    const long double x = CYMA_VALUE(f->logits, 0), z = CYMA_VALUE(f->targets, f->target_value);
    const cyma_scaled w = scaled(CYMA_VALUE(f->weight, f->weight_value), 0);
    const cyma_scaled pw = scaled(CYMA_VALUE(f->pos_weight, f->pos_weight_value), 0);
#undef CYMA_VALUE
    const cyma_scaled keep = scaled(f->keep, 0), half = scaled(f->add, 0);
    const cyma_scaled a = times(times(w, pw), plus(times(scaled(z, 0), keep), half));
    const cyma_scaled b = times(w, plus(times(scaled(1 - z, 0), keep), half));
    const cyma_scaled both = plus(a, b), grows = x < 0 ? a : b, vanishes = x < 0 ? b : a;
    const cyma_scaled e = exp_minus(fabsl(x)), sigmoid = scaled(1 / (1 + unscaled(e)), 0);
    const int masked = f->where != NULL && !f->where[i];
    cyma_scaled loss = {0, 0}, grad = loss, hess = loss, factor = scaled(f->scale, 0);
    if (rows->factors != NULL) {
        factor = scaled(((const long double *)rows->factors)[rows->row],
                        rows->factor_exponents[rows->row]);
    }
    if (!masked) {
        const cyma_scaled log1p_exp =
            unscaled(e) < LDBL_EPSILON * LDBL_EPSILON ? e : scaled(log1pl(unscaled(e)), 0);
        loss = times(both, log1p_exp);
        if (grows.value != 0) { /* 0 * inf is 0 */
            loss = plus(times(grows, scaled(fabsl(x), 0)), loss);
        }
        grad = times(times(sigmoid, plus(grows, minus(times(vanishes, e)))), factor);
        hess = times(sigmoid, times(sigmoid, e));
        if (unscaled(hess) < f->floor) {
            hess = scaled(f->floor, 0);
        }
        hess = times(times(hess, both), factor);
    }
    if (rows->sums != NULL) {
        add_scaled(rows, loss);
    }
    if (f->loss != NULL) {
        ((long double *)f->loss)[i] = unscaled(loss);
    }
    if (f->grad != NULL) {
        ((long double *)f->grad)[i] = unscaled(x < 0 ? minus(grad) : grad);
    }
    if (f->hess != NULL) {
        ((long double *)f->hess)[i] = unscaled(hess);
    }
}

static void
end_scaled(cyma_rows *rows)
{
    if (++rows->position == rows->row_length) {
        if (rows->sums != NULL) {
            end_scaled_row(rows);
        }
        rows->row++;
        rows->position = 0;
    }
}

/* Adds n more numbers to rows too short for lanes, in short chains or one after the other. */
static void
add_to_short_rows(cyma_rows *rows, const double *x, const unsigned char *where, ptrdiff_t n)
{
    const int exact = rows->precision == CYMA_F64; /* then chains are short, see cyma_block */
    for (ptrdiff_t i = 0; i < n;) {
        const ptrdiff_t length = least(n - i, rows->row_length - rows->position), end = i + length;
        double sum = rows->sum, lost = rows->lost, chain = rows->chain;
        ptrdiff_t position = rows->position;
        for (; i < end; i++) {
            if (where == NULL || where[i]) {
                chain += x[i];
            }
            if (exact && ++position % 4 == 0) {
                sum = cyma_add_with_rest(sum, chain, &lost);
                chain = 0;
            }
        }
        rows->sum = sum;
        rows->lost = lost;
        rows->chain = chain;
        rows->position += length;
        if (rows->position == rows->row_length) {
            add(rows, rows->chain);
            rows->chain = 0;
            end_row(rows);
        }
    }
}

static inline void
add_to_lanes(cyma_block *block, const double *terms)
{
    double *sums = block->total.sums, *lost = block->lost.sums;
    for (int j = 0; j < CYMA_LANES; j++) {
        sums[j] = cyma_add_with_rest(sums[j], terms[j], &lost[j]);
    }
}

static void
add_to_long_rows(cyma_rows *rows, const double *x, const unsigned char *where, ptrdiff_t n)
{
    while (n > 0) {
        const ptrdiff_t count = before_seam(rows, n);
        for (ptrdiff_t i = 0; i < count;) {
            const ptrdiff_t lane = (rows->position + i) % CYMA_LANES;
            const ptrdiff_t end = least(count, i + CYMA_LANES - lane);
            if (where == NULL && end - i == CYMA_LANES) {
                add_to_lanes(rows->block, x + i);
                i = end;
                continue;
            }
            double terms[CYMA_LANES] = {0};
            for (double *term = terms + lane; i < end; i++, term++) {
                *term = where == NULL || where[i] ? x[i] : 0;
            }
            add_to_lanes(rows->block, terms);
        }
        advance(rows, count);
        x += count;
        where = where == NULL ? NULL : where + count;
        n -= count;
    }
}

void
cyma_add_to_rows(cyma_rows *rows, const void *x_, const unsigned char *where, ptrdiff_t n)
{
    cyma_environment saved;
    cyma_enter_environment(&saved, rows->precision);
    if (rows->precision == CYMA_LD) {
        const long double *x = x_;
        for (ptrdiff_t i = 0; i < n; i++) {
            if (where == NULL || where[i]) {
                add_scaled(rows, scaled(x[i], 0));
            }
            end_scaled(rows);
        }
    }
    else {
        cyma_forget_range_errors(FE_OVERFLOW);
        if (rows->row_length <= CYMA_SHORT_ROW) {
            add_to_short_rows(rows, x_, where, n);
        }
        else {
            add_to_long_rows(rows, x_, where, n);
        }
        rows->wild |= (cyma_range_errors() & FE_OVERFLOW) != 0;
    }
    cyma_leave_environment(&saved, rows->precision);
}

/* The next elements, up to n, of rows too short for lanes: their losses are written first, and then
 * added. */
static ptrdiff_t
feed_short_rows(cyma_rows *rows, cyma_bce *f, ptrdiff_t n)
{
    double losses[8 * CYMA_SHORT_ROW];
    float narrow[8 * CYMA_SHORT_ROW];
    n = least(n, 8 * CYMA_SHORT_ROW);
    f->loss = rows->precision == CYMA_F32 ? (void *)narrow : losses;
    rows->kernel(f, &rows->seen, NULL, 0, n);
    f->loss = NULL;
    for (ptrdiff_t i = 0; rows->precision == CYMA_F32 && i < n; i++) {
        losses[i] = narrow[i];
    }
    add_to_short_rows(rows, losses, NULL, n);
    return n;
}

/* The next elements, up to n; returns how many. */
static ptrdiff_t
feed_rows(cyma_rows *rows, cyma_bce *f, ptrdiff_t n)
{
    const ptrdiff_t row = rows->row, position = rows->position;
    if (rows->sums == NULL) {
        rows->kernel(f, &rows->seen, NULL, 0, n);
        rows->row += (position + n) / rows->row_length;
        rows->position = (position + n) % rows->row_length;
    }
    else if (rows->row_length <= CYMA_SHORT_ROW) {
        n = feed_short_rows(rows, f, n);
    }
    else {
        n = before_seam(rows, n);
        rows->kernel(f, &rows->seen, rows->block, position % CYMA_SUM_BLOCK, n);
        advance(rows, n);
    }
    if (rows->factors != NULL && f->grad != NULL) {
        multiply(rows, f->grad, row, position, n);
    }
    if (rows->factors != NULL && f->hess != NULL) {
        multiply(rows, f->hess, row, position, n);
    }
    return n;
}

void
cyma_feed_bce(cyma_rows *rows, const cyma_bce *f, const cyma_repeats *repeats, ptrdiff_t n)
{
    const ptrdiff_t size = size_of(rows->precision);
    cyma_bce piece = *f;
    ptrdiff_t phase = 0;
    cyma_environment saved;
    if (rows->kernel == NULL && rows->precision != CYMA_LD) {
        rows->kernel = cyma_kernels_in_use()->bce[rows->precision];
    }
    cyma_enter_environment(&saved, rows->precision);
    cyma_forget_range_errors(FE_OVERFLOW | FE_UNDERFLOW);
    while (n > 0) {
        ptrdiff_t count = least(n, repeats->period - phase);
        if (rows->precision == CYMA_LD) {
            for (ptrdiff_t i = 0; i < count; i++) {
                feed_scaled(rows, &piece, i);
                end_scaled(rows);
            }
        }
        else {
            count = feed_rows(rows, &piece, count);
        }
        n -= count;
        phase = (phase + count) % repeats->period;
#define CYMA_STEP(member, size, repeats)                                                           \
    if (piece.member != NULL) {                                                                    \
        piece.member = phase == 0 && (repeats) ? (void *)f->member                                 \
                                               : (void *)((char *)piece.member + count * (size));  \
    }
        CYMA_STEP(logits, size, 0)
        CYMA_STEP(targets, size, 0)
        CYMA_STEP(weight, size, repeats->weight)
        CYMA_STEP(pos_weight, size, repeats->pos_weight)
        CYMA_STEP(where, 1, repeats->where)
        CYMA_STEP(loss, size, 0)
        CYMA_STEP(grad, size, 0)
        CYMA_STEP(hess, size, 0)
#undef CYMA_STEP
    }
    if (rows->precision != CYMA_LD) {
        const cyma_bce_seen *seen = &rows->seen;
        const int elements = f->loss != NULL || f->grad != NULL || f->hess != NULL;
        const double amplified =
            rows->greatest_factor > 2 && seen->underflow ? INFINITY : seen->far;
        rows->wild |= (cyma_range_errors() & FE_OVERFLOW) != 0 || seen->lost ||
                      (elements && amplified * rows->greatest_factor > 2);
    }
    cyma_leave_environment(&saved, rows->precision);
}
