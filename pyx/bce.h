/* Sums of binary cross-entropy over rows of elements, which come in pieces of any length. */
#ifndef CYMA_BCE_STREAM_H
#define CYMA_BCE_STREAM_H

#include "dispatch.h"

/* Element i of a row is added to lane i % CYMA_LANES; every CYMA_SUM_BLOCK elements the lanes are
 * added up, in pairs, and go into a compensated sum. So a sum depends on its elements and their
 * order alone, not on pieces, memory layout or tier. */
enum { CYMA_SUM_BLOCK = 512 };

typedef struct {
    int precision;        /* of the elements: CYMA_F32 or CYMA_F64 */
    ptrdiff_t row_length; /* > 0 */
    double *rows;         /* where the sums go, one after the other */
    ptrdiff_t position;   /* in the current row */
    double lanes[CYMA_LANES];
    double sum, lost; /* of the current row: sum + lost */
} cyma_row_sums;

void cyma_begin_rows(cyma_row_sums *s, int precision, ptrdiff_t row_length, double *rows);

/* Takes n more elements. */
void cyma_add_to_rows(cyma_row_sums *s, const void *elements, ptrdiff_t n);

/* Computes n more elements, and takes their losses if `s` is not NULL; then f->loss may be NULL. */
void cyma_feed_bce(cyma_row_sums *s, int precision, const cyma_bce *f, ptrdiff_t n);

#endif
