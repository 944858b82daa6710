/* What libcyma promises of threads and of the floating-point environment, for test_libcyma.py.
 *
 * Eight threads call every function at once, and nobody has called one before. All of them must get
 * the results that the main thread gets afterwards, although half of them round upward, and must
 * find the flags and the rounding mode as they were. */
#include <cyma/api.h>

#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, N = 1000, SUMS = 5 };

static uint16_t x_f16[N], y_f16[N];
static float x_f32[N], y_f32[N];
static double x_f64[N], y_f64[N];

typedef struct {
#define CYMA_UNARY(name, ...)                                                                      \
    uint16_t name##_f16[N];                                                                        \
    float name##_f32[N];                                                                           \
    double name##_f64[N];
#define CYMA_BINARY CYMA_UNARY
#include <cyma/functions.def>
    double sums[SUMS];
    float grad_f32[2][N];
    double grad_f64[N];
} results;

static results of_thread[THREADS], of_main;
static int is_wrong[THREADS];
static atomic_int waiting = THREADS;

static void
compute(results *r)
{
#define CYMA_UNARY(name, ...)                                                                      \
    cyma_##name##_f16_array(x_f16, r->name##_f16, N);                                              \
    cyma_##name##_f32_array(x_f32, r->name##_f32, N);                                              \
    cyma_##name##_f64_array(x_f64, r->name##_f64, N);
#define CYMA_BINARY(name, ...)                                                                     \
    cyma_##name##_f16_array(x_f16, y_f16, r->name##_f16, N);                                       \
    cyma_##name##_f32_array(x_f32, y_f32, r->name##_f32, N);                                       \
    cyma_##name##_f64_array(x_f64, y_f64, r->name##_f64, N);
#include <cyma/functions.def>
    /* Computed in the type of the arrays; in double; and in long double, from either. */
    r->sums[0] = cyma_bce_with_logits_f32_sum(x_f32, y_f32, NULL, 1, N);
    r->sums[1] =
        cyma_bce_with_logits_f32_sum_and_grad(x_f32, y_f32, y_f32, 0.1, 0.3, r->grad_f32[0], N);
    r->sums[2] = cyma_bce_with_logits_f32_sum_and_grad(x_f32, y_f32, y_f32, 1e-310, 1e300,
                                                       r->grad_f32[1], N);
    r->sums[3] =
        cyma_bce_with_logits_f64_sum_and_grad(x_f64, y_f64, y_f64, 1e-310, 0.3, r->grad_f64, N);
    r->sums[4] = cyma_bce_with_logits_f64_sum(x_f64, y_f64, NULL, 1e308, N);
}

static void *
run(void *number)
{
    const int k = *(int *)number, mode = k % 2 == 0 ? FE_TONEAREST : FE_UPWARD;
    feclearexcept(FE_ALL_EXCEPT);
    fesetround(mode);
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0) { /* all begin at once */
    }
    compute(&of_thread[k]);
    is_wrong[k] = fetestexcept(FE_ALL_EXCEPT) != 0 || fegetround() != mode;
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS], failures = 0;
    for (int i = 0; i < N; i++) {
        x_f64[i] = 40.0 * (i - N / 2) / N;
        y_f64[i] = (double)i / N;
        x_f32[i] = (float)x_f64[i];
        y_f32[i] = (float)y_f64[i];
        x_f16[i] = (uint16_t)(64 * i);
        y_f16[i] = (uint16_t)(15 * i); /* from 0 to almost 1 */
    }
    x_f32[0] = -INFINITY;
    x_f64[1] = INFINITY;
    x_f64[2] = 1e-310;
    for (int k = 0; k < THREADS; k++) {
        numbers[k] = k;
        if (pthread_create(&threads[k], NULL, run, &numbers[k]) != 0) {
            fprintf(stderr, "thread %d cannot be created\n", k);
            return 2;
        }
    }
    for (int k = 0; k < THREADS; k++) {
        pthread_join(threads[k], NULL);
    }
    compute(&of_main);
    for (int k = 0; k < THREADS; k++) {
        if (is_wrong[k]) {
            fprintf(stderr, "thread %d: flags are left, or the rounding mode is changed\n", k);
            failures++;
        }
        if (memcmp(&of_thread[k], &of_main, sizeof of_main) != 0) {
            fprintf(stderr, "thread %d: results differ\n", k);
            failures++;
        }
    }
    printf("%d failures, tier %s\n", failures, cyma_tier());
    return failures != 0;
}
