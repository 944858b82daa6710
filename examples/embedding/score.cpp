// Scores logits in files, as score.c does, in C++20: spans, and mappings that close themselves.
//
//     score LOGITS LABELS PROBABILITIES
//
// The inline functions of <cyma/cyma.h> are for single numbers, here the loss of the worst one;
// they need no library, and have the accuracy of the arrays if the compiler may use FMA.

#include <cyma/api.h>
#include <cyma/cyma.h>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

class MappedFile {
  public:
    explicit MappedFile(const std::string &path) : MappedFile(path, O_RDONLY, PROT_READ, 0)
    {
    }
    MappedFile(const std::string &path, std::size_t elements)
        : MappedFile(path, O_RDWR | O_CREAT | O_TRUNC, PROT_READ | PROT_WRITE, elements)
    {
    }
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile()
    {
        if (!floats.empty()) {
            munmap(floats.data(), floats.size_bytes());
        }
    }

    std::span<float> floats;

  private:
    MappedFile(const std::string &path, int flags, int protection, std::size_t elements)
    {
        struct stat status{};
        const int file = open(path.c_str(), flags, 0666);
        if (file < 0 || (elements > 0 && ftruncate(file, off_t(elements * sizeof(float))) != 0) ||
            fstat(file, &status) != 0) {
            throw std::system_error(errno, std::generic_category(), path);
        }
        const auto bytes = std::size_t(status.st_size);
        if (bytes > 0) {
            void *data = mmap(nullptr, bytes, protection, MAP_SHARED, file, 0);
            if (data == MAP_FAILED) {
                throw std::system_error(errno, std::generic_category(), path);
            }
            floats = {static_cast<float *>(data), bytes / sizeof(float)};
        }
        close(file);
    }
};

int
main(int argc, char **argv)
try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s LOGITS LABELS PROBABILITIES\n", argv[0]);
        return 2;
    }
    const MappedFile logits(argv[1]), labels(argv[2]);
    const std::span x = logits.floats, z = labels.floats;
    if (x.size() != z.size()) {
        throw std::invalid_argument(std::string(argv[1]) + " has " + std::to_string(x.size()) +
                                    " numbers, but " + argv[2] + " has " +
                                    std::to_string(z.size()));
    }
    const MappedFile probabilities(argv[3], x.size());

    cyma_sigmoid_f32_array(x.data(), probabilities.floats.data(), x.size());
    const double sum = cyma_bce_with_logits_f32_sum(x.data(), z.data(), nullptr, 1.0, x.size());

    float worst = 0;
    for (std::size_t i = 0; i < x.size(); i++) {
        worst = std::max(worst, cyma_sigmoid_bce_f32(x[i], z[i]));
    }
    std::printf("%zu logits, mean loss %.17g, the worst %.9g, by kernels for %s\n", x.size(),
                sum / double(x.size()), double(worst), cyma_tier());
}
catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
