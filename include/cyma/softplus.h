/* softplus(x) = log(1 + e^x) and logsigmoid(x) = -softplus(-x). Included once per precision.
 *
 * softplus(x) = max(x, 0) + log1p(e), e = e^-|x|. With f = e, or f = (e - 1)/2 and another ln2 for
 * e > 1/2, and s = f / (2 + f):  log1p(f) = 2 atanh(s), |s| <= 1/5. */

/* base + log1p(e^-a), rounded once; base = 0 or base = a. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_log1p_exp)(CYMA_REAL a, CYMA_REAL base)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(a, 1);
    CYMA_PAIR minus_r, e, f, d, sum;
    CYMA_REAL v, s, s_lo, u, big, tail;
    int halve;

    /* e and f times 2^K */
    minus_r.hi = -y.r.hi;
    minus_r.lo = -y.r.lo;
    e = CYMA_F(cyma_exp)(minus_r);
    e.hi *= y.power;
    e.lo *= y.power;
    halve = e.hi > CYMA_C(SCALE) / 2;
    f.hi = halve ? (e.hi - CYMA_C(SCALE)) / 2 : e.hi;
    f.lo = halve ? e.lo / 2 : e.lo;

    d.hi = CYMA_FMA(f.hi, CYMA_C(UNSCALE), (CYMA_REAL)2);
    d.lo = CYMA_FMA(f.hi, CYMA_C(UNSCALE), 2 - d.hi);
    v = 1 / d.hi;
    s = f.hi * v; /* times 2^K, like s_lo */
    s_lo = v * CYMA_FMA(-s, d.lo, CYMA_F(cyma_residue)(f.hi, s, d.hi) + f.lo);
    u = s * CYMA_C(UNSCALE);
    u *= u;
    tail = CYMA_FMA(s * u, CYMA_F(cyma_atanh_poly)(u), s_lo);

    big = base + (halve ? CYMA_C(LN2_HI) : 0);
    sum.lo = (halve ? CYMA_C(LN2_LO) : 0) + (((halve ? CYMA_C(LN2_HI) : 0) - big) + base);
    sum.hi = CYMA_FMA(s, 2 * CYMA_C(UNSCALE), big);
    sum.lo += CYMA_FMA(s, 2 * CYMA_C(UNSCALE), big - sum.hi);
    return sum.hi + CYMA_FMA(tail, 2 * CYMA_C(UNSCALE), sum.lo);
}

/* Worst: 0.794 in float, -0x1.592b62p+6 -> 0x1.6ba8p-125 - 0.794 ulp; 0.847 in double,
 * -0x1.61addea2ddaap+9 -> 0x1.697043567fd7ep-1021 - 0.847 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_softplus)(CYMA_REAL x)
{
    CYMA_REAL a = CYMA_F(cyma_clamp)(CYMA_FABS(x), CYMA_C(CLAMP));
    CYMA_REAL y = CYMA_F(cyma_log1p_exp)(a, x > 0 ? a : 0);
    return x > CYMA_C(SATURATED) ? x : y;
}

/* Worst: that of softplus, at -x. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid)(CYMA_REAL x)
{
    return -CYMA_F(cyma_softplus)(-x);
}
