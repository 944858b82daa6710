#include "capsules.h"

#include "core/dispatch.h"
#include "cyma/api.h"

/* Numbers: by the functions of the tier in use, so that the bits are those of arrays. The flags
 * that they raise stay, as with any inline code, for a loop cannot afford to save them each time.
 * Arrays: of Py_ssize_t elements, which Cython and NumPy count in. */
#define CYMA_DEFINE_UNARY(name, suffix, type)                                                      \
    static type name##_##suffix(type x)                                                            \
    {                                                                                              \
        return CYMA_UNARY_SCALAR(cyma_load(&cyma_scalars_in_use), CYMA_FUNCTION_##name, suffix,    \
                                 type)(x);                                                         \
    }
#define CYMA_DEFINE_BINARY(name, suffix, type)                                                     \
    static type name##_##suffix(type x, type y)                                                    \
    {                                                                                              \
        return CYMA_BINARY_SCALAR(cyma_load(&cyma_scalars_in_use), CYMA_FUNCTION_##name, suffix,   \
                                  type)(x, y);                                                     \
    }
#define CYMA_DEFINE_UNARY_ARRAY(name, suffix, type)                                                \
    static void name##_##suffix##_array(const type *x, type *out, Py_ssize_t n)                    \
    {                                                                                              \
        cyma_##name##_##suffix##_array(x, out, (size_t)n);                                         \
    }
#define CYMA_DEFINE_BINARY_ARRAY(name, suffix, type)                                               \
    static void name##_##suffix##_array(const type *x, const type *y, type *out, Py_ssize_t n)     \
    {                                                                                              \
        cyma_##name##_##suffix##_array(x, y, out, (size_t)n);                                      \
    }
#define CYMA_UNARY(name, ...)                                                                      \
    CYMA_DEFINE_UNARY(name, f32, float)                                                            \
    CYMA_DEFINE_UNARY(name, f64, double)                                                           \
    CYMA_DEFINE_UNARY_ARRAY(name, f16, uint16_t)                                                   \
    CYMA_DEFINE_UNARY_ARRAY(name, f32, float)                                                      \
    CYMA_DEFINE_UNARY_ARRAY(name, f64, double)
#define CYMA_BINARY(name, ...)                                                                     \
    CYMA_DEFINE_BINARY(name, f32, float)                                                           \
    CYMA_DEFINE_BINARY(name, f64, double)                                                          \
    CYMA_DEFINE_BINARY_ARRAY(name, f16, uint16_t)                                                  \
    CYMA_DEFINE_BINARY_ARRAY(name, f32, float)                                                     \
    CYMA_DEFINE_BINARY_ARRAY(name, f64, double)
#include "cyma/functions.def"

#define CYMA_DEFINE_SUMS(suffix, type)                                                             \
    static double bce_with_logits_##suffix##_sum(const type *logits, const type *targets,          \
                                                 const type *weight, double pos_weight,            \
                                                 Py_ssize_t n)                                     \
    {                                                                                              \
        return cyma_bce_with_logits_##suffix##_sum(logits, targets, weight, pos_weight,            \
                                                   (size_t)n);                                     \
    }                                                                                              \
    static double bce_with_logits_##suffix##_sum_and_grad(const type *logits, const type *targets, \
                                                          const type *weight, double pos_weight,   \
                                                          double scale, type *grad, Py_ssize_t n)  \
    {                                                                                              \
        return cyma_bce_with_logits_##suffix##_sum_and_grad(logits, targets, weight, pos_weight,   \
                                                            scale, grad, (size_t)n);               \
    }
CYMA_DEFINE_SUMS(f32, float)
CYMA_DEFINE_SUMS(f64, double)

/* A capsule has the function's type for a name, spelled as Cython does, which compares it. */
#define CYMA_NUMBERS_UNARY(type) #type " (" #type ")"
#define CYMA_NUMBERS_BINARY(type) #type " (" #type ", " #type ")"
#define CYMA_ARRAYS_UNARY(type) "void (" #type " const *, " #type " *, Py_ssize_t)"
#define CYMA_ARRAYS_BINARY(type)                                                                   \
    "void (" #type " const *, " #type " const *, " #type " *, Py_ssize_t)"
#define CYMA_OPERANDS(type) #type " const *, " #type " const *, " #type " const *, double, "

static const struct {
    const char *name, *type;
    void (*function)(void);
} functions[] = {
#define CYMA_ENTRY(name, type) {#name, type, (void (*)(void))name},
#define CYMA_ENTRIES(name, kind)                                                                   \
    CYMA_ENTRY(name##_f32, CYMA_NUMBERS_##kind(float))                                             \
    CYMA_ENTRY(name##_f64, CYMA_NUMBERS_##kind(double))                                            \
    CYMA_ENTRY(name##_f16_array, CYMA_ARRAYS_##kind(uint16_t))                                     \
    CYMA_ENTRY(name##_f32_array, CYMA_ARRAYS_##kind(float))                                        \
    CYMA_ENTRY(name##_f64_array, CYMA_ARRAYS_##kind(double))
#define CYMA_UNARY(name, ...) CYMA_ENTRIES(name, UNARY)
#define CYMA_BINARY(name, ...) CYMA_ENTRIES(name, BINARY)
#include "cyma/functions.def"
    CYMA_ENTRY(bce_with_logits_f32_sum, "double (" CYMA_OPERANDS(float) "Py_ssize_t)")
        CYMA_ENTRY(bce_with_logits_f64_sum, "double (" CYMA_OPERANDS(double) "Py_ssize_t)")
            CYMA_ENTRY(bce_with_logits_f32_sum_and_grad,
                       "double (" CYMA_OPERANDS(float) "double, float *, Py_ssize_t)")
                CYMA_ENTRY(bce_with_logits_f64_sum_and_grad,
                           "double (" CYMA_OPERANDS(double) "double, double *, Py_ssize_t)"){
                    "tier", "char const *(void)", (void (*)(void))cyma_tier},
    {"set_tier", "int (char const *)", (void (*)(void))cyma_set_tier},
    {"abi_version", "int (void)", (void (*)(void))cyma_abi_version},
    {"version", "char const *(void)", (void (*)(void))cyma_version},
};

PyObject *
cyma_make_capsules(void)
{
    PyObject *capsules = PyDict_New();
    for (size_t i = 0; capsules != NULL && i < sizeof functions / sizeof *functions; i++) {
        PyObject *capsule = PyCapsule_New((void *)functions[i].function, functions[i].type, NULL);
        if (capsule == NULL || PyDict_SetItemString(capsules, functions[i].name, capsule) < 0) {
            Py_CLEAR(capsules);
        }
        Py_XDECREF(capsule);
    }
    return capsules;
}
