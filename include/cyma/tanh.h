/* tanh and its derivative. Included once per precision (see cyma.h).
 *
 * With |x| = n ln2/2 + r, |r| <= ln2/4, T = tanh r and t = 2^-n, the addition theorem reads
 * tanh |x| = ((1 - t) + (1 + t) T) / ((1 + t) + (1 - t) T). T is r less 1 % at most, which is all
 * that the polynomial has to give; so its errors hardly count. */

/* tanh r as a pair. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_tanh_reduced)(CYMA_PAIR r)
{
    CYMA_PAIR y;
    CYMA_REAL r2 = r.hi * r.hi;
    CYMA_REAL c = r2 * CYMA_F(cyma_tanh_poly)(r2);
    y.hi = CYMA_FMA(r.hi, c, r.hi);
    y.lo = CYMA_FMA(r.hi, c, r.hi - y.hi) + r.lo;
    return y;
}

/* Worst: 0.513 in float, -0x1.661c66p-3 -> -0x1.628156p-3 - 0.513 ulp; 0.552 in double,
 * 0x1.62f2fc21f1154p-3 -> 0x1.5f6ff62ae72ccp-3 + 0.552 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh)(CYMA_REAL x)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_clamp)(CYMA_FABS(x), CYMA_C(SATURATED)), 2);
    CYMA_PAIR tanh_r = CYMA_F(cyma_tanh_reduced)(y.r);
    CYMA_PAIR n, d;
    CYMA_REAL v, q, rest;

    /* plus = 1 + t_hi and minus = 1 - t_hi are exact; t_lo = t - t_hi */
    CYMA_REAL plus = CYMA_FMA(y.power, CYMA_C(UNSCALE), (CYMA_REAL)1);
    CYMA_REAL t_hi = plus - 1;
    CYMA_REAL t_lo = CYMA_FMA(y.power, CYMA_C(UNSCALE), -t_hi);
    CYMA_REAL minus = 1 - t_hi;
    CYMA_REAL lost = CYMA_FMA(-tanh_r.hi, t_lo, t_lo);

    /* where minus = 1/2, rest may be rounded, so n.hi follows it */
    rest = minus - CYMA_FMA(plus, tanh_r.hi, minus);
    n.hi = minus - rest;
    n.lo = CYMA_F(cyma_residue)(rest, -plus, tanh_r.hi) + CYMA_FMA(plus, tanh_r.lo, -lost);
    d.hi = CYMA_FMA(minus, tanh_r.hi, plus);
    d.lo = CYMA_F(cyma_residue)(plus - d.hi, -minus, tanh_r.hi) + CYMA_FMA(minus, tanh_r.lo, lost);
    v = 1 / d.hi;
    q = n.hi * v;
    rest = CYMA_FMA(-q, d.lo, CYMA_F(cyma_residue)(n.hi, q, d.hi) + n.lo);
    return CYMA_COPYSIGN(CYMA_FMA(rest, v, q), x);
}

/* sech(x)^2 = 4 sigmoid_deriv(2x)
 * Worst: 0.781 in float, -0x1.645bd6p+5 -> 0x1.62c61p-127 + 0.781 ulp; 0.793 in double,
 * -0x1.6310a7ea4caefp+8 -> 0x0.b4de2353f7ce6p-1022 - 0.793 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(2 * CYMA_FABS(x)) * (4 * CYMA_C(UNSCALE));
}

/* From the output y of tanh: grad (1 - y^2).
 * Worst: 1.499 in float, (0x1.ffdfeep-3, 0x1.ffbffap-1) -> 0x1.ffefe4p-13 + 1.499 ulp; 1.500 in
 * double, (0x1.ffd4562cad56cp+3, 0x1.fffffbfffff93p-1) -> 0x1.ffd457948e9c7p-19 + 1.500 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)((CYMA_REAL)1, y, y);
}
