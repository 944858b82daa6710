/* What is made of e^-|x|, by hand, for AVX-512. Included by kernels.h, once per precision for
 * vectors, and once for numbers.
 *
 * The portable kernels reduce x to a binade, where the polynomial of the exponential is long, and
 * then make up for what was rounded. Here a table of powers of 2^(-1/STEPS), in two registers,
 * halves the polynomial, and the exponential is a pair of numbers, so that nearly nothing is
 * rounded but the result; in log1p another table takes the place of the division.
 *
 * Beyond FAR the lower number may be subnormal, and at last the higher one. But there e^-|x| alone
 * matters, or nothing does: vectors with such an x compute that too, in a branch which only
 * padding, masks and the like ever take.
 *
 * All functions work on w vectors in step, which hide each other's latency. */

#define CYMA_EACH                                                                                  \
    CYMA_UNROLL                                                                                    \
    for (int i = 0; i < w; i++)

/* Unevaluated sums. */
typedef struct {
    CYMA_VECTOR hi[CYMA_VECTORS], lo[CYMA_VECTORS];
} CYMA_DUO;

/* Rows of the table: of vectors in two registers, of which an index tells one place; of numbers in
 * memory. Only the lowest bits of the index count. */
#ifdef CYMA_OF_NUMBERS
typedef struct {
    const CYMA_REAL *first;
} CYMA_ROW;

CYMA_INLINE CYMA_ROW
CYMA_F(cyma_read_row)(const CYMA_REAL *row)
{
    CYMA_ROW result = {row};
    return result;
}

CYMA_INLINE CYMA_VECTOR
CYMA_F(cyma_look_up)(const CYMA_ROW *row, CYMA_INTEGERS index)
{
    return CYMA_ALL(row->first[CYMA_C(LOWEST)(index) & (CYMA_C(STEPS) - 1)]);
}
#else
typedef struct {
    CYMA_VECTOR half[2];
} CYMA_ROW;

CYMA_INLINE CYMA_ROW
CYMA_F(cyma_read_row)(const CYMA_REAL *row)
{
    CYMA_ROW result = {{CYMA_V(loadu)(row), CYMA_V(loadu)(row + CYMA_C(STEPS) / 2)}};
    return result;
}

CYMA_INLINE CYMA_VECTOR
CYMA_F(cyma_look_up)(const CYMA_ROW *row, CYMA_INTEGERS index)
{
    return CYMA_V(permutex2var)(row->half[0], index, row->half[1]);
}
#endif

typedef struct {
    CYMA_ROW power, lacking, inverse, log;
} CYMA_ROWS;

CYMA_INLINE CYMA_ROWS
CYMA_F(cyma_read_rows)(void)
{
    CYMA_ROWS rows = {
        CYMA_F(cyma_read_row)(CYMA_TABLE[0]),
        CYMA_F(cyma_read_row)(CYMA_TABLE[1]),
        CYMA_F(cyma_read_row)(CYMA_TABLE[2]),
        CYMA_F(cyma_read_row)(CYMA_TABLE[3]),
    };
    return rows;
}

/* T 2^-n, of a number n STEPS + the index of T. */
CYMA_INLINE CYMA_VECTOR
CYMA_F(cyma_look_up_power)(const CYMA_ROWS *rows, CYMA_INTEGERS index)
{
    CYMA_INTEGERS bits = CYMA_TO_INTEGERS(CYMA_F(cyma_look_up)(&rows->power, index));
    return CYMA_TO_VECTOR(CYMA_I(sub)(bits, CYMA_I(slli)(index, CYMA_C(STEP_SHIFT))));
}

/* c[0] + c[1] x + ... */
CYMA_INLINE void
CYMA_F(cyma_horner)(const CYMA_REAL *c, int terms, const CYMA_VECTOR *x, CYMA_VECTOR *y, int w)
{
    CYMA_EACH y[i] = CYMA_ALL(c[terms - 1]);
    CYMA_UNROLL
    for (int term = terms - 2; term >= 0; term--) {
        CYMA_EACH y[i] = CYMA_V(fmadd)(y[i], x[i], CYMA_ALL(c[term]));
    }
}

/* As cyma_fast2sum. */
CYMA_INLINE void
CYMA_F(cyma_vectors_fast2sum)(const CYMA_VECTOR *hi, const CYMA_VECTOR *lo, CYMA_DUO *s, int w)
{
    CYMA_EACH s->hi[i] = CYMA_V(add)(hi[i], lo[i]);
    CYMA_EACH s->lo[i] = CYMA_V(sub)(hi[i], s->hi[i]);
    CYMA_EACH s->lo[i] = CYMA_V(add)(s->lo[i], lo[i]);
}

/* e^-a = T 2^-n (1 + p), for 0 <= a <= CLAMP, or nan; nothing of use for other a. */
CYMA_INLINE void
CYMA_F(cyma_exp_parts)(const CYMA_VECTOR *a, CYMA_VECTOR *k, CYMA_INTEGERS *index, CYMA_VECTOR *p,
                       const CYMA_ROWS *rows, int w)
{
    static const CYMA_REAL poly[] = CYMA_C(EXP_TABLE);
    const CYMA_VECTOR shifter = CYMA_ALL(CYMA_C(SHIFTER));
    const CYMA_REAL steps = CYMA_C(STEPS);
    CYMA_VECTOR r[CYMA_VECTORS], r2[CYMA_VECTORS], lacking[CYMA_VECTORS];
    CYMA_EACH k[i] = CYMA_V(fmadd)(a[i], CYMA_ALL(CYMA_C(LOG2E) * steps), shifter);
    CYMA_EACH index[i] = CYMA_TO_INTEGERS(k[i]);
    CYMA_EACH k[i] = CYMA_V(sub)(k[i], shifter);
    CYMA_EACH r[i] = CYMA_V(fnmadd)(k[i], CYMA_ALL(CYMA_C(LN2_HI) / steps), a[i]);
    CYMA_EACH r[i] = CYMA_V(fnmadd)(k[i], CYMA_ALL(CYMA_C(LN2_LO) / steps), r[i]);
    CYMA_EACH r2[i] = CYMA_V(mul)(r[i], r[i]);
    CYMA_EACH lacking[i] = CYMA_F(cyma_look_up)(&rows->lacking, index[i]);
    CYMA_F(cyma_horner)(poly, sizeof poly / sizeof *poly, r, p, w);
    CYMA_EACH lacking[i] = CYMA_V(sub)(lacking[i], r[i]);
    CYMA_EACH p[i] = CYMA_V(fmadd)(r2[i], p[i], lacking[i]);
}

/* e^-a for 0 <= a <= FAR, or nan; nothing of use for other a. */
CYMA_INLINE void
CYMA_F(cyma_exp_near)(const CYMA_VECTOR *a, CYMA_DUO *e, const CYMA_ROWS *rows, int w)
{
    CYMA_VECTOR k[CYMA_VECTORS], p[CYMA_VECTORS], power[CYMA_VECTORS];
    CYMA_INTEGERS index[CYMA_VECTORS];
    CYMA_F(cyma_exp_parts)(a, k, index, p, rows, w);
    CYMA_EACH power[i] = CYMA_F(cyma_look_up_power)(rows, index[i]);
    CYMA_EACH p[i] = CYMA_V(mul)(power[i], p[i]);
    CYMA_F(cyma_vectors_fast2sum)(power, p, e, w);
}

/* e^-a, for a >= 0; rounded twice where it is subnormal. */
CYMA_INLINE CYMA_VECTOR
CYMA_F(cyma_exp_far)(CYMA_VECTOR a, const CYMA_ROWS *rows)
{
    CYMA_VECTOR k, p, power, minus_n;
    CYMA_INTEGERS index;
    a = CYMA_V(min)(CYMA_ALL(CYMA_C(CLAMP)), a);
    CYMA_F(cyma_exp_parts)(&a, &k, &index, &p, rows, 1);
    index = CYMA_AND(index, CYMA_C(STEPS) - 1);
    power = CYMA_F(cyma_look_up_power)(rows, index);
    minus_n = CYMA_V(roundscale)(CYMA_V(mul)(k, CYMA_ALL((CYMA_REAL)-1 / CYMA_C(STEPS))),
                                 _MM_FROUND_TO_POS_INF);
    return CYMA_V(scalef)(CYMA_V(fmadd)(power, p, power), minus_n);
}

/* Which a are far; whether any is. */
CYMA_INLINE int
CYMA_F(cyma_any_far)(const CYMA_VECTOR *a, CYMA_MASK *far, int w)
{
    CYMA_MASK any = 0;
    CYMA_EACH
    {
        far[i] = CYMA_GREATER(a[i], CYMA_ALL(CYMA_C(FAR)));
        any |= far[i];
    }
    return CYMA_UNLIKELY(any != 0);
}

/* y = base + log1p(e^-|x|), or the negative of that, for base >= 0 or, if it is NULL, 0.
 *
 * With an approximate inverse v of 1 + e^-a, and 1 + f = v (1 + e^-a), the logarithm is -log(v) +
 * log1p(f). Where f and its corrections are not all of it, they are less than half of it, and each
 * of their two roundings costs at most 1/8 ULP of the result. */
CYMA_INLINE void
CYMA_F(cyma_log1p_exp_plus)(const CYMA_VECTOR *x, const CYMA_VECTOR *base, int negative,
                            CYMA_VECTOR *y, const CYMA_ROWS *rows, int w)
{
    static const CYMA_REAL poly[] = CYMA_C(LOG1P_TABLE);
    CYMA_INTEGERS interval[CYMA_VECTORS];
    CYMA_VECTOR a[CYMA_VECTORS], v[CYMA_VECTORS], f[CYMA_VECTORS];
    CYMA_VECTOR f2[CYMA_VECTORS], big[CYMA_VECTORS], rest[CYMA_VECTORS];
    CYMA_MASK far[CYMA_VECTORS];
    CYMA_DUO e, sum;
    CYMA_EACH a[i] = CYMA_V(andnot)(CYMA_SIGN, x[i]);
    CYMA_F(cyma_exp_near)(a, &e, rows, w);
    CYMA_EACH interval[i] = CYMA_TO_INTEGERS(
        CYMA_FMA_TO_ZERO(e.hi[i], CYMA_ALL(CYMA_C(INTERVALS)), CYMA_ALL(CYMA_C(SHIFTER))));
    CYMA_EACH v[i] = CYMA_F(cyma_look_up)(&rows->inverse, interval[i]);
    CYMA_EACH f[i] = CYMA_V(sub)(v[i], CYMA_ALL(1));
    CYMA_EACH f[i] = CYMA_V(fmadd)(e.hi[i], v[i], f[i]);
    CYMA_EACH rest[i] = CYMA_F(cyma_look_up)(&rows->log, interval[i]);
    if (base != NULL) {
        CYMA_EACH big[i] = CYMA_V(max)(rest[i], base[i]);
        CYMA_EACH rest[i] = CYMA_V(min)(rest[i], base[i]);
        CYMA_F(cyma_vectors_fast2sum)(big, rest, &sum, w);
        CYMA_EACH rest[i] = CYMA_V(fmadd)(e.lo[i], v[i], sum.lo[i]);
    }
    else {
        CYMA_EACH sum.hi[i] = rest[i];
        CYMA_EACH rest[i] = CYMA_V(mul)(e.lo[i], v[i]);
    }
    CYMA_EACH f2[i] = CYMA_V(mul)(f[i], f[i]);
    CYMA_F(cyma_horner)(poly, sizeof poly / sizeof *poly, f, v, w);
    CYMA_EACH rest[i] = CYMA_V(fmadd)(f2[i], v[i], rest[i]);
    CYMA_EACH rest[i] = CYMA_V(add)(rest[i], f[i]);
    if (negative) {
        CYMA_EACH y[i] = CYMA_V(fnmsub)(sum.hi[i], CYMA_ALL(1), rest[i]);
    }
    else {
        CYMA_EACH y[i] = CYMA_V(add)(sum.hi[i], rest[i]);
    }
    if (CYMA_F(cyma_any_far)(a, far, w)) {
        CYMA_EACH
        {
            CYMA_VECTOR all = CYMA_F(cyma_exp_far)(a[i], rows);
            if (base != NULL) {
                all = CYMA_V(add)(base[i], all);
            }
            if (negative) {
                all = CYMA_V(xor)(CYMA_SIGN, all);
            }
            y[i] = CYMA_V(mask_mov)(y[i], far[i], all);
        }
    }
}

/* Worst: 0.787 in float, -0x1.b8ec8ap+1 -> 0x1.015a34p-5 - 0.787 ulp; 0.908 in double,
 * -0x1.03182aea6a403p+1 -> 0x1.fc37ec0fae6cap-4 + 0.908 ulp. */
CYMA_INLINE void
CYMA_F(cyma_softplus_avx512)(const CYMA_VECTOR *x, const CYMA_VECTOR *unused, CYMA_VECTOR *y,
                             const CYMA_ROWS *rows, int w)
{
    CYMA_VECTOR base[CYMA_VECTORS];
    (void)unused;
    CYMA_EACH base[i] = CYMA_V(max)(CYMA_V(setzero)(), x[i]);
    CYMA_F(cyma_log1p_exp_plus)(x, base, 0, y, rows, w);
}

/* Worst: that of softplus, at -x. */
CYMA_INLINE void
CYMA_F(cyma_logsigmoid_avx512)(const CYMA_VECTOR *x, const CYMA_VECTOR *unused, CYMA_VECTOR *y,
                               const CYMA_ROWS *rows, int w)
{
    CYMA_VECTOR base[CYMA_VECTORS];
    (void)unused;
    CYMA_EACH base[i] = CYMA_V(max)(CYMA_V(setzero)(), CYMA_V(xor)(CYMA_SIGN, x[i]));
    CYMA_F(cyma_log1p_exp_plus)(x, base, 1, y, rows, w);
}

/* Worst: 1.500 in float, (0x1.ffdd24p+4, 0x1.fff152p-2) -> 0x1.ffebd4p+3 - 1.500 ulp; 1.497 in
 * double, (0x1.fe57d42457d34p+2, 0x1.ff0795aee3643p-2) -> 0x1.ff5ab807a6046p+1 + 1.497 ulp. */
CYMA_INLINE void
CYMA_F(cyma_sigmoid_bce_avx512)(const CYMA_VECTOR *x, const CYMA_VECTOR *z, CYMA_VECTOR *y,
                                const CYMA_ROWS *rows, int w)
{
    CYMA_VECTOR u[CYMA_VECTORS];
    CYMA_F(cyma_log1p_exp_plus)(x, NULL, 0, y, rows, w);
    CYMA_EACH u[i] =
        CYMA_V(mask_sub)(z[i], CYMA_GREATER(x[i], CYMA_V(setzero)()), z[i], CYMA_ALL(1));
    /* x may be infinite where u is 0 */
    CYMA_EACH y[i] = CYMA_V(mask3_fnmadd)(x[i], u[i], y[i], CYMA_UNEQUAL(u[i], CYMA_V(setzero)()));
}
