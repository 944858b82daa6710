/* Sums of binary cross-entropy over rows of elements, which come in pieces of any length. */
#ifndef CYMA_BCE_ROWS_H
#define CYMA_BCE_ROWS_H

#include "dispatch.h"

#include <math.h>

/* 0 if float holds a number, 1 if it takes double. A number that is a mere factor need not be held
 * exactly: its rounding is as that of a result. */
static inline int
cyma_width_of_number(double value, int exactly)
{
    const double magnitude = fabs(value);
    if (value == 0 || !(magnitude < INFINITY)) {
        return 0;
    }
    if (exactly && (double)(float)value != value) {
        return 1;
    }
    return !(magnitude >= 0x1p-126 && magnitude < 0x1p127);
}

/* The elements of a row are added in blocks of CYMA_SUM_BLOCK, and these in a compensated sum;
 * those of a row of at most CYMA_SHORT_ROW elements without lanes. So a sum depends on the elements
 * and their order alone, not on pieces, memory layout or tier. */
enum { CYMA_SHORT_ROW = 128 };

/* value * 2^exponent: what overflows or underflows elsewhere does not. */
typedef struct {
    long double value;
    int exponent;
} cyma_scaled;

/* Rows of elements that come in pieces. What is in long double is in pairs of a value and a power
 * of 2, as cyma_scaled. */
typedef struct {
    ptrdiff_t row_length; /* > 0 */
    int precision;
    void *sums;          /* or NULL; where the sums go, one after the other: double, or ... */
    int *exponents;      /* ... long double, with these */
    const void *factors; /* or NULL; of the derivatives, one for each row: likewise */
    const int *factor_exponents;
    double greatest_factor; /* of those and of cyma_bce.scale, without sign */
    /* the rest is 0 in the beginning */
    cyma_bce_kernel kernel;  /* of the tier in use at the first piece: all pieces have one tier */
    ptrdiff_t row, position; /* of the next element */
    cyma_block *block;       /* of the current row if that is long; all 0 in the beginning */
    double sum, lost, chain; /* the last one of a short row */
    cyma_scaled scaled_sum, scaled_lost;
    cyma_bce_seen seen;
    int wild; /* a wider type is due: more is wrong than the last digits */
} cyma_rows;

/* Takes n more elements, or, if `where` is not NULL, those of them where it is true. */
void cyma_add_to_rows(cyma_rows *rows, const void *x, const unsigned char *where, ptrdiff_t n);

/* Arrays that have only `period` elements and begin anew after those. */
typedef struct {
    ptrdiff_t period; /* > 0; does not matter if nothing repeats */
    int weight, pos_weight, where;
} cyma_repeats;

/* Computes n more elements, and adds their losses if sums are wanted: then f->loss is NULL. */
void cyma_feed_bce(cyma_rows *rows, const cyma_bce *f, const cyma_repeats *repeats, ptrdiff_t n);

#endif
