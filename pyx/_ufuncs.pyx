# cython: language_level=3, freethreading_compatible=True
"""The ufuncs, made from the function table, and the choice of the tier."""

import numpy

cimport numpy as cnp
from libc.math cimport INFINITY, fabs
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from cyma._docstrings import docstring, scalar_docstring
from cyma._table import DTYPES, Function, Worst
from cyma._version import __version__

cnp.import_array()
cnp.import_ufunc()


cdef extern from "table.h":
    ctypedef struct cyma_function:
        const char *name
        int nin
        double bounds[4]
        double at_minus_inf, at_inf, least, greatest
        int sign
        const char *mirror
        const char *trend
        const char *domain
    ctypedef struct cyma_absolute_bound:
        const char *name
        double bounds[4]
        const char *domain
    ctypedef struct cyma_special_value:
        const char *name
        double x, y, result
    ctypedef struct cyma_alias:
        const char *alias
        const char *name
    ctypedef struct cyma_worst:
        const char *name
        const char *dtype
        int fma
        double error, x, y
    const cyma_function cyma_functions[]
    const cyma_absolute_bound cyma_absolute_bounds[]
    const cyma_special_value cyma_special_values[]
    const cyma_alias cyma_aliases[]
    const cyma_worst cyma_worst_cases[]
    const double cyma_bound_without_fma
    const double cyma_thresholds[]


cdef extern from "dispatch.h":
    enum:
        CYMA_FUNCTIONS
        CYMA_LANES
    ctypedef void (*cyma_kernel)(const void *, const void *, void *, Py_ssize_t) nogil
    ctypedef struct cyma_hand_written:
        int function, precision
        cyma_kernel kernel
    ctypedef struct cyma_tier:
        const char *name
        int fma
        const cyma_hand_written *hand_written
    ctypedef struct cyma_left_out:
        const char *tier
        const char *reason
    const cyma_left_out cyma_left_out_tiers[]
    ctypedef struct cyma_kernel_table:
        const cyma_tier *tier
    const cyma_kernel_table *cyma_compiled_tier(int index)
    int cyma_tier_supported(const cyma_tier *tier)
    void cyma_init_tiers()
    const cyma_kernel_table *cyma_use_tier(const cyma_kernel_table *table)
    const cyma_kernel_table *cyma_use_tier_in_thread(const cyma_kernel_table *table)
    const cyma_kernel_table *cyma_kernels_in_use()


cdef extern from "loops.h":
    enum:
        CYMA_SIGNATURES
    void cyma_init_loops()
    cnp.PyUFuncGenericFunction cyma_loops[]
    char *cyma_loop_types(int nin)
    void **cyma_loop_data(int function)
    int cyma_add_loops(object ufunc, int function, object dtypes) except -1


cdef extern from "scalar.h":
    object cyma_make_scalars(list docs, str module_name)


cdef extern from "bce.h":
    enum:
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
    void cyma_add_to_rows(
        cyma_rows *rows, const void *x, const unsigned char *where, Py_ssize_t n
    ) nogil
    ctypedef struct cyma_repeats:
        Py_ssize_t period
        int weight, pos_weight, where
    void cyma_feed_bce(
        cyma_rows *rows, const cyma_bce *f, const cyma_repeats *repeats, Py_ssize_t n
    ) nogil


cdef dict _by_dtype(const double *bounds):
    return {dtype: bounds[i] for i, dtype in enumerate(DTYPES)}


def _read_functions():
    """The rows of the function table, by name."""
    special_values = {}
    absolute_bounds = {}
    cdef const cyma_special_value *special = cyma_special_values
    while special.name != NULL:
        row = ((special.x, special.y), special.result)
        special_values.setdefault(special.name.decode(), []).append(row)
        special += 1
    cdef const cyma_absolute_bound *absolute = cyma_absolute_bounds
    while absolute.name != NULL:
        absolute_bounds[absolute.name.decode()] = (
            _by_dtype(absolute.bounds), absolute.domain.decode()
        )
        absolute += 1
    worst_cases = {}
    cdef const cyma_worst *worst = cyma_worst_cases
    while worst.name != NULL:
        key = (worst.dtype.decode(), bool(worst.fma))
        row = (worst.error, (worst.x, worst.y))
        worst_cases.setdefault(worst.name.decode(), {})[key] = row
        worst += 1
    functions = {}
    cdef const cyma_function *f
    for i in range(CYMA_FUNCTIONS):
        f = &cyma_functions[i]
        name = f.name.decode()
        specials = special_values.get(name, [])
        if f.nin == 1:
            specials = [((-INFINITY,), f.at_minus_inf), ((INFINITY,), f.at_inf)]
        bounds, domain = absolute_bounds.get(name, (None, None))
        functions[name] = Function(
            name=name,
            nin=f.nin,
            bounds=_by_dtype(f.bounds),
            bound_without_fma=cyma_bound_without_fma,
            domain=f.domain.decode(),
            absolute=bounds,
            absolute_domain=domain,
            specials=tuple(specials),
            least=f.least,
            greatest=f.greatest,
            sign=f.sign,
            mirror=f.mirror.decode() if f.mirror != NULL else None,
            trend=f.trend.decode(),
            worst={
                key: Worst(error=error, operands=operands[:f.nin])
                for key, (error, operands) in worst_cases.get(name, {}).items()
            },
        )
    return functions


def _read_aliases():
    aliases = {}
    cdef const cyma_alias *row = cyma_aliases
    while row.alias != NULL:
        aliases[row.alias.decode()] = row.name.decode()
        row += 1
    return aliases


def _read_thresholds():
    thresholds = []
    while cyma_thresholds[len(thresholds)]:
        thresholds.append(cyma_thresholds[len(thresholds)])
    return tuple(thresholds)


def _make_ufuncs():
    cyma_init_loops()
    ufuncs = {}
    # Loops of NumPy 2's kind keep the tier for the whole call.
    numpy_2 = numpy.lib.NumpyVersion(numpy.__version__) >= "2.0.0"
    dtypes = {numpy.dtype(code).num: type(numpy.dtype(code)) for code in "hefdg"}
    for i, function in enumerate(FUNCTIONS.values()):
        # Pointers to the name and the docstring are kept: the table and _DOCUMENTS own them.
        _DOCUMENTS.append(docstring(function).encode())
        ufuncs[function.name] = cnp.PyUFunc_FromFuncAndData(
            cyma_loops, cyma_loop_data(i), cyma_loop_types(function.nin),
            0 if numpy_2 else CYMA_SIGNATURES,
            function.nin, 1, cnp.PyUFunc_None, cyma_functions[i].name, _DOCUMENTS[i], 0,
        )
        if numpy_2:
            cyma_add_loops(ufuncs[function.name], i, dtypes)
    return ufuncs


def _make_scalars():
    _SCALAR_DOCUMENTS.extend(scalar_docstring(f).encode() for f in FUNCTIONS.values())
    return cyma_make_scalars(_SCALAR_DOCUMENTS, "cyma.scalar")


cdef dict _read_tiers():
    """Compiled tiers, from the plainest to the widest, by name.

    A tier is (index, has FMA, is supported, [(function, dtype) of each hand-written kernel]).
    """
    tiers = {}
    cdef int i = 0
    cdef const cyma_kernel_table *table = cyma_compiled_tier(0)
    cdef const cyma_hand_written *own
    dtypes = {CYMA_F16: "float16", CYMA_F32: "float32", CYMA_F64: "float64"}
    while table != NULL:
        own = table.tier.hand_written
        hand_written = []
        while own != NULL and own.kernel != NULL:
            function = cyma_functions[own.function].name.decode()
            hand_written.append((function, dtypes[own.precision]))
            own += 1
        tiers[table.tier.name.decode()] = (
            i, bool(table.tier.fma), bool(cyma_tier_supported(table.tier)), hand_written
        )
        i += 1
        table = cyma_compiled_tier(i)
    return tiers


cdef dict _read_left_out_tiers():
    left_out = {}
    cdef const cyma_left_out *row = cyma_left_out_tiers
    while row.tier != NULL:
        left_out[row.tier.decode()] = row.reason.decode()
        row += 1
    return left_out


cdef const cyma_kernel_table *_table_of_tier(name) except NULL:
    """The kernels of a tier that works here."""
    if not isinstance(name, str):
        raise TypeError(f"name of a tier must be a str, not {type(name).__name__}")
    index, _, supported, _ = _TIERS.get(name, (0, False, False, []))
    if not supported:
        names = ", ".join(repr(tier) for tier in runtime_info()["supported_tiers"])
        raise ValueError(f"tier {name!r} does not work here; supported tiers: {names}")
    return cyma_compiled_tier(index)


cdef _name(const cyma_kernel_table *table):
    return None if table == NULL else table.tier.name.decode()


def check_tier(name):
    """Raise what `set_tier` raises if there is no such tier."""
    _table_of_tier(name)


def set_tier_of_thread(name):
    """Choose a tier for the calling thread alone, or with None that of the process.

    Returns what was chosen before.
    """
    cdef const cyma_kernel_table *table = NULL
    if name is not None:
        table = _table_of_tier(name)
    return _name(cyma_use_tier_in_thread(table))


def set_tier(name):
    """Choose the kernels that all ufuncs of the process run from now on.

    Parameters
    ----------
    name : str
        One of ``cyma.runtime_info()["supported_tiers"]``.

    Returns
    -------
    previous : str
        The tier of the process before.

    Raises
    ------
    TypeError
        If ``name`` is not a string.
    ValueError
        If no such tier was compiled, or this CPU cannot run it. The tier stays what it was.

    See Also
    --------
    tier : The same for a thread and a time.

    Notes
    -----
    The environment variable ``CYMA_TIER`` chooses the tier at import. Without it, that is the
    widest one that the CPU and the operating system support.

    Only this process follows: workers that are spawned (those of `multiprocessing`, joblib or dask)
    import cyma anew, and choose by ``CYMA_TIER``. So set that where all are to give the same bits.

    A call that another thread has begun keeps the tier that it began with. Under NumPy 1 this is
    so for arrays that need neither a cast nor a copy; of others NumPy hands over 8192 elements at
    a time (`numpy.getbufsize`), and those it hands over after the change are computed by the new
    tier. Each element is always computed by one of the two.

    Examples
    --------
    >>> import cyma
    >>> previous = cyma.set_tier("baseline")
    >>> cyma.runtime_info()["tier"]
    'baseline'
    >>> cyma.set_tier(previous)
    'baseline'
    """
    return _name(cyma_use_tier(_table_of_tier(name)))


def runtime_info():
    """Tell what runs.

    Returns
    -------
    info : dict
        ``version``, ``numpy`` : str
            Versions of cyma and NumPy.
        ``tier`` : str
            The tier that the calling thread uses.
        ``compiled_tiers``, ``supported_tiers`` : list of str
            Tiers in this build, and those of them that this CPU can run; plainest first.
        ``left_out_tiers`` : dict of str to str
            Tiers of this architecture that are not in this build, and why; empty as a rule.
        ``fma_tiers`` : list of str
            Compiled tiers with hardware FMA: all of them give the same bits, on every machine, but
            for their hand-written kernels.
        ``hand_written`` : dict of str to list of (str, str)
            By tier, functions and dtypes for which it has a faster kernel than the portable one,
            with results that may differ from those of other tiers, within the same bounds.

    Examples
    --------
    >>> import cyma
    >>> "baseline" in cyma.runtime_info()["supported_tiers"]
    True
    """
    return {
        "version": __version__,
        "numpy": numpy.__version__,
        "tier": _name(cyma_kernels_in_use()),
        "compiled_tiers": list(_TIERS),
        "supported_tiers": [name for name, (_, _, supported, _) in _TIERS.items() if supported],
        "left_out_tiers": _read_left_out_tiers(),
        "fma_tiers": [name for name, (_, fma, _, _) in _TIERS.items() if fma],
        "hand_written": {name: own for name, (_, _, _, own) in _TIERS.items() if own},
    }


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
            cyma_add_to_rows(&self.state, x, mask, n)


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

    A number that is a mere factor need not be held exactly: its rounding is as that of a result.
    Arrays of integers count by what is usual: small ones.
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
    if value == 0 or fabs(value) == INFINITY or value != value:
        return 0
    if exactly and <double><float>value != value:
        return 1
    return not 2.0 ** -126 <= fabs(value) < 2.0 ** 127


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
        cyma_feed_bce(&rows.state, &f, &repeats, n)


cyma_init_tiers()
_TIERS = _read_tiers()
FUNCTIONS = _read_functions()
ALIASES = _read_aliases()
THRESHOLDS = _read_thresholds()
LANES = CYMA_LANES
_DOCUMENTS = []
UFUNCS = _make_ufuncs()
_SCALAR_DOCUMENTS = []
SCALARS = _make_scalars()
