/* Which kernels run: tables of them, one per tier, and the choice among the tiers. */
#ifndef CYMA_DISPATCH_H
#define CYMA_DISPATCH_H

#include "threads.h"

#include <stddef.h>

enum {
#define CYMA_UNARY(name, ...) CYMA_FUNCTION_##name,
#define CYMA_BINARY(name, ...) CYMA_FUNCTION_##name,
#include "functions.def"
    CYMA_FUNCTIONS
};

/* Types of kernels; those before CYMA_LD have tiers. Integers are converted to float. */
enum { CYMA_F16, CYMA_F32, CYMA_F64, CYMA_LD, CYMA_PRECISIONS };

/* out[i] = f(x[i], y[i]) for n contiguous elements of the kernel's type; a unary kernel ignores y.
 * out may be x or y, but must not overlap them otherwise. */
typedef void (*cyma_kernel)(const void *x, const void *y, void *out, ptrdiff_t n);

/* A unary function of one number, with the arithmetic of the tier's kernels. */
typedef double (*cyma_scalar)(double x);

/* Weighted binary cross-entropy of contiguous elements of the kernel's type. */
typedef struct {
    const void *logits;
    const void *targets, *weight, *pos_weight; /* or NULL: one value for all elements */
    long double target_value, weight_value, pos_weight_value;
    const unsigned char *where; /* or NULL: everywhere; elsewhere the results are 0 */
    long double keep, add;      /* the smoothed targets are targets * keep + add */
    double scale;               /* of the derivatives */
    double floor;               /* of the second one, without weights and scale */
    void *loss, *grad, *hess;   /* or NULL; not loss and hess at once, unless smoothed */
    int integers; /* which operands were integers, by CYMA_INTEGER_...: they may be rounded */
} cyma_bce;

enum {
    CYMA_INTEGER_LOGITS = 1,
    CYMA_INTEGER_TARGETS = 2,
    CYMA_INTEGER_WEIGHT = 4,
    CYMA_INTEGER_POS_WEIGHT = 8
};

/* What a kernel noticed. Overflow it leaves to the caller, in the floating-point environment. */
typedef struct {
    int lost;      /* an operand or a coefficient of a loss has lost digits */
    int underflow; /* something has; maybe the results alone, which are to */
    double far;    /* greatest coefficient of an e^-|x| that may have */
} cyma_bce_seen;

/* Sums of losses over a block of a row: element i goes into lane i % CYMA_LANES, an order that
 * vectors of every width can keep. A lane stands for sums[j] + log1p(products[j]). In float64,
 * where the errors of many additions of equal numbers would be seen, only short chains and pairs of
 * them are added plainly; sums of these are compensated. An element at most doubles the product of
 * its lane, which must stay below 2^1024. */
enum { CYMA_LANES = 16, CYMA_SUM_CHAIN = 8 * CYMA_LANES, CYMA_SUM_BLOCK = 112 * CYMA_SUM_CHAIN };
typedef struct {
    double sums[CYMA_LANES], products[CYMA_LANES];
} cyma_lanes;
typedef struct {
    cyma_lanes chain,
        previous;           /* the current one, and that before it if it is the first of a pair */
    cyma_lanes total, lost; /* total + lost of the others */
} cyma_block;

/* n elements. With a block, losses are added there, from its element `first` on, and not written.
 */
typedef void (*cyma_bce_kernel)(const cyma_bce *, cyma_bce_seen *, cyma_block *, ptrdiff_t first,
                                ptrdiff_t n);

/* What takes the place of a portable kernel; a list of them ends with a kernel NULL. */
typedef struct {
    int function, precision;
    cyma_kernel kernel;
    cyma_scalar scalar; /* likewise of the function of one number, or NULL */
} cyma_hand_written;

/* kernels.c, compiled with the flags of one tier. */
typedef struct {
    const char *name;
    int fma; /* compiled for hardware FMA: `kernels` give the same bits in every such tier */
    cyma_kernel kernels[CYMA_FUNCTIONS][CYMA_LD];
    cyma_kernel stream; /* copies n bytes past the caches; NULL if there is no such store */
    cyma_bce_kernel bce[CYMA_LD];
    cyma_scalar scalars[CYMA_FUNCTIONS];   /* NULL for functions of two arguments */
    const cyma_hand_written *hand_written; /* or NULL */
} cyma_tier;

/* All kernels of a tier, the hand-written ones among them: kernels[function][precision]. */
typedef struct {
    const cyma_tier *tier;
    int index; /* of cyma_compiled_tier */
    cyma_kernel kernels[CYMA_FUNCTIONS][CYMA_PRECISIONS];
    cyma_kernel stream;
    cyma_bce_kernel bce[CYMA_LD];
    cyma_scalar scalars[CYMA_FUNCTIONS];
} cyma_kernel_table;

/* long double has no tiers: it is scalar everywhere. */
extern const cyma_kernel cyma_kernels_ld[CYMA_FUNCTIONS];

enum { CYMA_MOST_TIERS = 3 };

/* The compiled tiers, from the plainest to the widest; NULL past the last. Valid, as all below,
 * after cyma_init_tiers, which chooses the widest that works here. */
const cyma_kernel_table *cyma_compiled_tier(int index);

/* Tiers of this architecture that the compiler could not build, and why; the last has no name. */
typedef struct {
    const char *tier, *reason;
} cyma_left_out;
extern const cyma_left_out cyma_left_out_tiers[];

int cyma_tier_supported(const cyma_tier *tier);
void cyma_init_tiers(void);

/* The tier of the process, and that of the calling thread, or NULL where it has none of its own.
 * Either is replaced by another one, and returned. */
const cyma_kernel_table *cyma_use_tier(const cyma_kernel_table *table);
const cyma_kernel_table *cyma_use_tier_in_thread(const cyma_kernel_table *table);

/* What these functions set, for the one below only. To ask for a thread's own tier takes a while:
 * so it is only done where there is a thread that has one. */
extern CYMA_ATOMIC(const cyma_kernel_table *) cyma_tier_of_process;
extern CYMA_ATOMIC(int) cyma_threads_with_own_tier;
const cyma_kernel_table *cyma_tier_of_thread(void);

/* The kernels that the calling thread is to use. Who computes asks once, for another thread may
 * change the tier meanwhile. */
static inline const cyma_kernel_table *
cyma_kernels_in_use(void)
{
    const cyma_kernel_table *own = NULL;
    if (cyma_load(&cyma_threads_with_own_tier) != 0) {
        own = cyma_tier_of_thread();
    }
    return own != NULL ? own : cyma_load(&cyma_tier_of_process);
}

#endif
