/* Weighted binary cross-entropy and its derivatives, for sums over many elements. Included once per
 * precision (see cyma.h).
 *
 *     loss = a softplus(-x) + b softplus(x),   a = w pw z,   b = w (1 - z)
 *
 * and its two derivatives by x, from one e^-|x| and one division at most. Nothing is compensated,
 * so errors are some ULP (python/cyma/_bce.py has the bound), but nothing cancels either: both
 * tails keep their digits. */

typedef struct {
    CYMA_REAL loss, grad, hess;
} CYMA_BCE;

typedef struct {
    CYMA_REAL linear, e, grad;
} CYMA_BCE_PARTS;

/* e^-a for a >= 0, or nan. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_exp_minus)(CYMA_REAL a)
{
    CYMA_REDUCED reduced =
        CYMA_F(cyma_reduce)(CYMA_F(cyma_at_most)(CYMA_LIMIT(CLAMP), a), 1, CYMA_K);
    CYMA_REAL r = CYMA_FMA(reduced.n, CYMA_C(LN2_LO), -reduced.r.hi);
    CYMA_REAL r2 = r * r;
    CYMA_REAL p = CYMA_FMA(r2, CYMA_F(cyma_exp_poly)(r, r2), r);
    return CYMA_FMA(reduced.power, p, reduced.power) * CYMA_C(UNSCALE);
}

/* y with its sign changed if x < 0. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_times_sign)(CYMA_REAL y, CYMA_REAL x)
{
    const CYMA_BITS sign = (CYMA_BITS)1 << (8 * sizeof(CYMA_BITS) - 1);
    CYMA_REAL without_minus_zero = x + 0;
    CYMA_BITS x_bits, y_bits;
    memcpy(&x_bits, &without_minus_zero, sizeof x_bits);
    memcpy(&y_bits, &y, sizeof y_bits);
    y_bits ^= x_bits & sign;
    memcpy(&y, &y_bits, sizeof y);
    return y;
}

/* hess is without its factor, a + b. What is not asked for is not to be used. */
CYMA_INLINE CYMA_BCE
CYMA_F(cyma_bce_fused)(CYMA_REAL x, CYMA_REAL a, CYMA_REAL b, int loss, int derivatives)
{
    CYMA_BCE y;
    CYMA_REAL magnitude = CYMA_FABS(x);
    CYMA_REAL e = CYMA_F(cyma_exp_minus)(magnitude);
    CYMA_REAL log1p_exp = 0, large; /* log1p(e^-|x|) and sigmoid(|x|) */
    if (loss) {
        CYMA_F(cyma_log1p_and_reciprocal)(e, derivatives, &log1p_exp, &large);
    }
    else {
        large = 1 / (1 + e);
    }

    /* the coefficients of what grows with |x| and of what vanishes; 0 * inf is 0 */
    int negative = x < 0;
    CYMA_REAL grows = negative ? a : b;
    CYMA_REAL vanishes = negative ? b : a;
    CYMA_REAL linear = grows == 0 ? 0 : magnitude * grows;
    y.loss = CYMA_FMA(a + b, log1p_exp, linear);
    y.grad = CYMA_F(cyma_times_sign)(large * CYMA_FMA(-vanishes, e, grows), x);
    y.hess = large * (large * e);
    return y;
}

/* Without weights, a = z and b = 1 - z: the loss is linear + log1p(e). */
CYMA_INLINE CYMA_BCE_PARTS
CYMA_F(cyma_bce_unweighted)(CYMA_REAL x, CYMA_REAL z)
{
    CYMA_BCE_PARTS y;
    CYMA_REAL magnitude = CYMA_FABS(x);
    CYMA_REAL e = CYMA_F(cyma_exp_minus)(magnitude);
    int negative = x < 0;
    CYMA_REAL grows = negative ? z : 1 - z;
    CYMA_REAL vanishes = negative ? 1 - z : z;
    y.linear = grows == 0 ? 0 : magnitude * grows;
    y.e = e;
    y.grad = CYMA_F(cyma_times_sign)(CYMA_FMA(-vanishes, e, grows) / (1 + e), x);
    return y;
}

/* (1 + p)(1 + q) - 1. A sum of log1p(e) is log1p of a product that grows by this: without a
 * logarithm for each element, and accurate however small the e are, as nothing cancels. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_grown)(CYMA_REAL p, CYMA_REAL q)
{
    return CYMA_FMA(p, q, p + q);
}

/* The same in less time from p to the result, but what 1 + q is rounded by adds up where many q are
 * equal. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_grown_soon)(CYMA_REAL p, CYMA_REAL q)
{
    return CYMA_FMA(p, 1 + q, q);
}
