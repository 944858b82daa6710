/* functions.def as data. */
#ifndef CYMA_TABLE_H
#define CYMA_TABLE_H

/* A row of CYMA_UNARY or CYMA_BINARY; in the order of CYMA_FUNCTION_<name>. */
typedef struct {
    const char *name;
    int nin;
    double bounds[4];            /* ULP: float16, float32, float64, long double */
    double at_minus_inf, at_inf; /* unary only */
    double least, greatest;
    const char *symmetry, *trend;
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

/* The last three end with a row whose first member is NULL. */
extern const cyma_function cyma_functions[];
extern const cyma_absolute_bound cyma_absolute_bounds[];
extern const cyma_special_value cyma_special_values[];
extern const cyma_alias cyma_aliases[];

/* The least bound in float32 and float64 of tiers without hardware FMA. */
extern const double cyma_bound_without_fma;

/* Inputs above which a kernel changes what it does, in either precision; 0 ends the list. */
extern const double cyma_thresholds[];

#endif
