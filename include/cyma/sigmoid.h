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

/* Worst: 0.852 in float, -0x1.794548p+2 -> 0x1.67ed12p-9 + 0.852 ulp; 0.910 in double,
 * -0x1.6260a1c40da74p+9 -> 0x0.b2deb834c19dp-1022 + 0.910 ulp. */
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

/* Worst: 0.844 in float, -0x1.4ccbb8p+2 -> 0x1.6599cep-8 + 0.844 ulp; 0.910 in double,
 * 0x1.6260b3fe0c527p+9 -> 0x0.b2c541a7f0a08p-1022 + 0.910 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_deriv)(CYMA_REAL x)
{
    return CYMA_F(cyma_sigmoid_deriv_scaled)(CYMA_FABS(x), CYMA_C(UNSCALE));
}

/* From the output y of sigmoid: grad (y - y^2), which is grad y (1 - y) with a rounding less.
 * Worst: 1.499 in float, (-0x1.ffbf9ep+3, 0x1.000bfp-24) -> -0x1.ffd776p-21 + 1.499 ulp; 1.498 in
 * double, (-0x1.ffd856d58b821p+1, 0x1.ffffdffecde6ep-1) -> -0x1.ffeb56ec413c9p-19 + 1.498 ulp. */
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

/* Not 0 where x is far, or nan. As every instruction set has what it takes, unlike comparisons of
 * numbers into integers, these are what to search many numbers with. */
CYMA_INLINE CYMA_BITS
CYMA_F(cyma_far_bits)(CYMA_REAL x)
{
    CYMA_REAL excess = CYMA_F(cyma_at_least)(CYMA_LIMIT(ZERO), x - CYMA_C(FAR));
    CYMA_BITS bits;
    memcpy(&bits, &excess, sizeof bits);
    return bits;
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
 * Worst: 1.689 in float, (0x1.fc5fe6p-28, 0x1.17edd8p+0) -> 0x1.fe5632p-30 - 1.689 ulp; 1.681 in
 * double, (0x1.738e688d9c40bp+19, 0x1.61e0c81ff72f4p+8) -> 0x1.ffc295ce4d433p-492 + 1.681 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_logsigmoid_backward)(CYMA_REAL grad, CYMA_REAL x)
{
    CYMA_REAL if_near = CYMA_F(cyma_logsigmoid_backward_near)(grad, x);
    CYMA_REAL if_far = CYMA_F(cyma_logsigmoid_backward_far)(grad, x);
    return CYMA_F(cyma_far)(x) ? if_far : if_near;
}
