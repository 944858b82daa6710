/* Binary cross-entropy with logits, elementwise. Included once per precision (see cyma.h). */

/* z softplus(-x) + (1 - z) softplus(x) = log1p(e^-|x|) - x u, u = z for x <= 0, z - 1 for x > 0.
 * For 0 <= z <= 1 both terms are >= 0. A term whose coefficient is 0 is 0, also at x = +-inf.
 * Worst: 1.500 in float, (0x1.ffdd24p+4, 0x1.fff152p-2) -> 0x1.ffebd4p+3 - 1.500 ulp; 1.497 in
 * double, (0x1.fea1e34794a4dp+2, 0x1.ff07987c96995p-2) -> 0x1.ffa4db48bb69ap+1 - 1.497 ulp. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_bce)(CYMA_REAL x, CYMA_REAL z)
{
    CYMA_REAL log1p_exp = CYMA_F(cyma_log1p_exp)(x, 0, 1);
    CYMA_REAL u = x > 0 ? z - 1 : z;
    CYMA_REAL loss = CYMA_FMA(-x, u, log1p_exp);
    return u == 0 ? log1p_exp : loss;
}

/* (1 - z) sigmoid(x) - z sigmoid(-x), which is one of the sigmoids for z = 0 and z = 1.
 * Worst there: that of sigmoid. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_sigmoid_bce_grad)(CYMA_REAL x, CYMA_REAL z)
{
    CYMA_REAL a = CYMA_F(cyma_at_most)(CYMA_LIMIT(CLAMP), CYMA_FABS(x));
    CYMA_REAL lesser = CYMA_F(cyma_sigmoid_of_minus)(a), greater = 1 - lesser;
    CYMA_REAL positive = x < 0 ? lesser : greater;
    CYMA_REAL negative = x < 0 ? greater : lesser;
    return CYMA_FMA(1 - z, positive, -(z * negative));
}
