#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#define CYMA_X86_64 1
#ifdef _MSC_VER
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

/* setup.py defines CYMA_HAVE_<tier> for the tiers that it compiles. */
extern const cyma_tier_kernels cyma_tier_baseline;
#ifdef CYMA_HAVE_x86_64_v3
extern const cyma_tier_kernels cyma_tier_x86_64_v3;
#endif
#ifdef CYMA_HAVE_x86_64_v4
extern const cyma_tier_kernels cyma_tier_x86_64_v4;
#endif

static const cyma_tier_kernels *const compiled_tiers[CYMA_MOST_TIERS + 1] = {
    &cyma_tier_baseline,
#ifdef CYMA_HAVE_x86_64_v3
    &cyma_tier_x86_64_v3,
#endif
#ifdef CYMA_HAVE_x86_64_v4
    &cyma_tier_x86_64_v4,
#endif
};

/* setup.py defines this as rows, if there are any. */
#ifndef CYMA_LEFT_OUT_TIERS
#define CYMA_LEFT_OUT_TIERS
#endif
const cyma_left_out cyma_left_out_tiers[] = {CYMA_LEFT_OUT_TIERS{NULL, NULL}};

static const int memory_bound[CYMA_FUNCTIONS] = {
#define CYMA_MEMORY_BOUND(name) [CYMA_FUNCTION_##name] = 1,
#include "cyma/functions.def"
};

/* Filled once, and only read from then on. */
static cyma_kernel_table tables[CYMA_MOST_TIERS];

CYMA_ATOMIC(const cyma_kernel_table *) cyma_tier_of_process;
CYMA_ATOMIC(int) cyma_threads_with_own_tier;
static CYMA_THREAD_LOCAL const cyma_kernel_table *own_tier;

/* Functions of numbers that ask for the tier, also where there is none yet. */
#define CYMA_DEFINE_ASKING_UNARY(name, suffix, type)                                               \
    static type ask_##name##_##suffix(type x)                                                      \
    {                                                                                              \
        const cyma_scalars *scalars = &cyma_kernels_in_use()->scalars;                             \
        return CYMA_UNARY_SCALAR(scalars, CYMA_FUNCTION_##name, suffix, type)(x);                  \
    }
#define CYMA_DEFINE_ASKING_BINARY(name, suffix, type)                                              \
    static type ask_##name##_##suffix(type x, type y)                                              \
    {                                                                                              \
        const cyma_scalars *scalars = &cyma_kernels_in_use()->scalars;                             \
        return CYMA_BINARY_SCALAR(scalars, CYMA_FUNCTION_##name, suffix, type)(x, y);              \
    }
#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_ASKING_UNARY(name, f32, float)                                                     \
    CYMA_DEFINE_ASKING_UNARY(name, f64, double)
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_DEFINE_ASKING_BINARY(name, f32, float)                                                    \
    CYMA_DEFINE_ASKING_BINARY(name, f64, double)
#include "cyma/functions.def"

static const cyma_scalars asking = {
    .f32 =
        {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = (cyma_scalar)ask_##name##_f32,
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"
        },
    .f64 =
        {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = (cyma_scalar)ask_##name##_f64,
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"
        },
};
CYMA_ATOMIC(const cyma_scalars *) cyma_scalars_in_use = &asking;

#ifdef CYMA_X86_64

typedef struct {
    unsigned eax, ebx, ecx, edx;
} cpuid_registers;

static cpuid_registers
cpuid(unsigned leaf)
{
    cpuid_registers r = {0, 0, 0, 0};
#ifdef _MSC_VER
    int out[4];
    __cpuid(out, (int)(leaf & 0x80000000u));
    if ((unsigned)out[0] >= leaf) {
        __cpuidex(out, (int)leaf, 0);
        memcpy(&r, out, sizeof r);
    }
#else
    __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
    return r;
}

/* Register states that the operating system saves (XCR0). */
static unsigned
os_state(void)
{
    if (!(cpuid(1).ecx & 1u << 27)) { /* OSXSAVE */
        return 0;
    }
#ifdef _MSC_VER
    return (unsigned)_xgetbv(0);
#else
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
#endif
}

static int
has_all(unsigned value, unsigned bits)
{
    return (value & bits) == bits;
}

/* The levels of the x86-64 psABI. */
static int
supports_v3(void)
{
    const unsigned sse_avx_state = 0x6;
    const unsigned fma_movbe_avx_f16c = 1u << 12 | 1u << 22 | 1u << 28 | 1u << 29;
    const unsigned bmi1_avx2_bmi2 = 1u << 3 | 1u << 5 | 1u << 8;
    const unsigned lzcnt = 1u << 5;
    return has_all(os_state(), sse_avx_state) && has_all(cpuid(1).ecx, fma_movbe_avx_f16c) &&
           has_all(cpuid(7).ebx, bmi1_avx2_bmi2) && has_all(cpuid(0x80000001u).ecx, lzcnt);
}

static int
supports_v4(void)
{
    const unsigned avx512_state = 0xe6;
    const unsigned avx512_f_dq_cd_bw_vl = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    return supports_v3() && has_all(os_state(), avx512_state) &&
           has_all(cpuid(7).ebx, avx512_f_dq_cd_bw_vl);
}

#endif

int
cyma_tier_supported(const cyma_tier_kernels *tier)
{
#ifdef CYMA_X86_64
    if (strcmp(tier->name, "x86_64_v3") == 0) {
        return supports_v3();
    }
    if (strcmp(tier->name, "x86_64_v4") == 0) {
        return supports_v4();
    }
#endif
    return strcmp(tier->name, "baseline") == 0;
}

static void
fill_table(cyma_kernel_table *table, const cyma_tier_kernels *tier)
{
    table->tier = tier;
    table->index = (int)(table - tables);
    for (int f = 0; f < CYMA_FUNCTIONS; f++) {
        memcpy(table->kernels[f], tier->kernels[f], sizeof tier->kernels[f]);
        table->kernels[f][CYMA_LD] = cyma_kernels_ld[f];
        table->streams[f] = memory_bound[f] ? tier->stream : NULL;
    }
    table->scalars = *tier->scalars;
    for (const cyma_hand_written *own = tier->hand_written; own != NULL && own->kernel != NULL;
         own++) {
        table->kernels[own->function][own->precision] = own->kernel;
        if (own->precision == CYMA_F32) {
            table->scalars.f32[own->function] = own->scalar;
        }
        if (own->precision == CYMA_F64) {
            table->scalars.f64[own->function] = own->scalar;
        }
    }
    memcpy(table->bce, tier->bce, sizeof tier->bce);
}

const cyma_kernel_table *
cyma_find_tier(const char *name)
{
    for (int i = 0; compiled_tiers[i] != NULL; i++) {
        if (strcmp(compiled_tiers[i]->name, name) == 0 && cyma_tier_supported(compiled_tiers[i])) {
            return &tables[i];
        }
    }
    return NULL;
}

static const cyma_kernel_table *
widest_tier(void)
{
    int widest = 0;
    for (int i = 0; compiled_tiers[i] != NULL; i++) {
        if (cyma_tier_supported(compiled_tiers[i])) {
            widest = i;
        }
    }
    return &tables[widest];
}

void
cyma_init_tiers(void)
{
    static CYMA_ATOMIC(int) begun, done;
    if (cyma_load(&done) != 0) {
        return;
    }
    if (cyma_add(&begun, 1) != 0) {
        while (cyma_load(&done) == 0) { /* which takes another thread some microseconds */
        }
        return;
    }
    for (int i = 0; compiled_tiers[i] != NULL; i++) {
        fill_table(&tables[i], compiled_tiers[i]);
    }
    const char *wanted = getenv("CYMA_TIER");
    const cyma_kernel_table *table = wanted != NULL ? cyma_find_tier(wanted) : NULL;
    cyma_use_tier(table != NULL ? table : widest_tier());
    cyma_add(&done, 1);
}

const cyma_kernel_table *
cyma_first_tier_of_process(void)
{
    cyma_init_tiers();
    return cyma_load(&cyma_tier_of_process);
}

const cyma_kernel_table *
cyma_compiled_tier(int index)
{
    return compiled_tiers[index] != NULL ? &tables[index] : NULL;
}

/* To be called after a change of what it depends on, by one thread at a time, in the order of their
 * tickets: so the last of them has seen all changes. */
static void
choose_scalars(void)
{
    static CYMA_ATOMIC(int) tickets, served;
    const int ticket = cyma_add(&tickets, 1);
    while (cyma_load(&served) != ticket) {
    }
    const int own = cyma_load(&cyma_threads_with_own_tier);
    const cyma_kernel_table *table = cyma_load(&cyma_tier_of_process);
    cyma_exchange(&cyma_scalars_in_use, own != 0 ? &asking : &table->scalars);
    cyma_add(&served, 1);
}

const cyma_kernel_table *
cyma_use_tier(const cyma_kernel_table *table)
{
    const cyma_kernel_table *previous = cyma_exchange(&cyma_tier_of_process, table);
    choose_scalars();
    return previous;
}

const cyma_kernel_table *
cyma_tier_of_thread(void)
{
    return own_tier;
}

const cyma_kernel_table *
cyma_use_tier_in_thread(const cyma_kernel_table *table)
{
    const cyma_kernel_table *previous = own_tier;
    own_tier = table;
    cyma_add(&cyma_threads_with_own_tier, (table != NULL) - (previous != NULL));
    choose_scalars();
    return previous;
}
