/* Addition of the lanes of a sum, without the errors of rounding. */
#ifndef CYMA_LANES_H
#define CYMA_LANES_H

#include "dispatch.h"

/* Adds a + b to sum, and what is lost in the last digits of that to lost (Knuth). */
static inline double
cyma_add_with_rest(double a, double b, double *lost)
{
    const double sum = a + b, added = sum - a;
    *lost += (a - (sum - added)) + (b - added);
    return sum;
}

/* Adds to lane j another one, likewise of a sum and what it lost, and of a product and what that
 * lost. */
static inline void
cyma_merge_lanes(cyma_lanes *total, cyma_lanes *lost, int j, double sum, double sum_lost, double q,
                 double q_lost)
{
    const double p = total->products[j];
    double p_lost = lost->products[j] * (1 + q) + q_lost * (1 + p);
    const double linear = cyma_add_with_rest(p, q, &p_lost);
    total->products[j] = cyma_add_with_rest(linear, p * q, &p_lost);
    lost->products[j] = p_lost;
    lost->sums[j] += sum_lost;
    total->sums[j] = cyma_add_with_rest(total->sums[j], sum, &lost->sums[j]);
}

#endif
