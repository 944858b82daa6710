/* What tools/accuracy/sweep.py counts, of a run of results in the order of their inputs. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    double error; /* in ULP */
    double x, got, want;
} extreme;

typedef struct {
    int64_t inputs, misrounded, steps_back, out_of_range, asymmetric, nan_faults;
    extreme normal, subnormal; /* the largest errors, by the exact value */
    extreme step;              /* the largest step back: from `want` to `got` at x */
} statistics;

/* What is promised of the function, and of the format of its results. */
typedef struct {
    double least, greatest;
    int32_t slope; /* 1 rising, -1 falling, 0 neither */
    int32_t mantissa, least_exponent;
} promise;

/* 1 / ulp(value), of a finite value that is no subnormal double. */
static inline double
ulps_per_unit(double value, const promise *f)
{
    uint64_t bits;
    int64_t exponent;
    memcpy(&bits, &value, sizeof bits);
    exponent = (int64_t)(bits >> 52 & 0x7ff) - 1023;
    exponent = exponent < f->least_exponent ? f->least_exponent : exponent;
    bits = (uint64_t)(1023 + f->mantissa - exponent) << 52;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A number that is not negative, as an integer of the same order; nan counts as infinite. */
static inline int64_t
ordered(double error)
{
    int64_t bits;
    memcpy(&bits, &error, sizeof bits);
    return error == error ? bits : INT64_C(0x7ff) << 52;
}

static inline int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum { CHUNK = 512 };

/* Errors of a chunk as ordered() integers, by kind, and the largest of each. */
typedef struct {
    int64_t normal[CHUNK], subnormal[CHUNK], step[CHUNK];
    int64_t largest_normal, largest_subnormal, largest_step;
} errors;

static void
keep(extreme *record, int64_t largest, const int64_t *all, const float *x, const float *got,
     const double *want, const float *before)
{
    ptrdiff_t i = 0;
    double error;
    memcpy(&error, &largest, sizeof error);
    if (error > record->error) {
        while (all[i] != largest) {
            i++;
        }
        *record = (extreme){error, x[i], got[i], want ? want[i] : before[i]};
    }
}

/* Results y at ascending inputs x; the first one only begins the run. What y should be exactly is
 * in `want`, and to the bit in `mirrored`. Loops are plain, so that compilers vectorise them. */
void
cyma_sweep(const float *x, const float *y, const float *mirrored, const double *want, ptrdiff_t n,
           const promise *f, statistics *s)
{
    const double tiny = ldexp(1, f->least_exponent);
    const int64_t half = ordered(0.5);
    errors e;
    for (ptrdiff_t start = 1; start < n; start += CHUNK) {
        const int count = n - start < CHUNK ? (int)(n - start) : CHUNK;
        const float *x_ = x + start, *y_ = y + start, *before = y_ - 1, *mirror = mirrored + start;
        const double *want_ = want + start;
        int64_t misrounded = 0, steps_back = 0;
        int32_t out_of_range = 0, asymmetric = 0, nan_faults = 0;
        e.largest_normal = e.largest_subnormal = e.largest_step = 0;
        for (int i = 0; i < count; i++) {
            const int number = x_[i] == x_[i];
            uint32_t bits, mirror_bits;
            memcpy(&bits, &y_[i], sizeof bits);
            memcpy(&mirror_bits, &mirror[i], sizeof mirror_bits);
            nan_faults += (y_[i] == y_[i]) != number;
            asymmetric += (bits != mirror_bits) & number;
            out_of_range += (y_[i] < (float)f->least) | (y_[i] > (float)f->greatest);
        }
        for (int i = 0; i < count; i++) {
            const double got = y_[i], value = want_[i], step = got - before[i];
            const int number = x_[i] == x_[i], back = step * f->slope < 0;
            int64_t error = ordered(fabs(got - value) * ulps_per_unit(value, f));
            error = (got == value) | !number ? 0 : error;
            e.normal[i] = fabs(value) < tiny ? 0 : error;
            e.subnormal[i] = fabs(value) < tiny ? error : 0;
            e.step[i] = back ? ordered(fabs(step) * ulps_per_unit(got, f)) : 0;
            misrounded += error > half;
            steps_back += back;
            e.largest_normal = larger(e.largest_normal, e.normal[i]);
            e.largest_subnormal = larger(e.largest_subnormal, e.subnormal[i]);
            e.largest_step = larger(e.largest_step, e.step[i]);
        }
        keep(&s->normal, e.largest_normal, e.normal, x_, y_, want_, NULL);
        keep(&s->subnormal, e.largest_subnormal, e.subnormal, x_, y_, want_, NULL);
        keep(&s->step, e.largest_step, e.step, x_, y_, NULL, before);
        s->inputs += count;
        s->misrounded += misrounded;
        s->steps_back += steps_back;
        s->out_of_range += out_of_range;
        s->asymmetric += asymmetric;
        s->nan_faults += nan_faults;
    }
}
