/* The exponential that all families share. Included once per precision (see cyma.h).
 *
 * With a = n ln2 + r, n an integer, |r| <= ln2/2, t = 2^-n and M = e^r:  e^-a = t / M. The power
 * of two is exact, so only M carries an error. tanh does likewise with n ln2/2 and tanh r in place
 * of M. Every kernel is a quotient at heart: an approximate one, and then its residue, computed
 * from terms that are exact or small. So the quotient, its divisor and the reciprocal of that may
 * all be rounded, and the result is nearly rounded once.
 *
 * t is kept as 2^(K - n), K = 64, until the last operation of a kernel, which scales by 2^-K. So
 * nothing before it is subnormal, and a subnormal result is rounded there, once. */

/* An unevaluated sum hi + lo, lo the much smaller one. */
typedef struct {
    CYMA_REAL hi, lo;
} CYMA_PAIR;

typedef struct {
    CYMA_REAL n;
    CYMA_REAL power; /* 2^(k - n) */
    CYMA_PAIR r;
} CYMA_REDUCED;

/* v (1 + e) */
typedef struct {
    CYMA_REAL v, e;
} CYMA_INVERSE;

#ifndef CYMA_EXP_CORE_H
#define CYMA_EXP_CORE_H
#define CYMA_K 64
#define CYMA_UNSCALE_F32 0x1p-64f
#define CYMA_UNSCALE_F64 0x1p-64
#define CYMA_SCALE_F32 0x1p64f
#define CYMA_SCALE_F64 0x1p64
#endif

/* min(limit, a) and max(limit, a); the second one, if either is nan. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_at_most)(CYMA_REAL limit, CYMA_REAL a)
{
    return limit < a ? limit : a;
}

CYMA_INLINE CYMA_REAL
CYMA_F(cyma_at_least)(CYMA_REAL limit, CYMA_REAL a)
{
    return limit > a ? limit : a;
}

/* x between two limits, or nan. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_clamp)(CYMA_REAL x, CYMA_REAL low, CYMA_REAL high)
{
    return CYMA_F(cyma_at_least)(low, CYMA_F(cyma_at_most)(high, x));
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

/* a = n ln2/parts + r, parts = 1 or 2, for a >= -SATURATED, or nan. n * LN2_HI is exact up to n ln2
 * = CLAMP_WIDE, and so is its difference from a. The power 2^(k - n) is valid where it is a normal
 * number: for k = K up to n ln2 = CLAMP, for k = 0 up to n ln2 = FAR and somewhat more. */
CYMA_INLINE CYMA_REDUCED
CYMA_F(cyma_reduce)(CYMA_REAL a, CYMA_REAL parts, int k)
{
    const CYMA_REAL shifter = CYMA_C(SHIFTER) + (CYMA_REAL)(CYMA_C(BIAS) + k);
    CYMA_REDUCED y;
    CYMA_REAL shifted = CYMA_FMA(a, -CYMA_C(LOG2E) * parts, shifter);
    y.n = shifter - shifted;
    y.power = CYMA_F(cyma_power)(shifted);
    y.r.hi = CYMA_FMA(-y.n, CYMA_C(LN2_HI) / parts, a);
    y.r.lo = CYMA_PRODUCT(-y.n, CYMA_C(LN2_LO) / parts);
    return y;
}

/* hi + lo as a pair; needs |hi| >= |lo| or hi = 0. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_fast2sum)(CYMA_REAL hi, CYMA_REAL lo)
{
    CYMA_PAIR s;
    s.hi = hi + lo;
    s.lo = (hi - s.hi) + lo;
    return s;
}

/* a + b as a pair, whichever is larger. */
CYMA_INLINE CYMA_PAIR
CYMA_F(cyma_two_sum)(CYMA_REAL a, CYMA_REAL b)
{
    CYMA_PAIR s;
    CYMA_REAL b_part;
    s.hi = a + b;
    b_part = s.hi - a;
    s.lo = (a - (s.hi - b_part)) + (b - b_part);
    return s;
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

/* v without its last bits: so that more of its multiples are exact. */
CYMA_INLINE CYMA_REAL
CYMA_F(cyma_cut)(CYMA_REAL v)
{
    CYMA_BITS bits;
    memcpy(&bits, &v, sizeof bits);
    bits &= ~(CYMA_BITS)0xf;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* 1 / (M + share t) = v (1 + e).
 *
 * M = 1 + r + r^2 poly. The divisor is sum.hi + tail, with an exact sum.hi; v is the reciprocal of
 * that, rounded twice, and e is by how much of itself v falls short. */
CYMA_INLINE CYMA_INVERSE
CYMA_F(cyma_inverse)(CYMA_REDUCED y, CYMA_REAL share)
{
    CYMA_INVERSE q;
    CYMA_REAL r = CYMA_FMA(-y.n, CYMA_C(LN2_LO), y.r.hi), r2 = r * r;
    CYMA_REAL poly = CYMA_F(cyma_exp_poly)(r, r2);
    CYMA_PAIR plus = CYMA_F(cyma_fast2sum)((CYMA_REAL)1, y.power * (share * CYMA_C(UNSCALE)));
    CYMA_PAIR sum = CYMA_F(cyma_fast2sum)(plus.hi, r);
    CYMA_REAL tail = CYMA_FMA(r2, poly, sum.lo + plus.lo);
    q.v = 1 / (sum.hi + tail);
    q.e = CYMA_FMA(-q.v, tail, CYMA_F(cyma_residue)((CYMA_REAL)1, q.v, sum.hi));
    return q;
}
