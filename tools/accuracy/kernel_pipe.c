/* Runs a kernel of the tier that this program is compiled with, for tools/accuracy/same_bits.py:
 *
 *     kernel_pipe FUNCTION DTYPE KIND < operands > results
 *
 * the portable one, or else, for any KIND but "portable", the hand-written one. Operands and
 * results are arrays in the machine's byte order, the first operand before the second. */
#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define TIER PASTE(cyma_tier, CYMA_TIER)

extern const cyma_tier_kernels TIER;

static const struct {
    const char *name;
    int nin;
} functions[CYMA_FUNCTIONS] = {
#define CYMA_UNARY(name, ...) {#name, 1},
#define CYMA_BINARY(name, ...) {#name, 2},
#include "cyma/functions.def"
};

static void *
allocate(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* All of the standard input. */
static char *
read_all(size_t *size)
{
    size_t capacity = 1 << 20, got;
    char *data = allocate(capacity);
    *size = 0;
    while ((got = fread(data + *size, 1, capacity - *size, stdin)) > 0) {
        *size += got;
        if (*size == capacity) {
            data = realloc(data, capacity *= 2);
            if (data == NULL) {
                fprintf(stderr, "out of memory\n");
                exit(1);
            }
        }
    }
    return data;
}

int
main(int argc, char **argv)
{
    int function = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: %s FUNCTION DTYPE KIND < operands > results\n", argv[0]);
        return 2;
    }
    while (function < CYMA_FUNCTIONS && strcmp(functions[function].name, argv[1]) != 0) {
        function++;
    }
    const char *const dtypes[CYMA_LD] = {"float16", "float32", "float64"};
    int precision = 0;
    while (precision < CYMA_LD && strcmp(dtypes[precision], argv[2]) != 0) {
        precision++;
    }
    if (function == CYMA_FUNCTIONS || precision == CYMA_LD) {
        fprintf(stderr, "unknown function %s or dtype %s\n", argv[1], argv[2]);
        return 2;
    }

    cyma_kernel kernel = TIER.kernels[function][precision];
    if (strcmp(argv[3], "portable") != 0) {
        const cyma_hand_written *own = TIER.hand_written;
        while (own != NULL && own->kernel != NULL &&
               (own->function != function || own->precision != precision)) {
            own++;
        }
        if (own == NULL || own->kernel == NULL) {
            fprintf(stderr, "no hand-written %s of %s\n", argv[1], argv[2]);
            return 2;
        }
        kernel = own->kernel;
    }

    const size_t item = (size_t)2 << precision;
    const int nin = functions[function].nin;
    size_t size;
    char *operands = read_all(&size);
    const size_t count = size / item / (size_t)nin;
    const char *second = operands + (size_t)(nin - 1) * count * item;
    kernel(operands, second, operands, (ptrdiff_t)count);
    return fwrite(operands, item, count, stdout) == count ? 0 : 1;
}
