/* The functions of float16, in float, whose 13 further bits absorb every error and whose range
 * holds all exponentials. So nothing is compensated, polynomials are short, and textbook formulas
 * do where nothing cancels in them. Operands are values of float16; results are yet to be rounded
 * to it. Included once, by cyma.h, while real_f32.h is in force.
 *
 * Worst: below 0.501 with FMA; worst.def has the inputs. All float16 were tried for functions of
 * one argument, for others 10^8. */

#define CYMA_CLAMP_F16 88.0f        /* n is 127, and 2^-n comes out as 0 */
#define CYMA_VANISHED_F16 29.0f     /* e^-VANISHED times the largest number rounds to 0 */
#define CYMA_SATURATED_F16 4.53125f /* its tanh rounds to 1 */

/* first * second, left for an FMA to multiply. */
typedef struct {
    float first, second;
} cyma_product_f16;

/* e^x for sign = 1, e^-x for -1, which only changes constants; |x| <= CLAMP, or nan. */
CYMA_INLINE cyma_product_f16
cyma_exp_f16(float x, float sign)
{
    const float shifter = CYMA_SHIFTER_F32 + CYMA_BIAS_F32;
    float shifted = CYMA_FMA(x, sign * CYMA_LOG2E_F32, shifter);
    float r = CYMA_FMA(shifter - shifted, sign * CYMA_LN2_F16, x);
    cyma_product_f16 e = {cyma_power_f32(shifted), sign * CYMA_EXP_C4_F16};
    e.second = CYMA_FMA(e.second, r, CYMA_EXP_C3_F16);
    e.second = CYMA_FMA(e.second, r, sign * CYMA_EXP_C2_F16);
    e.second = CYMA_FMA(e.second, r, CYMA_EXP_C1_F16);
    e.second = CYMA_FMA(e.second, r, sign * CYMA_EXP_C0_F16);
    e.second = CYMA_FMA(e.second, r, 1);
    return e;
}

/* e^-a for a >= 0, or nan. */
CYMA_INLINE float
cyma_exp_minus_f16(float a)
{
    cyma_product_f16 e = cyma_exp_f16(cyma_at_most_f32(CYMA_LIMIT_F16(CLAMP), a), -1);
    return e.first * e.second;
}

/* 1 / (1 + e^(sign x)) */
CYMA_INLINE float
cyma_logistic_f16(float x, float sign)
{
    float a = cyma_clamp_f32(x, -CYMA_LIMIT_F16(VANISHED), CYMA_LIMIT_F16(VANISHED));
    cyma_product_f16 e = cyma_exp_f16(a, sign);
    return 1 / CYMA_FMA(e.first, e.second, 1);
}

CYMA_INLINE float
cyma_sigmoid_f16(float x)
{
    return cyma_logistic_f16(x, -1);
}

CYMA_INLINE float
cyma_logsigmoid_deriv_f16(float x)
{
    return cyma_logistic_f16(x, 1);
}

/* e^-a / (factor (1 + e^-a))^2 for a >= 0. */
CYMA_INLINE float
cyma_sigmoid_deriv_scaled_f16(float a, float factor)
{
    float e = cyma_exp_minus_f16(a), root = CYMA_FMA(e, factor, factor);
    return e / (root * root);
}

CYMA_INLINE float
cyma_sigmoid_deriv_f16(float x)
{
    return cyma_sigmoid_deriv_scaled_f16(fabsf(x), 1);
}

CYMA_INLINE float
cyma_tanh_deriv_f16(float x)
{
    return cyma_sigmoid_deriv_scaled_f16(2 * fabsf(x), 0.5f);
}

/* x P(x^2) / Q(x^2): where Q is 0, tanh has those poles that are nearest to 0. */
CYMA_INLINE float
cyma_tanh_f16(float x)
{
    float a = cyma_clamp_f32(x, -CYMA_LIMIT_F16(SATURATED), CYMA_LIMIT_F16(SATURATED)), a2 = a * a;
    float p = CYMA_FMA(CYMA_TANH_P4_F16, a2, CYMA_TANH_P3_F16);
    float q = CYMA_FMA(CYMA_TANH_Q3_F16, a2, CYMA_TANH_Q2_F16);
    p = CYMA_FMA(p, a2, CYMA_TANH_P2_F16);
    q = CYMA_FMA(q, a2, CYMA_TANH_Q1_F16);
    p = CYMA_FMA(p, a2, CYMA_TANH_P1_F16);
    q = CYMA_FMA(q, a2, 1);
    p = CYMA_FMA(p, a2, CYMA_TANH_P0_F16);
    return a * p / q;
}

/* log1p(e^-|x|) */
CYMA_INLINE cyma_product_f16
cyma_log1p_exp_f16(float x)
{
    float e = cyma_exp_minus_f16(fabsf(x));
    cyma_product_f16 log = {e, CYMA_LOG1P_C7_F16};
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C6_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C5_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C4_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C3_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C2_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C1_F16);
    log.second = CYMA_FMA(log.second, e, CYMA_LOG1P_C0_F16);
    return log;
}

CYMA_INLINE float
cyma_softplus_f16(float x)
{
    cyma_product_f16 log = cyma_log1p_exp_f16(x);
    return CYMA_FMA(log.first, log.second, cyma_at_least_f32(x, CYMA_LIMIT(ZERO)));
}

CYMA_INLINE float
cyma_logsigmoid_f16(float x)
{
    cyma_product_f16 log = cyma_log1p_exp_f16(x);
    return CYMA_FMA(-log.first, log.second, cyma_at_most_f32(x, -CYMA_LIMIT(ZERO)));
}

/* The square of a float16 is exact. */
CYMA_INLINE float
cyma_sigmoid_backward_f16(float grad, float y)
{
    return grad * CYMA_FMA(-y, y, y);
}

CYMA_INLINE float
cyma_tanh_backward_f16(float grad, float y)
{
    return grad * CYMA_FMA(-y, y, 1);
}

CYMA_INLINE float
cyma_logsigmoid_backward_f16(float grad, float x)
{
    float a = cyma_clamp_f32(x, -CYMA_LIMIT_F16(VANISHED), CYMA_LIMIT_F16(VANISHED));
    cyma_product_f16 e = cyma_exp_f16(a, 1);
    float divisor = CYMA_FMA(e.first, e.second, 1);
    return grad / (x > CYMA_MAX_F32 ? (float)INFINITY : divisor);
}

/* The same terms as in bce.h. */
CYMA_INLINE float
cyma_sigmoid_bce_f16(float x, float z)
{
    cyma_product_f16 log = cyma_log1p_exp_f16(x);
    float u = x > 0 ? z - 1 : z;
    return CYMA_FMA(log.first, log.second, u == 0 ? 0 : -x * u);
}

/* With e = e^-|x|: (1 - z - z e) / (1 + e) for x > 0, and (e (1 - z) - z) / (1 + e) for others. */
CYMA_INLINE float
cyma_sigmoid_bce_grad_f16(float x, float z)
{
    float e = cyma_exp_minus_f16(fabsf(x));
    float positive = x < 0 ? e : 1, negative = x < 0 ? 1 : e;
    return CYMA_FMA(1 - z, positive, -(z * negative)) / (1 + e);
}
