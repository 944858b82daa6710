/* tanh and its derivative. Included once per precision (see cyma.h).
 *
 * With a = 2 |x|, e^-a = t / M:  tanh |x| = (M - t) / (M + t). M - t is exact as a pair, so
 * nothing cancels, not even where tanh(x) is close to x. */

/* Worst: 0.693 in float, 0x1.6b60c2p-3 -> 0x1.679cb6p-3 - 0.693 ulp;
 * 0.811 in double, 0x1.736d0c3f7e087p-3 -> 0x1.6f6815a3e6b8fp-3 + 0.811 ulp. */
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

/* sech(x)^2 = 4 sigmoid_deriv(2x)
 * Worst: 0.781 in float, at 0x1.645bd6p+5 (subnormal; otherwise 0.619);
 * 0.771 in double, 0x1.63157f309b7d0p+8 -> 0x0.ae27b4f86bcc8p-1022 - 0.771 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(2 * CYMA_FABS(x)) * (4 * CYMA_C(UNSCALE));
}

/* From the output y of tanh: grad (1 - y^2).
 * Worst: 1.431 in float; 1.440 in double, (0x1.e3e1c16167650p+8, 0x1.63159a6fe47cap-1) ->
 * 0x1.f64af38e4c8c6p+7 + 1.440 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)((CYMA_REAL)1, y, y);
}
