/* The exponential that all families share. Included once per precision (see cyma.h).
 *
 * With a = n ln2 + r, n an integer, |r| <= ln2/2, and M = e^r = 1 + p:  e^-a = 2^-n / M.
 * The power of two is exact, so only M carries an error; it is a pair (hi, lo). tanh does likewise
 * with n ln2/2 and tanh r in place of M.
 *
 * 2^-n is kept as 2^(K - n), K = 64, until the last operation of a kernel, which scales by 2^-K.
 * So nothing before it is subnormal, and a subnormal result is rounded there, once. */

/* An unevaluated sum hi + lo, |lo| <= ulp(hi). */
typedef struct {
    CYMA_REAL hi, lo;
} CYMA_PAIR;

typedef struct {
    CYMA_REAL n;
    CYMA_REAL power; /* 2^(K - n) */
    CYMA_PAIR r;
} CYMA_REDUCED;

#ifndef CYMA_EXP_CORE_H
#define CYMA_EXP_CORE_H
#define CYMA_K 64
#define CYMA_UNSCALE_F32 0x1p-64f
#define CYMA_UNSCALE_F64 0x1p-64
#define CYMA_SCALE_F32 0x1p64f
#define CYMA_SCALE_F64 0x1p64
#endif

/* min(a, limit), but nan stays. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_clamp)(CYMA_REAL a, CYMA_REAL limit)
{
    return limit < a ? limit : a;
}

/* 2^k of an integer k in SHIFTER + BIAS + k: its low bits, moved to the exponent. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_power)(CYMA_REAL shifted)
{
    CYMA_BITS bits;
    CYMA_REAL power;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= CYMA_C(MANTISSA);
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* a = n ln2/parts + r, parts = 1 or 2, for a >= 0, or nan. n * LN2_HI is exact up to n ln2 =
 * CLAMP_WIDE, and so is its difference from a; the power is representable up to n ln2 = CLAMP. */
CYMA_INLINE CYMA_REDUCED
CYMA_F(cyma_reduce)(CYMA_REAL a, CYMA_REAL parts)
{
    const CYMA_REAL shifter = CYMA_C(SHIFTER) + (CYMA_C(BIAS) + CYMA_K);
    CYMA_REDUCED y;
    CYMA_REAL shifted = CYMA_FMA(a, -CYMA_C(LOG2E) * parts, shifter);
    CYMA_REAL r;
    y.n = shifter - shifted;
    y.power = CYMA_F(cyma_power)(shifted);
    r = CYMA_FMA(-y.n, CYMA_C(LN2_HI) / parts, a);
    y.r.hi = CYMA_FMA(-y.n, CYMA_C(LN2_LO) / parts, r);
    y.r.lo = CYMA_FMA(-y.n, CYMA_C(LN2_LO) / parts, r - y.r.hi);
    return y;
}

/* p = e^r - 1 as a pair. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_expm1)(CYMA_PAIR r)
{
    CYMA_PAIR p;
    CYMA_REAL r2 = r.hi * r.hi;
    CYMA_REAL q = CYMA_F(cyma_exp_poly)(r.hi, r2);
    p.hi = CYMA_FMA(r2, q, r.hi);
    p.lo = CYMA_FMA(r2, q, r.hi - p.hi) + r.lo;
    return p;
}

/* hi + lo renormalised; needs |hi| >= |lo| or hi = 0. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_fast2sum)(CYMA_REAL hi, CYMA_REAL lo)
{
    CYMA_PAIR s;
    s.hi = hi + lo;
    s.lo = (hi - s.hi) + lo;
    return s;
}

/* M = 1 + p as a pair. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_exp)(CYMA_PAIR r)
{
    CYMA_PAIR p = CYMA_F(cyma_expm1)(r);
    CYMA_PAIR m = CYMA_F(cyma_fast2sum)((CYMA_REAL)1, p.hi);
    m.lo += p.lo;
    return m;
}

/* M + sign * 2^-n as a pair, from power = 2^(K - n). */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_add_power)(CYMA_PAIR m, CYMA_REAL power, CYMA_REAL sign)
{
    CYMA_PAIR d;
    d.hi = CYMA_FMA(power, sign * CYMA_C(UNSCALE), m.hi);
    d.lo = CYMA_FMA(power, sign * CYMA_C(UNSCALE), m.hi - d.hi) + m.lo;
    return d;
}

/* c - a b without the rounding error of the product. Without FMA, |a| and |b| must be below the
 * largest number divided by SPLITTER: all are, but for outputs y far outside their range. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_residue)(CYMA_REAL c, CYMA_REAL a, CYMA_REAL b)
{
#if CYMA_HAVE_FMA
    return CYMA_FMA(-a, b, c);
#else /* Dekker's product: halves of a and b multiply exactly. */
    const CYMA_REAL splitter = CYMA_C(SPLITTER);
    CYMA_REAL a_hi = a * splitter - (a * splitter - a), a_lo = a - a_hi;
    CYMA_REAL b_hi = b * splitter - (b * splitter - b), b_lo = b - b_hi;
    CYMA_REAL product = a * b;
    CYMA_REAL error = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
    CYMA_REAL difference = c - product;
    return difference + (((c - difference) - product) - error);
#endif
}

/* How far v * d falls short of 1. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_reciprocal_residue)(CYMA_REAL v, CYMA_PAIR d)
{
    return CYMA_FMA(-v, d.lo, CYMA_F(cyma_residue)((CYMA_REAL)1, v, d.hi));
}
