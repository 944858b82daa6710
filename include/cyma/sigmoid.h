/* sigmoid(x) = 1 / (1 + e^-x) and its derivative. Included once per precision (see cyma.h).
 *
 * With e^-a = t / M, t = 2^-n:  sigmoid(-a) = t / (M + t), for a of either sign. The numerator is
 * exact, so the error of the exponential enters once. */

/* sigmoid(-a), for -SATURATED <= a <= CLAMP, or nan. Where t is half the smallest subnormal or
 * less it is 0, and so is the result: it would be 0.71 of that, at most. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_of_minus)(CYMA_REAL a)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(a, 1, CYMA_K);
    CYMA_INVERSE q = CYMA_F(cyma_inverse)(y, 1);
    return CYMA_FMA(q.v, q.e, q.v) * (y.power * CYMA_C(UNSCALE));
}

/* Worst: that of sigmoid, at -x. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_deriv)(CYMA_REAL x)
{
    CYMA_REAL a = CYMA_F(cyma_clamp)(x, -CYMA_LIMIT(SATURATED), CYMA_LIMIT(CLAMP));
    return CYMA_F(cyma_sigmoid_of_minus)(a);
}

/* Worst: 0.818 in float, 0x1.667cc8p-2 -> 0x1.2c5bdcp-1 - 0.818 ulp; 0.866 in double,
 * -0x1.625f1d3c0a24dp+9 -> 0x0.b500e4aeea6c4p-1022 - 0.866 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid)(CYMA_REAL x)
{
    return CYMA_F(cyma_logsigmoid_deriv)(-x);
}

/* scale 2^K t M / (M + t)^2 = scale 2^K sigmoid(a) sigmoid(-a), for a >= 0.
 *
 * With sigmoid(-a) = w (1 + e) it is w (1 + e) (1 - w (1 + e)), or w (1 - w) and the small
 * w e (1 - 2w), rounded together. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_deriv_scaled)(CYMA_REAL a, CYMA_REAL scale)
{
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_at_most)(CYMA_LIMIT(CLAMP), a), 1, CYMA_K);
    CYMA_INVERSE q = CYMA_F(cyma_inverse)(y, 1);
    CYMA_REAL w = q.v * (y.power * CYMA_C(UNSCALE));
    CYMA_REAL rest = 1 - w, lost = (1 - rest) - w;
    CYMA_REAL product = CYMA_FMA(q.v, rest, q.v * CYMA_FMA(q.e, rest - w, lost));
    return product * (y.power * scale);
}

/* Worst: 0.807 in float, -0x1.5ed4bep+6 -> 0x1.613a58p-127 - 0.807 ulp; 0.863 in double,
 * -0x1.625f1fa037b76p+9 -> 0x0.b4fd830a4985p-1022 - 0.863 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(CYMA_FABS(x), CYMA_C(UNSCALE));
}

/* From the output y of sigmoid: grad (y - y^2), which is grad y (1 - y) with a rounding less.
 * Worst: 1.498 in float, (-0x1.ff8f6ep+2, 0x1.001906p-24) -> -0x1.ffc16ap-22 + 1.498 ulp; 1.497 in
 * double, (0x1.ffe3a222fb8a6p+7, 0x1.ffff7ff9a374dp-1) -> 0x1.fffc92e131a34p-11 - 1.497 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_backward)(CYMA_REAL grad, CYMA_REAL y)
{
    return grad * CYMA_F(cyma_residue)(y, y, y);
}

/* Whether e^-x may be too small for a factor by itself. */
CYMA_INLINE int
CYMA_F(cyma_far)(CYMA_REAL x)
{
    return x > CYMA_C(FAR);
}

/* grad sigmoid(-x) where x is not far. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_backward_near)(CYMA_REAL grad, CYMA_REAL x)
{
    CYMA_REAL a = CYMA_F(cyma_at_least)(-CYMA_LIMIT(SATURATED), x);
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(a, 1, 0);
    CYMA_INVERSE q = CYMA_F(cyma_inverse)(y, CYMA_C(SCALE));
    return grad * (CYMA_FMA(q.v, q.e, q.v) * y.power);
}

/* grad e^-x where x is far: it may lift an exponential far below the smallest subnormal back into
 * range, so 2^-n comes in three factors. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_backward_far)(CYMA_REAL grad, CYMA_REAL x)
{
    const CYMA_REAL shifter = CYMA_C(SHIFTER) + CYMA_C(BIAS);
    CYMA_REDUCED y = CYMA_F(cyma_reduce)(CYMA_F(cyma_at_most)(CYMA_LIMIT(CLAMP_WIDE), x), 1, 0);
    CYMA_INVERSE q;
    CYMA_REAL n = y.n - CYMA_K, most = CYMA_F(cyma_at_most)(CYMA_LIMIT(LARGEST_N), n), w;
    y.power = 0; /* beside M */
    q = CYMA_F(cyma_inverse)(y, 1);
    w = CYMA_FMA(q.v, q.e, q.v) * CYMA_C(UNSCALE);
    grad *= x > CYMA_C(MAX) ? 0 : w; /* a power would not be 0 */
    grad *= CYMA_F(cyma_power)(shifter - most);
    return grad * CYMA_F(cyma_power)(shifter - (n - most));
}

/* From the input x of logsigmoid: grad sigmoid(-x).
 * Worst: 1.334 in float, (0x1.005ee4p+118, 0x1.517e5ep+7) -> 0x1.774cc4p-126 + 1.334 ulp; 1.314 in
 * double, (0x1.1a646ad7bc084p+218, 0x1.ad933c74bfe1ap+9) -> 0x1.919ff7b6ebcd7p-1022 - 1.314 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_backward)(CYMA_REAL grad, CYMA_REAL x)
{
    CYMA_REAL if_near = CYMA_F(cyma_logsigmoid_backward_near)(grad, x);
    CYMA_REAL if_far = CYMA_F(cyma_logsigmoid_backward_far)(grad, x);
    return CYMA_F(cyma_far)(x) ? if_far : if_near;
}
