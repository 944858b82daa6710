/* functions.def as data, for Python. */
#ifndef CYMA_TABLE_H
#define CYMA_TABLE_H

/* A row of CYMA_UNARY or CYMA_BINARY, in their order. */
typedef struct {
    const char *name;
    int nin;
    double bounds[4];            /* ULP: float16, float32, float64, long double */
    double at_minus_inf, at_inf; /* unary only */
    double least, greatest;
    int sign; /* unary only: f(-x) = sign * mirror(x) */
    const char *mirror;
    const char *trend;
    const char *domain;
} cyma_function;

typedef struct {
    const char *name;
    double bounds[4];
    const char *domain;
} cyma_absolute_bound;

typedef struct {
    const char *name;
    double x, y, result;
} cyma_special_value;

typedef struct {
    const char *alias, *name;
} cyma_alias;

/* The largest error known of a function in a dtype, and where it is. */
typedef struct {
    const char *name, *dtype;
    int fma;
    double error, x, y;
} cyma_worst;

/* Each of them ends with a row whose first member is NULL. */
extern const cyma_function cyma_functions[];
extern const cyma_absolute_bound cyma_absolute_bounds[];
extern const cyma_special_value cyma_special_values[];
extern const cyma_alias cyma_aliases[];
extern const cyma_worst cyma_worst_cases[];

/* The least bound in float32 and float64 of tiers without hardware FMA. */
extern const double cyma_bound_without_fma;

/* Inputs above which a kernel of any precision changes what it does; 0 ends the list. */
extern const double cyma_thresholds[];

#endif
