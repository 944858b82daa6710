# cython: language_level=3, freethreading_compatible=True
"""The function table, read into Python."""

from libc.math cimport INFINITY

from cyma._table import DTYPES, Function, Worst


cdef extern from "cyma/version.h":
    const char *CYMA_VERSION


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
    cdef const cyma_function *f = cyma_functions
    while f.name != NULL:
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
        f += 1
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


__version__ = CYMA_VERSION.decode()
FUNCTIONS = _read_functions()
ALIASES = _read_aliases()
THRESHOLDS = _read_thresholds()
