"""The ufuncs and `cyma.scalar` in functions that numba compiles.

numba finds `init` by the entry point ``numba_extensions`` and calls it before it compiles anything,
so there is nothing to import. Compiled code calls the C functions of `cyma.cython_api` by name, not
by address: so numba can keep it in files (``cache=True``), for other processes.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from llvmlite.binding import add_symbol
from numba import types
from numba.core.errors import TypingError
from numba.extending import get_cython_function_address, overload, register_jitable
from numba.np.numpy_support import as_dtype

from cyma._functions import FUNCTIONS
from cyma._ufuncs import SCALARS, UFUNCS

# Types that are computed, by how the C functions are called.
_REALS = {"f32": types.float32, "f64": types.float64}


def _external(name: str, result: types.Type, arguments: list[types.Type]) -> types.ExternalFunction:
    """A function of `cyma.cython_api`, for compiled code."""
    symbol = f"cyma_{name}"
    add_symbol(symbol, get_cython_function_address("cyma.cython_api", name))
    return types.ExternalFunction(symbol, result(*arguments))


def _externals(name: str, nin: int) -> tuple[dict, dict]:
    """The functions of numbers and of arrays of a row of the table, by type."""
    numbers, arrays = {}, {}
    for suffix, real in _REALS.items():
        numbers[real] = _external(f"{name}_{suffix}", real, [real] * nin)
        pointers = [types.CPointer(real)] * (nin + 1)
        arrays[real] = _external(f"{name}_{suffix}_array", types.void, [*pointers, types.intp])
    return numbers, arrays


@register_jitable
def _extent(x):
    """Where the memory of an array begins and ends."""
    low = high = x.ctypes.data
    for n, step in zip(x.shape, x.strides):  # noqa: B905, numba has no strict
        if step > 0:
            high += (n - 1) * step
        else:
            low += (n - 1) * step
    return low, high + x.itemsize


def _reads_before_writing(x, out):
    """Whether no element of x is overwritten before it is read, if results go there in order."""
    raise NotImplementedError  # in compiled code only


@overload(_reads_before_writing)
def _typed_reads_before_writing(x, out):
    if not _is_array(x):
        return lambda x, out: True
    same_dimensions = x.ndim == out.ndim

    def compute(x, out):
        if x.size == 0 or out.size == 0:
            return True
        low, high = _extent(x)
        out_low, out_high = _extent(out)
        if high <= out_low or out_high <= low:
            return True
        # All of them may be the same elements.
        if same_dimensions and x.shape == out.shape and x.strides == out.strides:
            return x.ctypes.data == out.ctypes.data
        return False

    return compute


def _check_shape(x, out):
    """Raise ValueError unless an operand broadcasts to the shape of the results."""
    raise NotImplementedError  # in compiled code only


@overload(_check_shape)
def _typed_check_shape(x, out):
    if not _is_array(x):
        return lambda x, out: None
    missing = out.ndim - x.ndim

    def compute(x, out):
        fits = missing >= 0
        for k in range(x.ndim):
            fits = fits and (x.shape[k] == 1 or x.shape[k] == out.shape[max(missing, 0) + k])
        if not fits:
            raise ValueError("out has not the shape to which the operands broadcast")

    return compute


def _is_array(operand: types.Type) -> bool:
    return isinstance(operand, types.Array)


def _is_given(out) -> bool:
    """Whether an argument that is None by default was given."""
    return not (out is None or isinstance(out, (types.NoneType, types.Omitted)))


def _result_type(name: str, operands: tuple[types.Type, ...]) -> types.Float:
    """Type of the results, as the ufunc gives it."""
    dtypes = []
    for operand in operands:
        number = types.unliteral(operand.dtype if _is_array(operand) else operand)
        if not isinstance(number, (types.Float, types.Integer, types.Boolean)):
            raise TypingError(f"cyma.{name} takes real numbers and arrays of them, not {operand}")
        dtypes.append(as_dtype(number))
    result = UFUNCS[name].resolve_dtypes((*dtypes, None))[-1]
    for real in _REALS.values():
        if as_dtype(real) == result:
            return real
    raise TypingError(f"cyma.{name} is compiled for results of float32 and float64, not {result}")


def _check_out(name: str, out: types.Type, real: types.Float) -> None:
    """Refuse what cannot hold the results."""
    if not _is_array(out) or out.dtype != real or not out.mutable:
        wanted = f"an array of {real} that can be written to"
        raise TypingError(f"cyma.{name}: out must be {wanted}, not {out}")


def _layout(arrays: list[types.Type], real: types.Float) -> str:
    """The layout, "C" or "F", of arrays that the array function takes as they are; or ""."""
    if all(_is_array(x) and x.dtype == real and x.ndim == arrays[0].ndim for x in arrays):
        for layout in "CF":
            # One dimension is contiguous in both senses.
            if all(x.layout == layout or (x.ndim == 1 and x.layout == "C") for x in arrays):
                return layout
    return ""


def _maker(real: types.Float, layout: str) -> Callable:
    """A function that makes an array of a shape."""
    dtype = as_dtype(real)
    if layout == "F":
        return register_jitable(lambda shape: np.empty(shape[::-1], dtype).T)
    return register_jitable(lambda shape: np.empty(shape, dtype))


def _overload_unary(name: str) -> None:
    """Let compiled code call a ufunc of one argument."""
    ufunc = UFUNCS[name]
    numbers, arrays = _externals(name, 1)
    elementwise = numba.vectorize(lambda x: ufunc(x))

    def typed(x, out=None):
        real = _result_type(name, (x,))
        number, array = numbers[real], arrays[real]
        if _is_given(out):
            _check_out(name, out, real)
            if not _is_array(x):
                return lambda x, out=None: elementwise(x, out)
            layout = _layout([x, out], real)

            def compute_into(x, out=None):
                _check_shape(x, out)
                if not _reads_before_writing(x, out):
                    elementwise(x.copy(), out)
                elif layout and x.shape == out.shape:
                    array(x.ctypes, out.ctypes, x.size)
                else:
                    elementwise(x, out)
                return out

            return compute_into
        if not _is_array(x):
            return lambda x, out=None: number(real(x))
        layout = _layout([x], real)
        if not layout:
            return lambda x, out=None: elementwise(x)
        make = _maker(real, layout)

        def compute(x, out=None):
            result = make(x.shape)
            array(x.ctypes, result.ctypes, x.size)
            return result

        return compute

    overload(ufunc)(typed)


def _overload_binary(name: str) -> None:
    """Let compiled code call a ufunc of two arguments."""
    ufunc = UFUNCS[name]
    numbers, arrays = _externals(name, 2)
    elementwise = numba.vectorize(lambda x, y: ufunc(x, y))

    def typed(x, y, out=None):
        real = _result_type(name, (x, y))
        number, array = numbers[real], arrays[real]
        if _is_given(out):
            _check_out(name, out, real)
            layout = _layout([x, y, out], real)

            def compute_into(x, y, out=None):
                _check_shape(x, out)
                _check_shape(y, out)
                if not (_reads_before_writing(x, out) and _reads_before_writing(y, out)):
                    elementwise(np.copy(x), np.copy(y), out)
                elif layout and x.shape == out.shape and y.shape == out.shape:
                    array(x.ctypes, y.ctypes, out.ctypes, x.size)
                else:
                    elementwise(x, y, out)
                return out

            return compute_into
        if not (_is_array(x) or _is_array(y)):
            return lambda x, y, out=None: number(real(x), real(y))
        layout = _layout([x, y], real)
        if not layout:
            return lambda x, y, out=None: elementwise(x, y)
        make = _maker(real, layout)

        def compute(x, y, out=None):
            if x.shape == y.shape:
                result = make(x.shape)
                array(x.ctypes, y.ctypes, result.ctypes, x.size)
            else:
                result = make(np.broadcast_shapes(x.shape, y.shape))
                elementwise(x, y, result)
            return result

        return compute

    overload(ufunc)(typed)


def _overload_scalar(name: str) -> None:
    """Let compiled code call a function of `cyma.scalar`."""
    number = _externals(name, 1)[0][types.float64]

    def typed(x):
        if not isinstance(types.unliteral(x), (types.Float, types.Integer, types.Boolean)):
            raise TypingError(f"cyma.scalar.{name} takes a real number, not {x}")
        return lambda x: number(types.float64(x))

    overload(SCALARS[name])(typed)


def init() -> None:
    """Tell numba of all functions."""
    for name, function in FUNCTIONS.items():
        if function.nin == 1:
            _overload_unary(name)
            _overload_scalar(name)
        else:
            _overload_binary(name)
