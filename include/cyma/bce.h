/* Binary cross-entropy with logits, elementwise. Included once per precision (see cyma.h). */

/* z softplus(-x) + (1 - z) softplus(x) = log1p(e^-|x|) - x u, u = z for x <= 0, z - 1 for x > 0.
 * For 0 <= z <= 1 both terms are >= 0. A term whose coefficient is 0 is 0, also at x = +-inf.
 * Worst: 1.480 in float, (0x1.f8b174p+16, 0x1.fa4642p-2) -> 0x1.fe564ap+15 - 1.480 ulp;
 * 1.399 in double, (0x1.de5d679ff97b6p+7, 0x1.dc9be6eded9c5p-2) ->
 * 0x1.ff6e4fe0184e8p+6 - 1.399 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_bce)(CYMA_REAL x, CYMA_REAL z)
{
    CYMA_REAL a = CYMA_F(cyma_clamp)(CYMA_FABS(x), CYMA_C(CLAMP));
    CYMA_REAL log1p_exp = CYMA_F(cyma_log1p_exp)(a, (CYMA_REAL)0);
    CYMA_REAL u = x > 0 ? z - 1 : z;
    CYMA_REAL loss = CYMA_FMA(-x, u, log1p_exp);
    return u == 0 ? log1p_exp : loss;
}

/* (1 - z) sigmoid(x) - z sigmoid(-x), which is one of the sigmoids for z = 0 and z = 1.
 * Worst there: that of sigmoid. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_bce_grad)(CYMA_REAL x, CYMA_REAL z)
{
    CYMA_REAL w = CYMA_F(cyma_sigmoid_scaled)(x, 0);
    CYMA_REAL small = w * CYMA_C(UNSCALE);
    CYMA_REAL large = (CYMA_C(SCALE) - w) * CYMA_C(UNSCALE);
    CYMA_REAL positive = x < 0 ? small : large;
    CYMA_REAL negative = x < 0 ? large : small;
    return CYMA_FMA(1 - z, positive, -(z * negative));
}
