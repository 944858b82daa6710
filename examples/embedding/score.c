/* Scores logits in files: probabilities, and their mean loss. In C, with libcyma, without Python.
 *
 *     score LOGITS LABELS PROBABILITIES
 *
 * The files have numbers of float32, in the machine's byte order, and nothing else, as NumPy's
 * tofile() writes them. They are mapped into memory, and results go straight from one to the other:
 * nothing is copied, and a file may be larger than memory. The functions choose the kernels for the
 * CPU when they are first called; nothing is to be set up.
 *
 * Build it by CMake (CMakeLists.txt, beside this), or where pkg-config finds cyma:
 *
 *     cc -O2 score.c $(pkg-config --cflags --libs cyma) -o score
 */
#define _POSIX_C_SOURCE 200809L
#include <cyma/api.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void
check(int good, const char *file)
{
    if (!good) {
        perror(file);
        exit(1);
    }
}

/* Maps a file; with a size, one that is made anew. */
static float *
map(const char *path, size_t *bytes, int writable)
{
    struct stat status;
    const int file = open(path, writable ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0666);
    check(file >= 0, path);
    if (writable) {
        check(ftruncate(file, (off_t)*bytes) == 0, path);
    }
    check(fstat(file, &status) == 0, path);
    *bytes = (size_t)status.st_size;
    if (*bytes == 0) {
        close(file);
        return NULL; /* cannot be mapped, nor need be */
    }
    float *data =
        mmap(NULL, *bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
    check(data != MAP_FAILED, path);
    close(file);
    return data;
}

int
main(int argc, char **argv)
{
    size_t bytes, label_bytes;
    if (argc != 4) {
        fprintf(stderr, "usage: %s LOGITS LABELS PROBABILITIES\n", argv[0]);
        return 2;
    }
    const float *logits = map(argv[1], &bytes, 0);
    const float *labels = map(argv[2], &label_bytes, 0);
    if (bytes != label_bytes || bytes % sizeof *logits != 0) {
        fprintf(stderr, "%s has %zu bytes, but %s has %zu\n", argv[1], bytes, argv[2], label_bytes);
        return 1;
    }
    const size_t n = bytes / sizeof *logits;
    float *probabilities = map(argv[3], &bytes, 1);

    cyma_sigmoid_f32_array(logits, probabilities, n);
    const double sum = cyma_bce_with_logits_f32_sum(logits, labels, NULL, 1.0, n);

    printf("%zu logits, mean loss %.17g, by kernels for %s\n", n, sum / (double)n, cyma_tier());
    return 0;
}
