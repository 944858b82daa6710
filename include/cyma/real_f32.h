/* float: what the family headers, written once for both precisions, need to know of it.
 * Undone by real_end.h. */
#define CYMA_REAL float
#define CYMA_BITS uint32_t
#define CYMA_F(name) name##_f32        /* a function of this precision */
#define CYMA_C(name) CYMA_##name##_F32 /* a constant of this precision */
#define CYMA_PAIR cyma_pair_f32
#define CYMA_INVERSE cyma_inverse_t_f32
#define CYMA_REDUCED cyma_reduced_f32
#define CYMA_BCE cyma_bce_f32
#define CYMA_BCE_PARTS cyma_bce_parts_f32
#define CYMA_FABS fabsf
#define CYMA_COPYSIGN copysignf
#if CYMA_HAVE_FMA
#define CYMA_FMA fmaf
#else
#define CYMA_FMA(a, b, c) ((a) * (b) + (c))
#endif

#ifndef CYMA_REAL_F32_H
#define CYMA_REAL_F32_H

#define CYMA_MANTISSA_F32 23
#define CYMA_BIAS_F32 127
#define CYMA_SHIFTER_F32 0x1.8p23f    /* adding it rounds to an integer */
#define CYMA_SPLITTER_F32 0x1.001p12f /* halves a mantissa */
#define CYMA_MAX_F32 0x1.fffffep127f
#define CYMA_NORMAL_F32 0x1p-126f /* the least normal number */
#define CYMA_NORMAL_EXP_F32 87.0f /* up to it e^-x is normal */
/* 4 e^-CLAMP rounds to 0; so does e^-CLAMP_WIDE times the largest number. */
#define CYMA_CLAMP_F32 107.0f
#define CYMA_CLAMP_WIDE_F32 196.0f
#define CYMA_LARGEST_N_F32 126.0f /* 2^-n is normal */
#define CYMA_SATURATED_F32 20.0f  /* beyond it e^-|x| is nothing beside 1 */
#define CYMA_FAR_F32 64.0f        /* up to it e^-x is normal, with room to spare */
#define CYMA_ZERO_F32 0.0f

/* Even and odd terms apart: less arithmetic than Estrin's scheme. */
CYMA_INLINE float
cyma_exp_poly_f32(float r, float r2)
{
    float even = CYMA_FMA(CYMA_FMA(CYMA_EXP_C4_F32, r2, CYMA_EXP_C2_F32), r2, CYMA_EXP_C0_F32);
    float odd = CYMA_FMA(CYMA_EXP_C3_F32, r2, CYMA_EXP_C1_F32);
    return CYMA_FMA(odd, r, even);
}

CYMA_INLINE float
cyma_tanh_poly_f32(float r2)
{
    return CYMA_FMA(CYMA_FMA(CYMA_TANH_C2_F32, r2, CYMA_TANH_C1_F32), r2, CYMA_TANH_C0_F32);
}

CYMA_INLINE float
cyma_atanh_poly_f32(float u)
{
    float c12 = CYMA_FMA(CYMA_FMA(CYMA_ATANH_C3_F32, u, CYMA_ATANH_C2_F32), u, CYMA_ATANH_C1_F32);
    return CYMA_FMA(c12, u, CYMA_ATANH_C0_F32);
}

/* log1p(e) and, if wanted, 1 / (1 + e) for e in [0, 1], or nan. A polynomial costs no more than a
 * second division. */
CYMA_INLINE void
cyma_log1p_and_reciprocal_f32(float e, int wanted, float *log, float *reciprocal)
{
    float e2 = e * e;
    float even = CYMA_FMA(
        CYMA_FMA(CYMA_FMA(CYMA_LOG1P_C6_F32, e2, CYMA_LOG1P_C4_F32), e2, CYMA_LOG1P_C2_F32), e2,
        CYMA_LOG1P_C0_F32);
    float odd = CYMA_FMA(
        CYMA_FMA(CYMA_FMA(CYMA_LOG1P_C7_F32, e2, CYMA_LOG1P_C5_F32), e2, CYMA_LOG1P_C3_F32), e2,
        CYMA_LOG1P_C1_F32);
    *log = CYMA_FMA(CYMA_FMA(odd, e, even), e2, e);
    *reciprocal = wanted ? 1 / (1 + e) : 0;
}

#endif
