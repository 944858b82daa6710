/* double: what the family headers, written once for both precisions, need to know of it.
 * Undone by real_end.h. */
#define CYMA_REAL double
#define CYMA_BITS uint64_t
#define CYMA_F(name) name##_f64        /* a function of this precision */
#define CYMA_C(name) CYMA_##name##_F64 /* a constant of this precision */
#define CYMA_PAIR cyma_pair_f64
#define CYMA_INVERSE cyma_inverse_t_f64
#define CYMA_REDUCED cyma_reduced_f64
#define CYMA_BCE cyma_bce_f64
#define CYMA_BCE_PARTS cyma_bce_parts_f64
#define CYMA_FABS fabs
#define CYMA_COPYSIGN copysign
#if CYMA_HAVE_FMA
#define CYMA_FMA fma
#else
#define CYMA_FMA(a, b, c) ((a) * (b) + (c))
#endif

#ifndef CYMA_REAL_F64_H
#define CYMA_REAL_F64_H

#define CYMA_MANTISSA_F64 52
#define CYMA_BIAS_F64 1023
#define CYMA_SHIFTER_F64 0x1.8p52
#define CYMA_SPLITTER_F64 0x1.0000002p27 /* halves a mantissa */
#define CYMA_MAX_F64 0x1.fffffffffffffp1023
#define CYMA_NORMAL_F64 0x1p-1022 /* the least normal number */
#define CYMA_NORMAL_EXP_F64 708.0 /* up to it e^-x is normal */
#define CYMA_CLAMP_F64 748.0
#define CYMA_CLAMP_WIDE_F64 1456.0
#define CYMA_LARGEST_N_F64 1022.0 /* 2^-n is normal */
#define CYMA_SATURATED_F64 40.0
#define CYMA_FAR_F64 640.0 /* up to it e^-x is normal, with room to spare */
#define CYMA_ZERO_F64 0.0

/* Even and odd terms apart: less arithmetic than Estrin's scheme. */
CYMA_INLINE double
cyma_exp_poly_f64(double r, double r2)
{
    double even = CYMA_FMA(
        CYMA_FMA(CYMA_FMA(CYMA_FMA(CYMA_EXP_C8_F64, r2, CYMA_EXP_C6_F64), r2, CYMA_EXP_C4_F64), r2,
                 CYMA_EXP_C2_F64),
        r2, CYMA_EXP_C0_F64);
    double odd = CYMA_FMA(
        CYMA_FMA(CYMA_FMA(CYMA_FMA(CYMA_EXP_C9_F64, r2, CYMA_EXP_C7_F64), r2, CYMA_EXP_C5_F64), r2,
                 CYMA_EXP_C3_F64),
        r2, CYMA_EXP_C1_F64);
    return CYMA_FMA(odd, r, even);
}

CYMA_INLINE double
cyma_tanh_poly_f64(double r2)
{
    double r4 = r2 * r2;
    double c01 = CYMA_FMA(CYMA_TANH_C1_F64, r2, CYMA_TANH_C0_F64);
    double c23 = CYMA_FMA(CYMA_TANH_C3_F64, r2, CYMA_TANH_C2_F64);
    double c45 = CYMA_FMA(CYMA_TANH_C5_F64, r2, CYMA_TANH_C4_F64);
    return CYMA_FMA(CYMA_FMA(c45, r4, c23), r4, c01);
}

CYMA_INLINE double
cyma_atanh_poly_f64(double u)
{
    double u2 = u * u;
    double c01 = CYMA_FMA(CYMA_ATANH_C1_F64, u, CYMA_ATANH_C0_F64);
    double c23 = CYMA_FMA(CYMA_ATANH_C3_F64, u, CYMA_ATANH_C2_F64);
    double c45 = CYMA_FMA(CYMA_ATANH_C5_F64, u, CYMA_ATANH_C4_F64);
    double c67 = CYMA_FMA(CYMA_ATANH_C7_F64, u, CYMA_ATANH_C6_F64);
    double c89 = CYMA_FMA(CYMA_ATANH_C9_F64, u, CYMA_ATANH_C8_F64);
    double c49 = CYMA_FMA(CYMA_FMA(c89, u2, c67), u2, c45);
    return CYMA_FMA(CYMA_FMA(c49, u2, c23), u2, c01);
}

/* log1p(e) and, if wanted, 1 / (1 + e) for e in [0, 1], or nan, from one division: log1p(e) is
 * 2 atanh(s / 2), s = 2 e / (2 + e). */
CYMA_INLINE void
cyma_log1p_and_reciprocal_f64(double e, int wanted, double *log, double *reciprocal)
{
    double v = wanted ? 1 / ((1 + e) * (2 + e)) : 0;
    double s = wanted ? (e + e) * ((1 + e) * v) : (e + e) / (2 + e);
    double u = s * s;
    *log = CYMA_FMA(s * u, cyma_atanh_poly_f64(u), s);
    *reciprocal = (2 + e) * v;
}

#endif
