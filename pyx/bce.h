/* Sums of binary cross-entropy over rows of elements, which come in pieces of any length. */
#ifndef CYMA_BCE_ROWS_H
#define CYMA_BCE_ROWS_H

#include "dispatch.h"

/* Every CYMA_SUM_BLOCK elements of a row the lanes go into a compensated sum. So a sum depends on
 * its elements and their order alone, not on pieces, memory layout or tier. Each element at most
 * doubles the product of all lanes, which must stay below 2^1024. */
enum { CYMA_SUM_BLOCK = 960, CYMA_SHORT_ROW = 128 };

typedef struct {
    ptrdiff_t row_length; /* > 0 */
    double *rows;         /* where the sums go, one after the other */
    ptrdiff_t position;   /* in the current row */
    cyma_lanes lanes;
    double sum, lost; /* of the current row: sum + lost */
} cyma_row_sums;

void cyma_begin_rows(cyma_row_sums *s, ptrdiff_t row_length, double *rows);

/* Takes n more elements, or, if `where` is not NULL, those of them where it is true. */
void cyma_add_to_rows(cyma_row_sums *s, const double *x, const unsigned char *where, ptrdiff_t n);

/* Arrays that have only `period` elements and begin anew after those. */
typedef struct {
    ptrdiff_t period; /* > 0; does not matter if nothing repeats */
    int weight, pos_weight, where;
} cyma_repeats;

/* Computes n more elements, and takes their losses if `s` is not NULL. */
void cyma_feed_bce(cyma_row_sums *s, int precision, const cyma_bce *f, const cyma_repeats *repeats,
                   ptrdiff_t n);

#endif
