/* tanh and its derivative. Included once per precision (see cyma.h).
 *
 * With a = 2 |x|, e^-a = t / M:  tanh |x| = (M - t) / (M + t). M - t is exact as a pair, so
 * nothing cancels, not even where tanh(x) is close to x. */

/* Worst: 0.693 in float, 0x1.6b60c2p-3 -> 0x1.679cb6p-3 - 0.693 ulp;
 * 0.825 in double, 0x1.6c35040734c61p-3 -> 0x1.686a6784b117cp-3 + 0.825 ulp. */
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
 * Worst: 0.781 in float, 0x1.645bd6p+5 -> 0x1.62c61p-127 + 0.781 ulp (subnormal; otherwise 0.619);
 * 0.777 in double, 0x1.63079aad73a17p+8 -> 0x0.c21f03c04c072p-1022 - 0.777 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(2 * CYMA_FABS(x)) * (4 * CYMA_C(UNSCALE));
}

/* From the output y of tanh: grad (1 - y^2).
 * Worst: 1.467 in float, (0x1.fb508ep+0, -0x1.68c37cp-1) -> 0x1.fee1bap-1 + 1.467 ulp;
 * 1.463 in double, (0x1.eecb4551abb31p+8, 0x1.b9f1b9cf18be4p-1) ->
 * 0x1.f88eec36f6313p+6 + 1.463 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)((CYMA_REAL)1, y, y);
}
