"""What numba knows of cyma: in functions that it compiles, the ufuncs and those of `cyma.scalar`.

numba calls `init` by itself, which is an entry point ``numba_extensions`` of the package: users
import nothing, and ``import cyma`` does not import numba.

Results are the ufuncs' to the bit, as the functions of `cyma.cython_api` compute them: numbers one
by one, arrays as a whole. An operand that is no contiguous array of the shape and the type of the
results, or overlaps them, is copied first. Compiled code has these functions by name, not by
address, so that numba can keep it in a file for the next process.
"""

import llvmlite.binding
import numpy as np
from numba import types
from numba.core.errors import TypingError
from numba.core.typing.templates import infer_global, make_overload_template
from numba.cpython.unsafe.tuple import tuple_setitem
from numba.extending import get_cython_function_address, overload, register_jitable
from numba.np.numpy_support import as_dtype, from_dtype

from cyma import cython_api
from cyma._functions import FUNCTIONS
from cyma._ufuncs import SCALARS, UFUNCS

PAGE = 4096
SUFFIXES = {types.float32: "f32", types.float64: "f64"}


class ShapeError(ValueError):
    """Shapes that do not go together."""

    def __str__(self):
        name, text, *shapes = self.args
        return f"cyma.{name}: {text.format(*shapes)}"


def init() -> None:
    """Let numba know the functions, before it compiles code that calls them or loads it."""
    for name in cython_api.__pyx_capi__:
        address = get_cython_function_address(cython_api.__name__, name)
        llvmlite.binding.add_symbol(f"cyma_{name}", address)
    for name in SCALARS:
        overload(SCALARS[name])(typed_scalar(name))
    for name, function in FUNCTIONS.items():
        # Not overload(ufunc): numba would fuse it into its loops over elements, as its own ufuncs,
        # and never call the function of arrays.
        template = make_overload_template(
            f"cyma.{name}",
            {1: typed_unary, 2: typed_binary}[function.nin](name),
            {"nopython": True, "no_cpython_wrapper": True},
            strict=True,
            inline="never",
        )
        infer_global(UFUNCS[name], types.Function(template))


# What is compiled for the types of a call.


def typed_scalar(name):
    """The typing of a function of `cyma.scalar`."""
    function = external(name, types.float64)

    def typed(x):
        if not is_number(types.unliteral(x)):
            raise TypingError(f"cyma.scalar.{name}: x must be a real number, not {x}")
        return lambda x: function(np.float64(x))

    return typed


def typed_unary(name):
    """The typing of a ufunc of one operand."""

    def typed(x, out=None):
        real = result_type(name, [x], out)
        dtype, number = as_dtype(real), as_dtype(real).type
        function, kernel = external(name, real), external(name, real, "_array")

        def of_number(x, out=None):
            return function(number(_element(x)))

        def of_new_array(x, out=None):
            result = _empty(x.shape, dtype)
            kernel(x.ctypes, result.ctypes, result.size)
            return result

        def of_array(x, out=None):
            result = _result(name, out, dtype, x)
            a = _operand(name, _element(x), result, out, None)
            kernel(a.ctypes, result.ctypes, result.size)
            return _written(result, out)

        if is_absent(out):
            if ndim([x]) == 0:
                return of_number
            if is_plain(x, real, x.ndim, "C"):
                return of_new_array
        return of_array

    return typed


def typed_binary(name):
    """The typing of a ufunc of two operands."""

    def typed(x, y, out=None):
        real = result_type(name, [x, y], out)
        dtype, number = as_dtype(real), as_dtype(real).type
        function, kernel = external(name, real), external(name, real, "_array")

        def of_numbers(x, y, out=None):
            return function(number(_element(x)), number(_element(y)))

        def of_arrays(x, y, out=None):
            result = _result(name, out, dtype, x, y)
            a = _operand(name, _element(x), result, out, result)
            b = _operand(name, _element(y), result, out, a)
            kernel(a.ctypes, b.ctypes, result.ctypes, result.size)
            return _written(result, out)

        return of_numbers if is_absent(out) and ndim([x, y]) == 0 else of_arrays

    return typed


def external(name, real, suffix=""):
    """A function of `cyma.cython_api`: of numbers or, with the suffix, of arrays."""
    nin = FUNCTIONS[name].nin
    signature = real(*[real] * nin)
    if suffix:
        signature = types.void(*[types.CPointer(real)] * (nin + 1), types.intp)
    return types.ExternalFunction(f"cyma_{name}_{SUFFIXES[real]}{suffix}", signature)


# Types.


def is_number(ty):
    """Whether the functions take numbers, or elements, of a type."""
    return isinstance(ty, (types.Integer, types.Boolean)) or ty in SUFFIXES


def is_absent(ty):
    """Whether a type is that of an optional argument which is not given."""
    return ty is None or isinstance(ty, (types.NoneType, types.Omitted))


def ndim(operands):
    """Number of dimensions of the results."""
    return max(getattr(ty, "ndim", 0) for ty in operands)


def result_type(name, operands, out):
    """Type of the results' elements, as the ufunc chooses it; raises if a type does not do."""
    dtypes = []
    for ty in operands:
        element = types.unliteral(ty.dtype if isinstance(ty, types.Array) else ty)
        if not is_number(element):
            raise TypingError(
                f"cyma.{name}: {ty} is not supported in numba; operands must be float32, float64, "
                "integers or booleans, or arrays of these"
            )
        dtypes.append(as_dtype(element))
    if not is_absent(out):
        if not isinstance(out, types.Array) or out.dtype not in SUFFIXES:
            raise TypingError(f"cyma.{name}: out must be an array of float32 or float64, not {out}")
        if not out.mutable:
            raise TypingError(f"cyma.{name}: out must not be read-only: {out}")
    return from_dtype(UFUNCS[name].resolve_dtypes((*dtypes, None))[-1])


def is_plain(ty, real, dimensions, layouts):
    """Whether arrays of a type need not be copied, unless their memory tells otherwise."""
    return (
        isinstance(ty, types.Array)
        and (ty.dtype, ty.ndim, ty.aligned) == (real, dimensions, True)
        and ty.layout in layouts
    )


# Parts of compiled functions, which differ by the types of what they are given.


def _element(x):
    """The element of an array without dimensions; other operands as they are."""


@overload(_element)
def _typed_element(x):
    if isinstance(x, types.Array) and x.ndim == 0:
        return lambda x: x[()]
    return lambda x: x


def _result(name, out, dtype, *operands):
    """A contiguous array for the results: out, if it is one, or a new one."""


@overload(_result)
def _typed_result(name, out, dtype, *operands):
    if is_absent(out):
        layouts = {ty.layout for ty in operands if getattr(ty, "ndim", 0) > 1}
        if "F" in layouts and "C" not in layouts:  # as NumPy has it
            return lambda name, out, dtype, *operands: (
                _empty(_shape(name, *operands)[::-1], dtype).T
            )
        return lambda name, out, dtype, *operands: _empty(_shape(name, *operands), dtype)
    if is_plain(out, dtype.dtype, out.ndim, "CF"):
        return lambda name, out, dtype, *operands: out
    if is_plain(out, dtype.dtype, out.ndim, "A"):
        return lambda name, out, dtype, *operands: (
            out if _is_contiguous(out) else np.empty(out.shape, dtype)
        )
    return lambda name, out, dtype, *operands: np.empty(out.shape, dtype)


@register_jitable
def _empty(shape, dtype):
    """Make an array, a large one at the beginning of a page of memory.

    A processor first takes a load for one of what was just stored, and waits, if their addresses
    differ by whole pages. Kernels store results and load operands of the next elements: so this
    happens where results lie a little further into a page than an operand. Large arrays of numba's
    begin some 64 bytes into a page, those of NumPy 16: sigmoid took 5 to 15 % longer.
    """
    size = 1
    for n in shape:
        size *= n
    if size < 2 * PAGE:
        return np.empty(shape, dtype)
    room = np.empty(size + PAGE // 4, dtype)  # elements have 4 bytes or more
    first = -room.ctypes.data % PAGE // room.itemsize
    return room[first : first + size].reshape(shape)


def _shape(name, *operands):
    """The shape that operands have together."""


@overload(_shape)
def _typed_shape(name, *operands):
    ndims = [getattr(ty, "ndim", 0) for ty in operands]
    most = ndims.index(max(ndims))
    if sum(n > 0 for n in ndims) == 1:
        return lambda name, *operands: operands[most].shape

    def shape(name, *operands):
        x, y = operands[0].shape, operands[1].shape
        shape = operands[most].shape
        for k in range(1, min(len(x), len(y)) + 1):
            if x[-k] != y[-k]:
                if x[-k] != 1 and y[-k] != 1:
                    raise ShapeError(name, "operands of shapes {} and {} do not go together", x, y)
                shape = tuple_setitem(shape, len(shape) - k, y[-k] if x[-k] == 1 else x[-k])
        return shape

    return shape


def _operand(name, x, result, out, other):
    """An operand as an array that a kernel can read while it writes the results.

    ``other`` is what this function made of another operand, if there is one.
    """


@overload(_operand)
def _typed_operand(name, x, result, out, other):
    # Numba leaves out what these constants rule out.
    plain = is_plain(x, result.dtype, result.ndim, "F" if result.layout == "F" else "CA")
    anywhere = not is_absent(out) and isinstance(x, types.Array)
    alone = is_absent(other)

    def operand(name, x, result, out, other):
        if plain and x.shape == result.shape and _is_contiguous(x) and _is_same_or_apart(x, result):
            return x
        if anywhere:
            fits = x.ndim <= result.ndim
            for k in range(1, min(x.ndim, result.ndim) + 1):
                fits = fits and (x.shape[-k] == 1 or x.shape[-k] == result.shape[-k])
            if not fits:
                text = "an operand of shape {} does not fit into out of shape {}"
                raise ShapeError(name, text, x.shape, result.shape)
            copy = np.empty_like(result)
        elif alone:
            copy = result
        else:
            copy = np.empty_like(result) if other.ctypes.data == result.ctypes.data else result
        np.positive(x, copy)
        return copy

    return operand


def _is_contiguous(x):
    """Whether an array is contiguous, be it known by its type or not, then in the order of C."""


@overload(_is_contiguous)
def _typed_is_contiguous(x):
    if x.layout in "CF":
        return lambda x: True

    def is_contiguous(x):
        step = x.itemsize
        for k in range(1, x.ndim + 1):
            if x.shape[-k] != 1 and x.strides[-k] != step:
                return False
            step *= x.shape[-k]
        return True

    return is_contiguous


@register_jitable
def _is_same_or_apart(x, result):
    """Whether two contiguous arrays of one size lie in the same place, or do not overlap."""
    distance = np.int64(x.ctypes.data) - np.int64(result.ctypes.data)
    return distance == 0 or abs(distance) >= result.nbytes


def _written(result, out):
    """What the ufunc returns: out, with the results in it, or the results."""


@overload(_written)
def _typed_written(result, out):
    if is_absent(out) or (result == out and out.layout in "CF"):
        return lambda result, out: result

    def written(result, out):
        if result.ctypes.data != out.ctypes.data:
            np.positive(result, out)
        return out

    return written
