/* Weighted binary cross-entropy and its derivatives, for sums over many elements. Included once per
 * precision (see cyma.h).
 *
 *     loss = a softplus(-x) + b softplus(x),   a = w pw z,   b = w (1 - z)
 *
 * and its two derivatives by x, from one e^-|x| and one division. Nothing is compensated, so an
 * error is some 3 ULP instead of 1 (less than the sum loses beside it), but nothing cancels either:
 * both tails keep their digits. */

typedef struct {
    CYMA_REAL loss, grad, hess;
} CYMA_BCE;

/* `sum` is a + b, often known to be 1. The second derivative lacks this factor. Without
 * `derivatives` those are not to be used. */
CYMA_INLINE CYMA_BCE
CYMA_F(cyma_bce_fused)(CYMA_REAL x, CYMA_REAL a, CYMA_REAL b, CYMA_REAL sum, int derivatives)
{
    CYMA_BCE y;
    CYMA_REAL magnitude = CYMA_FABS(x);
    CYMA_REDUCED reduced = CYMA_F(cyma_reduce)(CYMA_F(cyma_clamp)(magnitude, CYMA_C(CLAMP)), 1);
    CYMA_REAL r = -reduced.r.hi;
    CYMA_REAL r2 = r * r;
    CYMA_REAL p = CYMA_FMA(r2, CYMA_F(cyma_exp_poly)(r, r2), r);
    CYMA_REAL e = CYMA_FMA(reduced.power, p, reduced.power) * CYMA_C(UNSCALE); /* e^-|x| */

    /* log1p(e) = 2 atanh(s), 2 s = 2 e / (2 + e), and sigmoid(|x|) = 1 / (1 + e) */
    CYMA_REAL v = derivatives ? 1 / ((1 + e) * (2 + e)) : 0;
    CYMA_REAL large = (2 + e) * v;
    CYMA_REAL twice_s = derivatives ? 2 * e * ((1 + e) * v) : 2 * e / (2 + e);
    CYMA_REAL u = twice_s * twice_s / 4;
    CYMA_REAL log1p_exp = CYMA_FMA(twice_s * u, CYMA_F(cyma_atanh_wide_poly)(u), twice_s);

    /* the coefficients of what grows with |x| and of what vanishes; 0 * inf is 0 */
    CYMA_REAL grows = x < 0 ? a : b;
    CYMA_REAL vanishes = x < 0 ? b : a;
    CYMA_REAL linear = grows == 0 ? 0 : magnitude * grows;
    CYMA_REAL slope = large * CYMA_FMA(-vanishes, e, grows);
    y.loss = CYMA_FMA(sum, log1p_exp, linear);
    y.grad = x < 0 ? -slope : slope;
    y.hess = large * (large * e);
    return y;
}
