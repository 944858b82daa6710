/* The loops as NumPy 2 wants them: a call asks for its loop once, and then keeps the tier, in
 * however many buffers it works. The rest of the extension needs no more of NumPy's API than 1.26
 * has. */
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include "loops.h"

static int
loop(PyArrayMethod_Context *Py_UNUSED(context), char *const *data, const npy_intp *dimensions,
     const npy_intp *strides, NpyAuxData *binding)
{
    cyma_run_loop((const cyma_binding *)binding, data, dimensions, strides);
    return 0;
}

static int
choose(int function, PyArrayMethod_Context *context, PyArrayMethod_StridedLoop **out_loop,
       NpyAuxData **out_data, NPY_ARRAYMETHOD_FLAGS *flags)
{
    const int type = context->descriptors[0]->type_num;
    int signature = 0;
    while (cyma_signatures[signature].in != type) {
        signature++;
    }
    *out_loop = loop;
    *out_data = (NpyAuxData *)cyma_binding_in_use(function, signature);
    *flags = NPY_METH_NO_FLOATINGPOINT_ERRORS; /* nor need of the GIL */
    return 0;
}

/* NumPy tells a get_loop its dtypes, but not the function. */
#define CYMA_UNARY(name, ...)                                                                      \
    static int get_loop_##name(PyArrayMethod_Context *context, int Py_UNUSED(aligned),             \
                               int Py_UNUSED(move_references), const npy_intp *Py_UNUSED(strides), \
                               PyArrayMethod_StridedLoop **out_loop, NpyAuxData **out_data,        \
                               NPY_ARRAYMETHOD_FLAGS *flags)                                       \
    {                                                                                              \
        return choose(CYMA_FUNCTION_##name, context, out_loop, out_data, flags);                   \
    }
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"

static PyArrayMethod_GetLoop *const get_loops[CYMA_FUNCTIONS] = {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = get_loop_##name,
#define CYMA_BINARY CYMA_UNARY
#include "cyma/functions.def"
};

int
cyma_add_loops(PyObject *ufunc_, int function, PyObject *dtypes)
{
    PyUFuncObject *ufunc = (PyUFuncObject *)ufunc_;
    if (PyUFunc_ImportUFuncAPI() < 0) {
        return -1;
    }
    for (int j = 0; j < CYMA_SIGNATURES; j++) {
        PyArray_DTypeMeta *classes[CYMA_MAX_IN + 1];
        for (int k = 0; k < ufunc->nargs; k++) {
            const char type = k < ufunc->nin ? cyma_signatures[j].in : cyma_signatures[j].out;
            PyObject *number = PyLong_FromLong(type);
            PyObject *dtype = number != NULL ? PyObject_GetItem(dtypes, number) : NULL;
            Py_XDECREF(number);
            if (dtype == NULL) {
                return -1;
            }
            classes[k] = (PyArray_DTypeMeta *)dtype;
            Py_DECREF(dtype); /* `dtypes` holds it */
        }
        PyType_Slot slots[] = {{NPY_METH_get_loop, (void *)get_loops[function]}, {0, NULL}};
        PyArrayMethod_Spec spec = {
            .name = ufunc->name,
            .nin = ufunc->nin,
            .nout = ufunc->nout,
            .casting = NPY_NO_CASTING,
            .flags = NPY_METH_NO_FLOATINGPOINT_ERRORS,
            .dtypes = classes,
            .slots = slots,
        };
        if (PyUFunc_AddLoopFromSpec(ufunc_, &spec) < 0) {
            return -1;
        }
    }
    /* Then the ufunc's `types`, by which NumPy also finds the loop for other dtypes. Were they
     * given to it from the start, it would make loops of the older kind of them. */
    ufunc->functions = cyma_loops;
    ufunc->data = cyma_loop_data(function);
    ufunc->types = cyma_loop_types(ufunc->nin);
    ufunc->ntypes = CYMA_SIGNATURES;
    return 0;
}
