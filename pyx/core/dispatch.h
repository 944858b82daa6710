/* Which kernels run: tables of them, one per tier, and the choice among the tiers. */
#ifndef CYMA_DISPATCH_H
#define CYMA_DISPATCH_H

#include "threads.h"

#include <stddef.h>

/* Names with another one, such as that of a tier, as suffix. */
#define CYMA_PASTE_(a, b) a##_##b
#define CYMA_PASTE(a, b) CYMA_PASTE_(a, b)

enum {
#define CYMA_UNARY(name, ...) CYMA_FUNCTION_##name,
#define CYMA_BINARY(name, ...) CYMA_FUNCTION_##name,
#include "cyma/functions.def"
    CYMA_FUNCTIONS
};

/* Types of kernels; those before CYMA_LD have tiers. Integers are converted to float. */
enum { CYMA_F16, CYMA_F32, CYMA_F64, CYMA_LD, CYMA_PRECISIONS };

/* out[i] = f(x[i], y[i]) for n contiguous elements of the kernel's type; a unary kernel ignores y.
 * out may be x or y, but must not overlap them otherwise. */
typedef void (*cyma_kernel)(const void *x, const void *y, void *out, ptrdiff_t n);

/* The functions of numbers, with the arithmetic of a tier's kernels: in float and double, and of
 * one argument or two, so to be cast to what they are. */
typedef void (*cyma_scalar)(void);
typedef struct {
    cyma_scalar f32[CYMA_FUNCTIONS], f64[CYMA_FUNCTIONS];
} cyma_scalars;

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
    cyma_scalar scalar; /* likewise */
} cyma_hand_written;

/* kernels.c, compiled with the flags of one tier. */
typedef struct {
    const char *name;
    int fma; /* compiled for hardware FMA: `kernels` give the same bits in every such tier */
    cyma_kernel kernels[CYMA_FUNCTIONS][CYMA_LD];
    cyma_kernel stream; /* copies n bytes past the caches; NULL if there is no such store */
    cyma_bce_kernel bce[CYMA_LD];
    const cyma_scalars *scalars;           /* scalars.c, compiled likewise */
    const cyma_hand_written *hand_written; /* or NULL */
} cyma_tier_kernels;

/* All kernels of a tier, the hand-written ones among them: kernels[function][precision]. */
typedef struct {
    const cyma_tier_kernels *tier;
    int index; /* of cyma_compiled_tier */
    cyma_kernel kernels[CYMA_FUNCTIONS][CYMA_PRECISIONS];
    cyma_kernel streams[CYMA_FUNCTIONS]; /* where memory decides the time; elsewhere NULL */
    cyma_bce_kernel bce[CYMA_LD];
    cyma_scalars scalars;
} cyma_kernel_table;

/* long double has no tiers: it is scalar everywhere. */
extern const cyma_kernel cyma_kernels_ld[CYMA_FUNCTIONS];

enum { CYMA_MOST_TIERS = 3 };

/* Fills the tables, once, and chooses a tier: the one that the environment variable CYMA_TIER
 * names, or else, also if that does not work here, the widest that does. Any thread may call it at
 * any time; cyma_kernels_in_use does so where nobody has. */
void cyma_init_tiers(void);

/* The compiled tiers, from the plainest to the widest, and the one of a name that works here; NULL
 * if there is none. Valid after cyma_init_tiers. */
const cyma_kernel_table *cyma_compiled_tier(int index);
const cyma_kernel_table *cyma_find_tier(const char *name);

/* Tiers of this architecture that the compiler could not build, and why; the last has no name. */
typedef struct {
    const char *tier, *reason;
} cyma_left_out;
extern const cyma_left_out cyma_left_out_tiers[];

int cyma_tier_supported(const cyma_tier_kernels *tier);

/* The tier of the process, and that of the calling thread, or NULL where it has none of its own.
 * Either is replaced by another one, and returned. */
const cyma_kernel_table *cyma_use_tier(const cyma_kernel_table *table);
const cyma_kernel_table *cyma_use_tier_in_thread(const cyma_kernel_table *table);

/* What these functions set, for the one below only. To ask for a thread's own tier takes a while:
 * so it is only done where there is a thread that has one. */
extern CYMA_ATOMIC(const cyma_kernel_table *) cyma_tier_of_process;
extern CYMA_ATOMIC(int) cyma_threads_with_own_tier;
const cyma_kernel_table *cyma_tier_of_thread(void);
const cyma_kernel_table *cyma_first_tier_of_process(void);

/* The kernels that the calling thread is to use. Who computes asks once, for another thread may
 * change the tier meanwhile. */
static inline const cyma_kernel_table *
cyma_kernels_in_use(void)
{
    const cyma_kernel_table *table = NULL;
    if (cyma_load(&cyma_threads_with_own_tier) != 0) {
        table = cyma_tier_of_thread();
    }
    if (table == NULL) {
        table = cyma_load(&cyma_tier_of_process);
    }
    return table != NULL ? table : cyma_first_tier_of_process();
}

/* The functions of numbers that the calling thread is to use. A number takes so little time that it
 * matters how they are found: as long as no thread has a tier of its own, these are those of the
 * process; otherwise they are functions that ask for the tier. */
extern CYMA_ATOMIC(const cyma_scalars *) cyma_scalars_in_use;

/* One of them, of the type that it has. */
#define CYMA_UNARY_SCALAR(scalars, function, suffix, type)                                         \
    ((type (*)(type))(scalars)->suffix[function])
#define CYMA_BINARY_SCALAR(scalars, function, suffix, type)                                        \
    ((type (*)(type, type))(scalars)->suffix[function])

#endif
