#include "bce.h"

#include "environment.h"

#include <math.h>
#include <string.h>

void
cyma_begin_rows(cyma_row_sums *s, int precision, ptrdiff_t row_length, double *rows)
{
    memset(s, 0, sizeof *s);
    s->precision = precision;
    s->row_length = row_length;
    s->rows = rows;
}

/* Adds the lanes up and puts them into the compensated sum (Neumaier). */
static void
fold(cyma_row_sums *s)
{
    double total;
    for (int width = CYMA_LANES / 2; width > 0; width /= 2) {
        for (int j = 0; j < width; j++) {
            s->lanes[j] += s->lanes[j + width];
        }
    }
    total = s->sum + s->lanes[0];
    s->lost += fabs(s->sum) >= fabs(s->lanes[0]) ? (s->sum - total) + s->lanes[0]
                                                 : (s->lanes[0] - total) + s->sum;
    s->sum = total;
    memset(s->lanes, 0, sizeof s->lanes);
}

static void
end_row(cyma_row_sums *s)
{
    const double total = s->sum + s->lost;
    *s->rows++ = isnan(total) ? s->sum : total; /* what infinity lost is nan */
    s->position = 0;
    s->sum = s->lost = 0;
}

static double
element(const cyma_row_sums *s, const void *elements, ptrdiff_t i)
{
    return s->precision == CYMA_F32 ? (double)((const float *)elements)[i]
                                    : ((const double *)elements)[i];
}

void
cyma_add_to_rows(cyma_row_sums *s, const void *elements, ptrdiff_t n)
{
    const ptrdiff_t size = s->precision == CYMA_F32 ? sizeof(float) : sizeof(double);
    ptrdiff_t i = 0;
    while (i < n) {
        ptrdiff_t end = CYMA_SUM_BLOCK - s->position % CYMA_SUM_BLOCK;
        end = end < s->row_length - s->position ? end : s->row_length - s->position;
        end = i + (end < n - i ? end : n - i);
        s->position += end - i;
        while (i < end) {
            const ptrdiff_t lane = (s->position - (end - i)) % CYMA_LANES;
            const ptrdiff_t whole = lane == 0 ? (end - i) / CYMA_LANES * CYMA_LANES : 0;
            if (whole > 0) {
                cyma_active.add[s->precision]((const char *)elements + i * size, s->lanes, whole);
                i += whole;
            }
            else {
                s->lanes[lane] += element(s, elements, i);
                i++;
            }
        }
        if (s->position % CYMA_SUM_BLOCK == 0 || s->position == s->row_length) {
            fold(s);
        }
        if (s->position == s->row_length) {
            end_row(s);
        }
    }
}

void
cyma_feed_bce(cyma_row_sums *s, int precision, const cyma_bce *f, ptrdiff_t n)
{
    const cyma_bce_kernel kernel = cyma_active.bce[precision];
    const ptrdiff_t size = precision == CYMA_F32 ? sizeof(float) : sizeof(double);
    double losses[CYMA_SUM_BLOCK]; /* or floats */
    cyma_environment saved;
    cyma_enter_environment(&saved, precision);
    if (s == NULL || f->loss != NULL) {
        kernel(f, n);
        if (s != NULL) {
            cyma_add_to_rows(s, f->loss, n);
        }
    }
    else {
        cyma_bce piece = *f;
        piece.loss = losses;
        for (ptrdiff_t start = 0; start < n; start += CYMA_SUM_BLOCK) {
            const ptrdiff_t count = n - start < CYMA_SUM_BLOCK ? n - start : CYMA_SUM_BLOCK;
#define CYMA_FROM_START(member)                                                                    \
    piece.member = f->member == NULL ? NULL : (char *)f->member + start * size
            CYMA_FROM_START(logits);
            CYMA_FROM_START(targets);
            CYMA_FROM_START(weight);
            CYMA_FROM_START(pos_weight);
            CYMA_FROM_START(grad);
            CYMA_FROM_START(hess);
            piece.where = f->where == NULL ? NULL : f->where + start;
            kernel(&piece, count);
            cyma_add_to_rows(s, losses, count);
        }
    }
    cyma_leave_environment(&saved, precision);
}
