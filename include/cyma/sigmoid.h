/* sigmoid(x) = 1 / (1 + e^-x) and its derivative. Included once per precision (see cyma.h).
 *
 * With e^-a = t / M, t = 2^-n:  sigmoid(-a) = t / (M + t), sigmoid(a) = 1 - t / (M + t). The
 * numerator is exact, so the error of the exponential enters once. */

/* 2^K sigmoid(-|x|), or 2^K sigmoid(|x|) where `large`. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_scaled)(CYMA_REAL x, int large)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_clamp)(CYMA_FABS(x), CYMA_C(CLAMP)), 1);
    CYMA_PAIR d = CYMA_F(cyma_add_power)(CYMA_F(cyma_exp)(y.r), y.power, (CYMA_REAL)1);
    CYMA_REAL v = 1 / d.hi;
    CYMA_REAL w = y.power * CYMA_FMA(v, CYMA_F(cyma_reciprocal_residue)(v, d), v);
    return large ? CYMA_C(SCALE) - w : w;
}

/* Worst: 0.771 in float, 0x1.74d656p-2 -> 0x1.2e18b8p-1 - 0.771 ulp; 0.805 in double,
 * -0x1.625f60e5e1534p+9 -> 0x0.b4a14f517af9ap-1022 - 0.805 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_scaled)(x, x >= 0) * CYMA_C(UNSCALE);
}

/* Worst: that of sigmoid. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid)(-x);
}

/* 2^K t M / (M + t)^2 = 2^K sigmoid(a) sigmoid(-a), for a >= 0.
 *
 * With v = 1/D (1 - e) rounded and w + w_lo = M.hi v, exact, the value is
 * (w + w_lo + M.lo v) v (1 + 2e): w v and a small correction, rounded together. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_deriv_scaled)(CYMA_REAL a)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_clamp)(a, CYMA_C(CLAMP)), 1);
    CYMA_PAIR m = CYMA_F(cyma_exp)(y.r);
    CYMA_PAIR d = CYMA_F(cyma_add_power)(m, y.power, (CYMA_REAL)1);
    CYMA_REAL v = 1 / d.hi;
    CYMA_REAL e = CYMA_F(cyma_reciprocal_residue)(v, d);
    CYMA_REAL w = m.hi * v;
    CYMA_REAL w_lo = CYMA_FMA(m.lo, v, -CYMA_F(cyma_residue)(w, m.hi, v));
    CYMA_REAL correction = CYMA_FMA(2 * w, e, w_lo);
    return y.power * CYMA_FMA(w, v, v * correction);
}

/* Worst: 0.770 in float, -0x1.5efd88p+6 -> 0x1.536f28p-127 + 0.770 ulp; 0.806 in double,
 * 0x1.625f70c333953p+9 -> 0x0.b48aed7ab4aap-1022 - 0.806 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(CYMA_FABS(x)) * CYMA_C(UNSCALE);
}

/* From the output y of sigmoid: grad (y - y^2), which is grad y (1 - y) with a rounding less.
 * Worst: 1.498 in float, (-0x1.ff8f6ep+2, 0x1.001906p-24) -> -0x1.ffc16ap-22 + 1.498 ulp; 1.497 in
 * double, (0x1.ffe3a222fb8a6p+7, 0x1.ffff7ff9a374dp-1) -> 0x1.fffc92e131a34p-11 - 1.497 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)(y, y, y);
}

/* From the input x of logsigmoid: grad sigmoid(-x).
 *
 * grad may lift a sigmoid far below the smallest subnormal back into range. So for large n the
 * power is 2^(K + RESCALE - n), and grad takes a share of the scaling back such that no product
 * overflows or underflows before the result does.
 * Worst: 1.135 in float, (0x1.47dd5cp+7, 0x1.6f732cp+6) -> 0x1.c6467ep-126 - 1.135 ulp; 1.149 in
 * double, (0x1.657dc88552e84p+54, 0x1.74bd69d987251p+9) -> 0x1.f991ade9391f3p-1022 + 1.149 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_backward)(CYMA_REAL grad, CYMA_REAL x)
{
    const CYMA_REAL shifter = CYMA_C(SHIFTER) + (CYMA_C(BIAS) + CYMA_K);
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(
        CYMA_F(cyma_clamp)(CYMA_FABS(x), x > 0 ? CYMA_C(CLAMP_WIDE) : CYMA_C(CLAMP)), 1);
    int rescale = y.n > CYMA_C(RESCALE_FROM);
    int big = CYMA_FABS(grad) >= 1;
    CYMA_PAIR m, d;
    CYMA_REAL v, e, numerator, q, q_lo, before, after;

    y.power = CYMA_F(cyma_power)(shifter - y.n + (rescale ? CYMA_C(RESCALE) : 0));
    m = CYMA_F(cyma_exp)(y.r);
    d = CYMA_F(cyma_add_power)(m, y.power, (CYMA_REAL)1);
    v = 1 / d.hi;
    e = CYMA_F(cyma_reciprocal_residue)(v, d);

    /* 2^K sigmoid(-x) as a pair: t / (M + t) or M / (M + t) */
    numerator = x > 0 ? y.power : m.hi * CYMA_C(SCALE);
    numerator = x > CYMA_C(MAX) ? 0 : numerator;
    q = numerator * v;
    q_lo = CYMA_FMA(q, e, -CYMA_F(cyma_residue)(q, numerator, v));
    q_lo = CYMA_FMA(x > 0 ? 0 : m.lo * CYMA_C(SCALE), v, q_lo);

    before = rescale ? CYMA_C(RESCALE_INV) : (big ? CYMA_C(UNSCALE) : 1);
    after = rescale ? CYMA_C(UNSCALE) : (big ? 1 : CYMA_C(UNSCALE));
    grad *= before;
    /* q_lo must not meet an infinite grad: inf - inf is nan. */
    return (CYMA_FABS(grad) > CYMA_C(MAX) ? grad * q : CYMA_FMA(grad, q, grad * q_lo)) * after;
}
