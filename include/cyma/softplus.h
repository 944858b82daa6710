/* softplus(x) = log(1 + e^x) and logsigmoid(x) = -softplus(-x). Included once per precision.
 *
 * softplus(x) = max(x, 0) + log1p(e^-|x|), and with e^-a = t / M, t = 2^-n:
 * log1p(e^-a) = 2 atanh(s / 2), s = t / (M + t / 2) <= 2/3. s is most of that, and more than 96 %
 * of it, and its numerator is exact: so the errors of both series hardly count. */

/* base + log1p(e^-|x|), or the negative of that: 2^K is to carry the sign, at no cost. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_log1p_exp)(CYMA_REAL x, CYMA_REAL base, CYMA_REAL sign)
{
    CYMA_REAL a = CYMA_F(cyma_at_most)(CYMA_LIMIT(CLAMP), CYMA_FABS(x));
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(a, 1, CYMA_K);
    CYMA_INVERSE q = CYMA_F(cyma_inverse)(y, (CYMA_REAL)0.5);
    CYMA_REAL w = y.power * q.v, s = w * CYMA_C(UNSCALE), u = s * s;
    /* s (1 + rest) is the logarithm; base may be more or less than s */
    CYMA_REAL rest = CYMA_FMA(u, CYMA_F(cyma_atanh_poly)(u), q.e);
    CYMA_PAIR sum = CYMA_F(cyma_two_sum)(base * (sign * CYMA_C(SCALE)), w);
    return (sum.hi + CYMA_FMA(w, rest, sum.lo)) * (sign * CYMA_C(UNSCALE));
}

/* Worst: 0.871 in float, -0x1.4cd37p+2 -> 0x1.6864f4p-8 + 0.871 ulp; 0.905 in double,
 * -0x1.62606cc919cf8p+9 -> 0x0.b328d0b3e4a72p-1022 + 0.905 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_softplus)(CYMA_REAL x)
{
    CYMA_REAL y = CYMA_F(cyma_log1p_exp)(x, CYMA_F(cyma_at_least)(x, CYMA_LIMIT(ZERO)), 1);
    return CYMA_F(cyma_at_least)(y, x); /* y is nan where 2^K x is infinite */
}

/* Worst: that of softplus, at -x. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid)(CYMA_REAL x)
{
    CYMA_REAL y = CYMA_F(cyma_log1p_exp)(x, CYMA_F(cyma_at_most)(x, CYMA_LIMIT(ZERO)), -1);
    return CYMA_F(cyma_at_most)(y, x);
}
