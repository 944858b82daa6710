#include "bce.h"

#include "environment.h"

#include <math.h>
#include <string.h>

void
cyma_begin_rows(cyma_row_sums *s, ptrdiff_t row_length, double *rows)
{
    memset(s, 0, sizeof *s);
    s->row_length = row_length;
    s->rows = rows;
}

/* How many of n elements come before the next end of a block or row. */
static ptrdiff_t
before_seam(const cyma_row_sums *s, ptrdiff_t n)
{
    const ptrdiff_t block = CYMA_SUM_BLOCK - s->position % CYMA_SUM_BLOCK;
    const ptrdiff_t row = s->row_length - s->position;
    const ptrdiff_t seam = block < row ? block : row;
    return n < seam ? n : seam;
}

/* Adds to the compensated sum (Neumaier). */
static void
add(cyma_row_sums *s, double x)
{
    const double total = s->sum + x;
    s->lost += fabs(s->sum) >= fabs(x) ? (s->sum - total) + x : (x - total) + s->sum;
    s->sum = total;
}

/* Adds the upper half of the first 2 width lanes to the lower one. */
static inline void
halve(cyma_lanes *lanes, int width)
{
    double *sums = lanes->sums, *products = lanes->products;
    for (int j = 0; j < width; j++) {
        sums[j] += sums[j + width];
        products[j] += products[j + width] * (1 + products[j]);
    }
}

/* Empties the lanes into the sum, with one logarithm. */
static void
fold(cyma_row_sums *s)
{
    halve(&s->lanes, CYMA_LANES / 2);
    halve(&s->lanes, CYMA_LANES / 4);
    halve(&s->lanes, CYMA_LANES / 8);
    halve(&s->lanes, CYMA_LANES / 16);
    add(s, s->lanes.sums[0]);
    if (s->lanes.products[0] != 0) {
        add(s, log1p(s->lanes.products[0]));
    }
    memset(&s->lanes, 0, sizeof s->lanes);
}

/* Notes that n elements, up to a seam at most, are in the lanes. */
static void
advance(cyma_row_sums *s, ptrdiff_t n)
{
    const int row_ends = (s->position += n) == s->row_length;
    if (row_ends || s->position % CYMA_SUM_BLOCK == 0) {
        fold(s);
    }
    if (row_ends) {
        const double total = s->sum + s->lost;
        *s->rows++ = isnan(total) ? s->sum : total; /* what infinity lost is nan */
        s->position = 0;
        s->sum = s->lost = 0;
    }
}

void
cyma_add_to_rows(cyma_row_sums *s, const double *x, const unsigned char *where, ptrdiff_t n)
{
    cyma_environment saved;
    cyma_enter_environment(&saved, CYMA_F64);
    while (n > 0) {
        const ptrdiff_t count = before_seam(s, n);
        for (ptrdiff_t i = 0; i < count; i++) {
            if (where == NULL || where[i]) {
                s->lanes.sums[(s->position + i) % CYMA_LANES] += x[i];
            }
        }
        advance(s, count);
        x += count;
        where = where == NULL ? NULL : where + count;
        n -= count;
    }
    cyma_leave_environment(&saved, CYMA_F64);
}

/* The same for rows too short for lanes: their losses are added one after the other. */
static void
feed_short_rows(cyma_row_sums *s, cyma_bce_kernel kernel, int precision, cyma_bce *f, ptrdiff_t n)
{
    double losses[CYMA_SUM_BLOCK]; /* or floats */
    f->loss = losses;
    kernel(f, NULL, 0, n);
    f->loss = NULL;
    for (ptrdiff_t i = 0; i < n; i++) {
        *s->rows += precision == CYMA_F32 ? (double)((const float *)losses)[i] : losses[i];
        if (++s->position == s->row_length) {
            s->rows++;
            s->position = 0;
        }
    }
}

void
cyma_feed_bce(cyma_row_sums *s, int precision, const cyma_bce *f, const cyma_repeats *repeats,
              ptrdiff_t n)
{
    const cyma_bce_kernel kernel = cyma_kernels_in_use()->bce[precision];
    const ptrdiff_t size = precision == CYMA_F32 ? sizeof(float) : sizeof(double);
    cyma_bce piece = *f;
    ptrdiff_t phase = 0;
    cyma_environment saved;
    cyma_enter_environment(&saved, precision);
    while (n > 0) {
        ptrdiff_t count = n < repeats->period - phase ? n : repeats->period - phase;
        if (s == NULL) {
            kernel(&piece, NULL, 0, count);
        }
        else if (s->row_length <= CYMA_SHORT_ROW) {
            count = count < CYMA_SUM_BLOCK ? count : CYMA_SUM_BLOCK;
            feed_short_rows(s, kernel, precision, &piece, count);
        }
        else {
            count = before_seam(s, count);
            kernel(&piece, &s->lanes, s->position % CYMA_LANES, count);
            advance(s, count);
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
    cyma_leave_environment(&saved, precision);
}
