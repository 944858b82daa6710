# cython: language_level=3, freethreading_compatible=True
"""Binary cross-entropy of pieces of arrays, and its sums; `cyma._bce` cuts the pieces."""

import numpy

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, strcmp

from cyma._ufuncs import CORE

cnp.import_array()


cdef extern from "core/bce.h":
    enum:
        CYMA_LANES
        CYMA_F16
        CYMA_F32
        CYMA_F64
        CYMA_LD
        CYMA_SHORT_ROW
        CYMA_INTEGER_LOGITS
        CYMA_INTEGER_TARGETS
        CYMA_INTEGER_WEIGHT
        CYMA_INTEGER_POS_WEIGHT
    ctypedef struct cyma_bce:
        const void *logits
        const void *targets
        const void *weight
        const void *pos_weight
        long double target_value, weight_value, pos_weight_value
        const unsigned char *where
        long double keep, add
        double scale, floor
        void *loss
        void *grad
        void *hess
        int integers
    int cyma_width_of_number(double value, int exactly)
    ctypedef struct cyma_block:
        pass
    ctypedef struct cyma_rows:
        Py_ssize_t row_length
        int precision
        void *sums
        int *exponents
        const void *factors
        const int *factor_exponents
        double greatest_factor
        cyma_block *block
        int wild
    ctypedef struct cyma_repeats:
        Py_ssize_t period
        int weight, pos_weight, where


cdef extern from "shared.h":
    const char *CYMA_SHARED_NAME
    ctypedef struct cyma_shared:
        const char *version
        void add_to_rows(
            cyma_rows *rows, const void *x, const unsigned char *where, Py_ssize_t n
        ) noexcept nogil
        void feed_bce(
            cyma_rows *rows, const cyma_bce *f, const cyma_repeats *repeats, Py_ssize_t n
        ) noexcept nogil


cdef extern from "cyma/version.h":
    const char *CYMA_VERSION


cdef const cyma_shared *_core = <const cyma_shared *>PyCapsule_GetPointer(CORE, CYMA_SHARED_NAME)
if strcmp(_core.version, CYMA_VERSION) != 0:
    raise ImportError(
        f"cyma._losses is of cyma {CYMA_VERSION.decode()}, but cyma._ufuncs is of "
        f"{_core.version.decode()}: install cyma anew"
    )
LANES = CYMA_LANES


cdef class Rows:
    """Rows of elements that come in pieces, and the sums over them, in one order.

    Parameters
    ----------
    dtype : numpy.dtype
        What is computed in: float32, float64 or long double.
    row_length : int
        Elements in a row; positive.
    sums, exponents : ndarray or None
        Where the sums go, an element for each row: in float64; or in long double, without the
        power of 2 whose exponents, of the C type int, go into the other array. Contiguous.
    factors, factor_exponents : ndarray or None
        By what the derivatives in each row are multiplied, likewise; float64 or long double.
    greatest_factor : float
        The greatest magnitude of those, and of other factors of the derivatives.
    """

    cdef cyma_rows state
    cdef cnp.ndarray sums, exponents, factors, factor_exponents  # must live as long

    def __cinit__(
        self, cnp.dtype dtype, Py_ssize_t row_length, cnp.ndarray sums, cnp.ndarray exponents,
        cnp.ndarray factors, cnp.ndarray factor_exponents, double greatest_factor,
    ):
        self.sums, self.exponents = sums, exponents
        self.factors, self.factor_exponents = factors, factor_exponents
        self.state.row_length = row_length
        self.state.precision = _precision(dtype)
        self.state.sums = _data(sums)
        self.state.exponents = <int *>_data(exponents)
        self.state.factors = _data(factors)
        self.state.factor_exponents = <const int *>_data(factor_exponents)
        self.state.greatest_factor = greatest_factor
        if sums is not None and row_length > CYMA_SHORT_ROW:
            self.state.block = <cyma_block *>calloc(1, sizeof(cyma_block))
            if self.state.block == NULL:
                raise MemoryError

    def __dealloc__(self):
        free(self.state.block)

    @property
    def wild(self):
        """Whether more went wrong than last digits: then a wider type is due."""
        return self.state.wild != 0

    def add(self, cnp.ndarray elements not None, cnp.ndarray where):
        """Take more elements, contiguous and of the type of the sums, where a mask is, or None."""
        cdef const void *x = _data(elements)
        cdef const unsigned char *mask = <const unsigned char *>_data(where)
        cdef Py_ssize_t n = elements.size
        with nogil:
            _core.add_to_rows(&self.state, x, mask, n)


cdef int _precision(cnp.dtype dtype) except -1:
    if dtype.type_num == cnp.NPY_FLOAT:
        return CYMA_F32
    if dtype.type_num == cnp.NPY_DOUBLE:
        return CYMA_F64
    if dtype.type_num == cnp.NPY_LONGDOUBLE:
        return CYMA_LD
    raise TypeError(f"float32, float64 or long double is wanted, not {dtype}")


cdef int _width(operand, bint exactly) except -1:
    """0 if float32 holds the values of an operand, 1 if it takes float64, 2 for long double.

    A number need be held exactly only if that is asked for. Arrays of integers count by what is
    usual: small ones.
    """
    cdef int width = 0
    cdef double value
    if isinstance(operand, cnp.ndarray):
        width = cnp.PyArray_TYPE(operand)
        if width == cnp.NPY_LONGDOUBLE:
            return 2 if sizeof(long double) > sizeof(double) else 1
        return width == cnp.NPY_DOUBLE
    value = operand
    if value != operand and value == value:
        return 2
    return cyma_width_of_number(value, exactly)


cdef bint _is_wide_integer(operand):
    return (
        isinstance(operand, cnp.ndarray) and cnp.PyArray_ISINTEGER(operand)
        and cnp.PyArray_ITEMSIZE(operand) >= 4
    )


def width_needed(cnp.ndarray logits not None, targets, weight, pos_weight, label_smoothing):
    """In what to compute: how wide it must be for all operands but the logits.

    Returns
    -------
    width : int
        The index of float32, float64 or long double.
    integers : int
        Which operands, and logits, are arrays of integers that may be wider still: for feed_bce.
    """
    # Where the terms of a gradient cancel, the last digits of targets and their weights are left.
    cdef int width = max(_width(targets, True), _width(weight, False), _width(pos_weight, True))
    cdef double smoothing = label_smoothing
    if smoothing != 0:
        width = max(width, _width(label_smoothing / 2, False))
        if smoothing < 2.0 ** -1000:
            width = 2
    return width, (
        CYMA_INTEGER_LOGITS * _is_wide_integer(logits)
        | CYMA_INTEGER_TARGETS * _is_wide_integer(targets)
        | CYMA_INTEGER_WEIGHT * _is_wide_integer(weight)
        | CYMA_INTEGER_POS_WEIGHT * _is_wide_integer(pos_weight)
    )


cpdef bint is_plain(cnp.ndarray x, cnp.dtype dtype):
    """Whether an array is contiguous in the order of C, aligned, and of the dtype."""
    # That is, in the machine's byte order.
    return cnp.PyArray_ISCARRAY_RO(x) and cnp.PyArray_TYPE(x) == dtype.type_num


def all_plain(list operands not None, list dtypes not None):
    """Whether all arrays among the operands have the shape of the first, and are plain."""
    cdef cnp.ndarray first = operands[0]
    cdef Py_ssize_t i
    for i in range(len(operands)):
        operand = operands[i]
        if isinstance(operand, cnp.ndarray):
            if not (cnp.PyArray_SAMESHAPE(operand, first) and is_plain(operand, dtypes[i])):
                return False
    return True


def repeat(cnp.ndarray x not None, Py_ssize_t length):
    """The elements of a contiguous array again and again, in one dimension of a greater length."""
    cdef Py_ssize_t done = cnp.PyArray_NBYTES(x), size
    cdef cnp.npy_intp elements = length
    cdef cnp.ndarray y = cnp.PyArray_SimpleNew(1, &elements, cnp.PyArray_TYPE(x))
    cdef char *data = <char *>cnp.PyArray_DATA(y)
    size = cnp.PyArray_NBYTES(y)
    memcpy(data, cnp.PyArray_DATA(x), done)
    while done < size:
        memcpy(data + done, data, min(done, size - done))
        done *= 2
    return y


cdef void *_data(cnp.ndarray x):
    return NULL if x is None else cnp.PyArray_DATA(x)


cdef long double _long_double(x) except? -1:
    """The value of a number, with all its digits."""
    if isinstance(x, float):
        return <double>x
    cdef cnp.ndarray whole = numpy.asarray(x, numpy.longdouble)
    return (<long double *>cnp.PyArray_DATA(whole))[0]


cdef void *_data_or_value(operand, long double *value) except? NULL:
    """Address of an array, or NULL and the value of a scalar."""
    value[0] = 0
    if isinstance(operand, cnp.ndarray):
        return cnp.PyArray_DATA(operand)
    value[0] = _long_double(operand)
    return NULL


cdef bint _repeats(operand, Py_ssize_t n, Py_ssize_t *period):
    """Whether an operand is an array of another length than n, which is then the period."""
    cdef Py_ssize_t length = n
    if isinstance(operand, cnp.ndarray):
        length = (<cnp.ndarray>operand).size
    if length == n:
        return False
    period[0] = length
    return True


def feed_bce(
    Rows rows not None, cnp.ndarray logits not None, targets, weight, pos_weight,
    cnp.ndarray where, cnp.ndarray loss, cnp.ndarray grad, cnp.ndarray hess,
    label_smoothing, double scale, double floor, int integers,
):
    """Compute binary cross-entropy of a piece of the elements, and add the losses to their rows.

    Arrays are plain, of one length and, but for ``where``, of the dtype of the rows. Those of
    ``weight``, ``pos_weight`` and ``where`` that have another length, one for all, are repeated.
    ``targets``, ``weight`` and ``pos_weight`` may be scalars; ``where`` and what is not wanted of
    ``loss``, ``grad`` and ``hess`` may be None: ``loss`` must be where sums are wanted, and
    ``hess`` where losses are. The derivatives are multiplied by ``scale``; the second one, without
    weights, is at least ``floor``. ``integers`` is what `width_needed` gave.
    """
    cdef cyma_bce f
    cdef cyma_repeats repeats
    cdef Py_ssize_t n = logits.size
    cdef long double smoothing = _long_double(label_smoothing)
    f.logits = _data(logits)
    f.targets = _data_or_value(targets, &f.target_value)
    f.weight = _data_or_value(weight, &f.weight_value)
    f.pos_weight = _data_or_value(pos_weight, &f.pos_weight_value)
    f.where = <const unsigned char *>_data(where)
    f.loss, f.grad, f.hess = _data(loss), _data(grad), _data(hess)
    f.keep, f.add = 1 - smoothing, smoothing / 2
    f.scale, f.floor, f.integers = scale, floor, integers
    repeats.period = n
    repeats.weight = _repeats(weight, n, &repeats.period)
    repeats.pos_weight = _repeats(pos_weight, n, &repeats.period)
    repeats.where = _repeats(where, n, &repeats.period)
    with nogil:
        _core.feed_bce(&rows.state, &f, &repeats, n)
