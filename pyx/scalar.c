#include "scalar.h"

#include "core/dispatch.h"
#include "core/environment.h"

/* The value of a Python number; -1 if an error is set. */
static double
value_of(PyObject *x, const char *function)
{
    const double value = PyFloat_AsDouble(x);
    if (value == -1.0 && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Format(PyExc_TypeError, "%s: x must be a real number, not %.200s", function,
                     Py_TYPE(x)->tp_name);
    }
    return value;
}

/* The float64 function of the tier in use, so that a float and an array give the same bits. */
#define CYMA_UNARY(name, ...)                                                                      \
    static PyObject *evaluate_##name(PyObject *Py_UNUSED(module), PyObject *x)                     \
    {                                                                                              \
        double value = PyFloat_CheckExact(x) ? PyFloat_AS_DOUBLE(x) : value_of(x, #name);          \
        cyma_environment saved;                                                                    \
        if (value == -1.0 && PyErr_Occurred()) {                                                   \
            return NULL;                                                                           \
        }                                                                                          \
        cyma_enter_environment(&saved, CYMA_F64);                                                  \
        value = CYMA_UNARY_SCALAR(cyma_load(&cyma_scalars_in_use), CYMA_FUNCTION_##name, f64,      \
                                  double)(value);                                                  \
        cyma_leave_environment(&saved, CYMA_F64);                                                  \
        return PyFloat_FromDouble(value);                                                          \
    }
#include "cyma/functions.def"

static PyMethodDef methods[CYMA_FUNCTIONS] = {
#define CYMA_UNARY(name, ...) [CYMA_FUNCTION_##name] = {#name, evaluate_##name, METH_O, NULL},
#include "cyma/functions.def"
};

PyObject *
cyma_make_scalars(PyObject *docs, PyObject *module_name)
{
    PyObject *scalars = PyDict_New();
    for (int i = 0; scalars != NULL && i < CYMA_FUNCTIONS; i++) {
        PyObject *function, *doc = PyList_GetItem(docs, i);
        int failed = 1;
        if (methods[i].ml_name == NULL) {
            continue; /* of two arguments */
        }
        methods[i].ml_doc = doc != NULL ? PyBytes_AsString(doc) : NULL;
        function = methods[i].ml_doc ? PyCFunction_NewEx(&methods[i], NULL, module_name) : NULL;
        if (function != NULL) {
            failed = PyDict_SetItemString(scalars, methods[i].ml_name, function);
            Py_DECREF(function);
        }
        if (failed) {
            Py_CLEAR(scalars);
        }
    }
    return scalars;
}
