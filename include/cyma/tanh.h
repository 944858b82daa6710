/* tanh and its derivative. Included once per precision (see cyma.h).
 *
 * With |x| = n ln2/2 + r, |r| <= ln2/4, T = tanh r and t = 2^-n, the addition theorem reads
 * tanh |x| = ((1 - t) + (1 + t) T) / ((1 + t) + (1 - t) T). T is r less 1 % at most, which is all
 * that the polynomial has to give; so its errors hardly count. */

/* Worst: 0.518 in float, -0x1.65d52ap-3 -> -0x1.623c3cp-3 - 0.518 ulp; 0.553 in double,
 * 0x1.62e438568829cp-3 -> 0x1.5f61a1a857bf1p-3 + 0.553 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh)(CYMA_REAL x)
{
    CYMA_REDUCED y =
        CYMA_F(cyma_reduce)(CYMA_F(cyma_at_most)(CYMA_LIMIT(SATURATED), CYMA_FABS(x)), 2, 0);
    CYMA_REAL r = y.r.hi + y.r.lo, r2 = r * r;
    CYMA_REAL c = CYMA_PRODUCT(r * r2, CYMA_F(cyma_tanh_poly)(r2));
    CYMA_REAL tanh_r = r + c;

    /* plus = 1 + t_hi and minus = 1 - t_hi are exact; t_lo = t - t_hi */
    CYMA_REAL plus = 1 + y.power;
    CYMA_REAL t_hi = plus - 1, t_lo = y.power - t_hi;
    CYMA_REAL minus = 1 - t_hi;

    /* q is most of the quotient, with so few bits that slope and the first rest are exact; rest =
     * numerator - q denominator = (minus - q plus) + slope tanh r + what t_lo adds */
    CYMA_REAL v = 1 / CYMA_FMA(minus, tanh_r, plus);
    CYMA_REAL q = CYMA_F(cyma_cut)(CYMA_FMA(plus, tanh_r, minus) * v);
    CYMA_REAL slope = CYMA_F(cyma_residue)(plus, q, minus);
    CYMA_REAL rest = CYMA_F(cyma_residue)(minus, q, plus);
    rest = CYMA_F(cyma_residue)(rest, -slope, y.r.hi);
    rest = CYMA_FMA(slope, c + y.r.lo, rest);
    rest = CYMA_FMA(t_lo + t_lo, tanh_r - 1, rest);
    return CYMA_COPYSIGN(CYMA_FMA(rest, v, q), x);
}

/* sech(x)^2 = 4 sigmoid_deriv(2x)
 * Worst: 0.859 in float, -0x1.646fdp+5 -> 0x1.5beb78p-127 - 0.859 ulp; 0.873 in double,
 * -0x1.631230fc187dap+8 -> 0x0.b2b6098dd2deap-1022 + 0.873 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(2 * CYMA_FABS(x), 4 * CYMA_C(UNSCALE));
}

/* From the output y of tanh: grad (1 - y^2).
 * Worst: 1.499 in float, (0x1.ffdfeep-3, 0x1.ffbffap-1) -> 0x1.ffefe4p-13 + 1.499 ulp; 1.500 in
 * double, (0x1.fff93bdd3fc83p+3, 0x1.fffffbffffe4fp-1) -> 0x1.fff9476518aa3p-19 + 1.500 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_tanh_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)((CYMA_REAL)1, y, y);
}
