/* tanh and its derivative. Included once per precision (see cyma.h).
 *
 * With a = 2 |x|, e^-a = t / M:  tanh |x| = (M - t) / (M + t). M - t is exact as a pair, so
 * nothing cancels, not even where tanh(x) is close to x. */

CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh)(CYMA_REAL x)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_clamp)(2 * CYMA_FABS(x), CYMA_C(CLAMP)));
    CYMA_PAIR m = CYMA_F(cyma_exp)(y.r);
    CYMA_PAIR n = CYMA_F(cyma_add_power)(m, y.power, (CYMA_REAL)-1);
    CYMA_PAIR d = CYMA_F(cyma_add_power)(m, y.power, (CYMA_REAL)1);
    CYMA_REAL v = 1 / d.hi;
    CYMA_REAL q = n.hi * v;
    CYMA_REAL rest = CYMA_FMA(-q, d.lo, CYMA_F(cyma_residue)(n.hi, q, d.hi) + n.lo);
    return CYMA_COPYSIGN(CYMA_FMA(rest, v, q), x);
}

/* sech(x)^2 = 4 sigmoid_deriv(2x) */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(2 * CYMA_FABS(x)) * (4 * CYMA_C(UNSCALE));
}

/* From the output y of tanh: grad (1 - y^2). */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)((CYMA_REAL)1, y, y);
}
