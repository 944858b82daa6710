#include "loops.h"

#include "core/arrays.h"
#include "core/environment.h"

#include <stdint.h>
#include <string.h>

static const int arity[CYMA_FUNCTIONS] = {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = 1,
#define CYMA_BINARY(name, ...) [CYMA_FUNCTION_##name] = 2,
#include "cyma/functions.def"
};

static void
int16_to_float(const void *x_, const void *Py_UNUSED(y), void *out_, ptrdiff_t n)
{
    const int16_t *x = x_;
    float *out = out_;
    for (ptrdiff_t i = 0; i < n; i++) {
        out[i] = (float)x[i];
    }
}

const cyma_signature cyma_signatures[CYMA_SIGNATURES] = {
    {NPY_INT16, NPY_FLOAT, 2, 4, CYMA_F32, int16_to_float},
    {NPY_HALF, NPY_HALF, 2, 2, CYMA_F16, NULL},
    {NPY_FLOAT, NPY_FLOAT, 4, 4, CYMA_F32, NULL},
    {NPY_DOUBLE, NPY_DOUBLE, 8, 8, CYMA_F64, NULL},
    {NPY_LONGDOUBLE, NPY_LONGDOUBLE, sizeof(long double), sizeof(long double), CYMA_LD, NULL},
};

/* All this is filled at import, and only read from then on. */
static cyma_binding bindings[CYMA_MOST_TIERS][CYMA_FUNCTIONS][CYMA_SIGNATURES];
static struct of_loop {
    int function, signature;
} of_loop[CYMA_FUNCTIONS][CYMA_SIGNATURES];
PyUFuncGenericFunction cyma_loops[CYMA_SIGNATURES];
static char loop_types[CYMA_MAX_IN][CYMA_SIGNATURES * (CYMA_MAX_IN + 1)];
static void *loop_data[CYMA_FUNCTIONS][CYMA_SIGNATURES];

char *
cyma_loop_types(int nin)
{
    return loop_types[nin - 1];
}

void **
cyma_loop_data(int function)
{
    return loop_data[function];
}

const cyma_binding *
cyma_binding_in_use(int function, int signature)
{
    return &bindings[cyma_kernels_in_use()->index][function][signature];
}

#define STRIDED_COPY(type, to, to_step, from, from_step, n)                                        \
    for (npy_intp i = 0; i < (n); i++) {                                                           \
        memcpy((to) + i * (to_step), (from) + i * (from_step), sizeof(type));                      \
    }

static void
strided_copy(char *to, npy_intp to_step, const char *from, npy_intp from_step, npy_intp size,
             npy_intp n)
{
    if (to_step == size && from_step == size) {
        memcpy(to, from, (size_t)(n * size));
        return;
    }
    switch (size) {
        case 2:
            STRIDED_COPY(uint16_t, to, to_step, from, from_step, n);
            break;
        case 4:
            STRIDED_COPY(float, to, to_step, from, from_step, n);
            break;
        case 8:
            STRIDED_COPY(double, to, to_step, from, from_step, n);
            break;
        default:
            STRIDED_COPY(long double, to, to_step, from, from_step, n);
    }
}

/* Memory that n elements occupy. */
typedef struct {
    uintptr_t first, end;
} extent;

static extent
memory_extent(const char *start, npy_intp step, npy_intp size, npy_intp n)
{
    uintptr_t a = (uintptr_t)start, b = (uintptr_t)(start + (n - 1) * step);
    extent memory = {a < b ? a : b, (a < b ? b : a) + (uintptr_t)size};
    return memory;
}

static int
overlap(extent a, extent b)
{
    return a.first < b.end && b.first < a.end;
}

/* How many elements may be read before the first of them is written, such that the result is that
 * of going element by element: all (n); a block, if each output lies behind the inputs still to be
 * read; or 1, as in ufunc.reduce and ufunc.accumulate, if an output is a later input. */
static npy_intp
readable_ahead(char *const *args, const npy_intp *steps, const cyma_signature *s, int nin,
               npy_intp n)
{
    const extent out = memory_extent(args[nin], steps[nin], s->out_size, n);
    npy_intp ahead = n;
    for (int k = 0; k < nin; k++) {
        const npy_intp step = steps[k];
        if (!overlap(memory_extent(args[k], step, s->in_size, n), out)) {
            continue;
        }
        if (step != steps[nin] || step == 0 || s->in_size != s->out_size) {
            return 1;
        }
        if (args[k] != args[nin]) {
            if ((step > 0) != (args[k] > args[nin])) {
                return 1;
            }
            ahead = n - 1; /* but not all */
        }
    }
    return ahead;
}

void
cyma_run_loop(const cyma_binding *b, char *const *args, const npy_intp *dimensions,
              const npy_intp *steps)
{
    const cyma_signature *s = b->signature;
    const cyma_kernel kernel = b->table->kernels[b->function][s->precision];
    const cyma_kernel stream = b->table->streams[b->function];
    const int nin = b->nin;
    const npy_intp n = dimensions[0];
    const npy_intp out_step = steps[nin];
    char *const out = args[nin];
    npy_intp block = n;
    int direct = s->load == NULL; /* from and to the arrays, without a copy on the stack */
    int in_place = 1;             /* results need no such copy */
    int past_caches = 0;
    cyma_environment saved;

    if (n <= 0) {
        return;
    }
    if (n > 1) {
        block = readable_ahead(args, steps, s, nin, n);
        in_place = block == n && out_step == s->out_size;
        past_caches = stream != NULL && in_place && n * s->out_size >= CYMA_STREAM_BYTES;
        direct = direct && in_place;
        for (int k = 0; k < nin; k++) {
            direct = direct && steps[k] == s->in_size;
            past_caches = past_caches && args[k] != out;
        }
    }

    if (direct) {
        cyma_run_array(b->table, b->function, s->precision, args[0], args[nin - 1], out, n);
        return;
    }
    /* The operands as they are and in the kernel's type, and the result. */
    _Alignas(64) char raw[CYMA_MAX_IN][CYMA_STACK_BYTES], work[CYMA_MAX_IN][CYMA_STACK_BYTES];
    _Alignas(64) char work_out[CYMA_STACK_BYTES];
    const npy_intp most = CYMA_STACK_BYTES / s->out_size;
    block = block < most ? block : most;
    in_place = in_place && !past_caches;
    cyma_enter_environment(&saved, s->precision);
    for (npy_intp done = 0, count; done < n; done += count) {
        const void *operand[CYMA_MAX_IN];
        char *const to = out + done * out_step;
        char *const result = in_place ? to : work_out;
        count = n - done < block ? n - done : block;
        for (int k = 0; k < nin; k++) {
            operand[k] = args[k] + done * steps[k];
            if (steps[k] != s->in_size) {
                strided_copy(raw[k], s->in_size, operand[k], steps[k], s->in_size, count);
                operand[k] = raw[k];
            }
            if (s->load != NULL) {
                s->load(operand[k], NULL, work[k], count);
                operand[k] = work[k];
            }
        }
        kernel(operand[0], operand[nin - 1], result, count);
        if (past_caches) {
            stream(result, NULL, to, count * s->out_size);
        }
        else if (!in_place) {
            strided_copy(to, out_step, result, s->out_size, s->out_size, count);
        }
    }
    if (past_caches) {
        cyma_store_fence();
    }
    cyma_leave_environment(&saved, s->precision);
}

static void
loop(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data)
{
    const struct of_loop *of = data;
    cyma_run_loop(cyma_binding_in_use(of->function, of->signature), args, dimensions, steps);
}

static void
free_nothing(NpyAuxData *Py_UNUSED(binding))
{
}

static NpyAuxData *
share(NpyAuxData *binding)
{
    return binding;
}

void
cyma_init_loops(void)
{
    for (int j = 0; j < CYMA_SIGNATURES; j++) {
        const cyma_signature *s = &cyma_signatures[j];
        cyma_loops[j] = loop;
        for (int nin = 1; nin <= CYMA_MAX_IN; nin++) {
            char *types = &loop_types[nin - 1][j * (nin + 1)];
            memset(types, s->in, (size_t)nin);
            types[nin] = s->out;
        }
        for (int f = 0; f < CYMA_FUNCTIONS; f++) {
            of_loop[f][j] = (struct of_loop){f, j};
            loop_data[f][j] = &of_loop[f][j];
            for (const cyma_kernel_table *t = cyma_compiled_tier(0); t != NULL;
                 t = cyma_compiled_tier(t->index + 1)) {
                cyma_binding *b = &bindings[t->index][f][j];
                b->base.free = free_nothing;
                b->base.clone = share;
                b->signature = s;
                b->table = t;
                b->function = f;
                b->nin = arity[f];
            }
        }
    }
}
