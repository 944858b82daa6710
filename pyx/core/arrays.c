#include "arrays.h"

#include "environment.h"

static const ptrdiff_t sizes[CYMA_PRECISIONS] = {
    [CYMA_F16] = 2, [CYMA_F32] = 4, [CYMA_F64] = 8, [CYMA_LD] = sizeof(long double)};

static const int binary[CYMA_FUNCTIONS] = {
#define CYMA_BINARY(name, ...) [CYMA_FUNCTION_##name] = 1,
#include "cyma/functions.def"
};

/* One number, for which a kernel would compute a whole block. */
#define CYMA_DEFINE_RUN_NUMBER(suffix, type)                                                       \
    static void run_number_##suffix(const cyma_kernel_table *table, int function, const type *x,   \
                                    const type *y, type *out)                                      \
    {                                                                                              \
        const cyma_scalars *scalars = &table->scalars;                                             \
        *out = binary[function] ? CYMA_BINARY_SCALAR(scalars, function, suffix, type)(*x, *y)      \
                                : CYMA_UNARY_SCALAR(scalars, function, suffix, type)(*x);          \
    }
CYMA_DEFINE_RUN_NUMBER(f32, float)
CYMA_DEFINE_RUN_NUMBER(f64, double)

void
cyma_run_array(const cyma_kernel_table *table, int function, int precision, const void *x_,
               const void *y_, void *out_, ptrdiff_t n)
{
    const cyma_kernel kernel = table->kernels[function][precision];
    const cyma_kernel stream = table->streams[function];
    const ptrdiff_t size = sizes[precision];
    cyma_environment saved;
    cyma_enter_environment(&saved, precision);
    if (n == 1 && precision == CYMA_F32) {
        run_number_f32(table, function, x_, y_, out_);
    }
    else if (n == 1 && precision == CYMA_F64) {
        run_number_f64(table, function, x_, y_, out_);
    }
    else if (stream == NULL || n * size < CYMA_STREAM_BYTES || out_ == x_ || out_ == y_) {
        kernel(x_, y_, out_, n);
    }
    else {
        _Alignas(64) char block[CYMA_STACK_BYTES];
        const char *x = x_, *y = y_;
        char *out = out_;
        for (ptrdiff_t left = n * size, bytes; left > 0; left -= bytes) {
            bytes = left < (ptrdiff_t)sizeof block ? left : (ptrdiff_t)sizeof block;
            kernel(x, y, block, bytes / size);
            stream(block, NULL, out, bytes);
            x += bytes;
            y += bytes;
            out += bytes;
        }
        cyma_store_fence();
    }
    cyma_leave_environment(&saved, precision);
}
