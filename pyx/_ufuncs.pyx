# cython: language_level=3, freethreading_compatible=True
"""The ufuncs, made from the function table, and the choice of the tier."""

import numpy

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_New

from cyma._docstrings import docstring, scalar_docstring
from cyma._functions import FUNCTIONS, __version__

cnp.import_array()
cnp.import_ufunc()


cdef extern from "core/dispatch.h":
    enum:
        CYMA_F16
        CYMA_F32
        CYMA_F64
    ctypedef void (*cyma_kernel)(const void *, const void *, void *, Py_ssize_t) nogil
    ctypedef struct cyma_hand_written:
        int function, precision
        cyma_kernel kernel
    ctypedef struct cyma_tier_kernels:
        const char *name
        int fma
        const cyma_hand_written *hand_written
    ctypedef struct cyma_left_out:
        const char *tier
        const char *reason
    const cyma_left_out cyma_left_out_tiers[]
    ctypedef struct cyma_kernel_table:
        const cyma_tier_kernels *tier
    void cyma_init_tiers()
    const cyma_kernel_table *cyma_compiled_tier(int index)
    const cyma_kernel_table *cyma_find_tier(const char *name)
    int cyma_tier_supported(const cyma_tier_kernels *tier)
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


cdef extern from "capsules.h":
    object cyma_make_capsules()


cdef extern from "cyma/api.h":
    enum:
        CYMA_ABI_VERSION


cdef extern from "shared.h":
    const char *CYMA_SHARED_NAME
    ctypedef struct cyma_shared:
        pass
    const cyma_shared cyma_core


def _make_ufuncs():
    cyma_init_loops()
    ufuncs = {}
    # Loops of NumPy 2's kind keep the tier for the whole call.
    numpy_2 = numpy.lib.NumpyVersion(numpy.__version__) >= "2.0.0"
    dtypes = {numpy.dtype(code).num: type(numpy.dtype(code)) for code in "hefdg"}
    for i, function in enumerate(FUNCTIONS.values()):
        # Pointers to the name and the docstring are kept.
        _NAMES.append(function.name.encode())
        _DOCUMENTS.append(docstring(function).encode())
        ufuncs[function.name] = cnp.PyUFunc_FromFuncAndData(
            cyma_loops, cyma_loop_data(i), cyma_loop_types(function.nin),
            0 if numpy_2 else CYMA_SIGNATURES,
            function.nin, 1, cnp.PyUFunc_None, _NAMES[i], _DOCUMENTS[i], 0,
        )
        if numpy_2:
            cyma_add_loops(ufuncs[function.name], i, dtypes)
    return ufuncs


def _make_scalars():
    _SCALAR_DOCUMENTS.extend(scalar_docstring(f).encode() for f in FUNCTIONS.values())
    return cyma_make_scalars(_SCALAR_DOCUMENTS, "cyma.scalar")


cdef dict _read_tiers():
    """Compiled tiers, from the plainest to the widest, by name.

    A tier is (has FMA, is supported, [(function, dtype) of each hand-written kernel]).
    """
    tiers = {}
    cdef int i = 0
    cdef const cyma_kernel_table *table = cyma_compiled_tier(0)
    cdef const cyma_hand_written *own
    names = list(FUNCTIONS)
    dtypes = {CYMA_F16: "float16", CYMA_F32: "float32", CYMA_F64: "float64"}
    while table != NULL:
        own = table.tier.hand_written
        hand_written = []
        while own != NULL and own.kernel != NULL:
            hand_written.append((names[own.function], dtypes[own.precision]))
            own += 1
        tiers[table.tier.name.decode()] = (
            bool(table.tier.fma), bool(cyma_tier_supported(table.tier)), hand_written
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
    cdef const cyma_kernel_table *table = NULL
    if name in _TIERS:
        table = cyma_find_tier(name.encode())
    if table == NULL:
        names = ", ".join(repr(tier) for tier in runtime_info()["supported_tiers"])
        raise ValueError(f"tier {name!r} does not work here; supported tiers: {names}")
    return table


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
        "supported_tiers": [name for name, (_, supported, _) in _TIERS.items() if supported],
        "left_out_tiers": _read_left_out_tiers(),
        "fma_tiers": [name for name, (fma, _, _) in _TIERS.items() if fma],
        "hand_written": {name: own for name, (_, _, own) in _TIERS.items() if own},
    }


cyma_init_tiers()
_TIERS = _read_tiers()
_NAMES = []
_DOCUMENTS = []
UFUNCS = _make_ufuncs()
_SCALAR_DOCUMENTS = []
SCALARS = _make_scalars()

CAPSULES = cyma_make_capsules()
ABI_VERSION = CYMA_ABI_VERSION
CORE = PyCapsule_New(<void *>&cyma_core, CYMA_SHARED_NAME, NULL)
