"""Binary cross-entropy with logits: validation, and the way through the arrays.

The arithmetic is in ``include/cyma/bce_fused.h``, the sums are in ``pyx/core/bce.c``. Here the
operands are cut into contiguous pieces in the order of the reduced axes, whatever their layout and
dtype.

A call is computed in the narrowest type that holds all operands. Where that overflows, or loses
digits by underflow, though the exact result may not, the C code says so, and the call is computed
once more in the next wider type; at last in long double with exponents apart.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from cyma._losses import (
    LANES,
    Rows,
    all_plain,
    feed_bce,
    is_plain,
    repeat,
    width_needed,
)

REDUCTIONS = ("mean", "sum", "weighted_mean", "none")

# Bound in ULP of what the fused kernels give for an element, in float32 and float64.
BOUND = 6.0

_BOOL, _FLOAT16, _FLOAT32, _FLOAT64 = map(np.dtype, ("bool", "float16", "float32", "float64"))
_LONG_DOUBLE, _INT = map(np.dtype, ("longdouble", "intc"))

# What is computed in, from narrow to wide, and the least and the greatest factor of derivatives
# that are normal numbers there, as are their inverses.
_WORKING = (_FLOAT32, _FLOAT64, _LONG_DOUBLE)
_FACTORS = ((2.0**-126, 2.0**126), (2.0**-1022, 2.0**1022))
_WIDEST = 2

# Dtypes of the operands of feed_bce: logits, targets, weight, pos_weight, where and three outputs.
_PIECE_DTYPES = [[working] * 4 + [_BOOL] + [working] * 3 for working in _WORKING]

# By type number, dtypes of results for logits that are floats. Long double may be no wider than
# float64.
_RESULTS = {dtype.num: dtype for dtype in (_FLOAT16, _FLOAT32, _FLOAT64)}
_RESULTS[_LONG_DOUBLE.num] = _LONG_DOUBLE if _LONG_DOUBLE.itemsize > 8 else _FLOAT64

# Elements to copy at a time where dtype or layout need it, and of what is repeated.
_PIECE = 16384
_REPEATED = 4096


@dataclasses.dataclass(slots=True)
class _Operands:
    """Validated arguments; what is one value for all elements is a scalar."""

    logits: np.ndarray
    targets: np.ndarray | float  # an array has the logits' shape
    weight: np.ndarray | float
    pos_weight: np.ndarray | float
    where: np.ndarray | None
    label_smoothing: float
    reduction: str
    axes: tuple[int, ...]  # that are reduced
    kept: tuple[int, ...]  # the others
    rows_shape: tuple[int, ...]  # of the reduced loss, without the reduced axes
    keepdims: bool
    dtype: np.dtype  # of the results
    row_length: int  # how many elements go into each element of the reduced loss
    width: int  # index in _WORKING of the narrowest type that holds all ...
    integers: int  # ... unless it is too narrow for what these operands have

    @property
    def loss_shape(self) -> tuple[int, ...]:
        """Shape of the loss."""
        shape = self.logits.shape
        if self.reduction == "none":
            return shape
        if self.keepdims:
            return tuple([1 if k in self.axes else n for k, n in enumerate(shape)])
        return self.rows_shape

    def along_rows(self, x: np.ndarray) -> np.ndarray:
        """View of an array in the full shape whose last axes are those reduced."""
        if x.shape != self.logits.shape:
            x = np.broadcast_to(x, self.logits.shape)
        if x.ndim == 0:  # which NumPy 1.26 would not convert in passing
            return x.reshape(1)
        return x.transpose(self.kept + self.axes) if self.kept else x

    def arrays(self) -> list[np.ndarray]:
        """The operands that are arrays."""
        operands = (self.logits, self.targets, self.weight, self.pos_weight, self.where)
        return [x for x in operands if isinstance(x, np.ndarray)]


def _refuse_more_than_numbers(name: str, x, cure: str) -> None:
    """Raise TypeError for units and masks, which an array of numbers would lose in silence.

    What has a unit has it as an attribute of that name.
    """
    if isinstance(x, (list, tuple)):
        for kind in set(map(type, x)) - {float, int, bool}:
            for element in x:
                if type(element) is kind:
                    _refuse_more_than_numbers(name, element, cure)
        return
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: {cure}")
    for attribute in ("unit", "units"):
        # Not by getattr alone, for which columns of a table are attributes.
        if hasattr(type(x), attribute) or attribute in getattr(x, "__dict__", ()):
            unit = getattr(x, attribute)
            if unit is not None:
                raise TypeError(
                    f"{name} must be plain numbers, not {type(x).__name__} with the unit "
                    f"{str(unit)!r}: convert it to an array without one first"
                )


def _plain(name: str, x, cure: str) -> np.ndarray:
    """Array that is nothing else than one."""
    _refuse_more_than_numbers(name, x, cure)
    x = np.asanyarray(x)
    if type(x) is not np.ndarray:  # what an object gave may be more, too
        _refuse_more_than_numbers(name, x, cure)
        x = np.asarray(x)
    return x


def real(name: str, x, cure: str = "give it without what is masked") -> np.ndarray:
    """Array of real numbers, of a dtype of NumPy or one that casts to float64 safely."""
    if type(x) is not np.ndarray:
        x = _plain(name, x, cure)
    dtype = x.dtype
    if dtype.kind not in "fiub" and not (dtype.isbuiltin == 2 and np.can_cast(dtype, _FLOAT64)):
        raise TypeError(f"{name} must be real numbers, not of dtype {dtype}")
    return x


_CURE = "give its data, and where=~mask"


def number(name: str, x) -> float:
    """A number; not text that reads like one. Long double stays that."""
    _refuse_more_than_numbers(name, x, "give a number")
    if isinstance(x, np.longdouble):
        return x
    try:
        if not isinstance(x, (str, bytes)):
            return float(x)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name} must be a number, not {x!r}")


def _scalar(x: np.ndarray):
    """The only element of an array, as a Python number, or long double."""
    return (x if x.dtype.isbuiltin == 1 else x.astype(_FLOAT64)).item()


def _broadcastable(name: str, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Check that an array broadcasts to a shape and does not enlarge it."""
    new = len(shape) - x.ndim
    if new < 0 or [n for n, m in zip(x.shape, shape[new:], strict=True) if n not in (1, m)]:
        raise ValueError(f"{name} of shape {x.shape} does not broadcast to logits' shape {shape}")
    return x


def _weight(name: str, x, shape: tuple[int, ...]) -> np.ndarray | float:
    """Weights that broadcast to a shape, or one for all elements."""
    x = real(name, x, _CURE)
    if x.shape != shape:
        _broadcastable(name, x, shape)
    return _scalar(x) if x.size == 1 else x


def _normalized_axes(axis, ndim: int) -> tuple[int, ...]:
    """Axes to reduce, from 0 on."""
    axes = []
    for a in axis if isinstance(axis, tuple) else (axis,):
        try:
            index = operator.index(a)
        except TypeError:
            raise TypeError(f"axis must be an int or a tuple of int, not {axis!r}") from None
        if not -ndim <= index < ndim:
            raise np.exceptions.AxisError(index, ndim)
        axes.append(index % ndim)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(axes))


def check_unit_interval(name: str, x: np.ndarray, where: np.ndarray | None = None) -> None:
    """Raise ValueError at the first element outside [0, 1] that is not masked."""
    mask = True if where is None or x.ndim == 0 else where
    # Types of other packages, which may have no 0, are compared as float64.
    dtype = x.dtype if x.dtype.isbuiltin == 1 else _FLOAT64
    with np.errstate(invalid="ignore"):
        low = np.minimum.reduce(x, axis=None, dtype=dtype, initial=0, where=mask)
        high = np.maximum.reduce(x, axis=None, dtype=dtype, initial=1, where=mask)
    if low >= 0 and high <= 1:
        return
    wide = x.astype(dtype, copy=False)
    wrong = ~((wide >= 0) & (wide <= 1)) & mask
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"[{', '.join(map(str, index))}]" if index else ""
    raise ValueError(f"{name}{place} = {x[index]} is outside [0, 1]")


def _result_dtype(logits: np.dtype) -> np.dtype:
    """Dtype of the results for logits of a dtype; but for long double, one of those named above."""
    dtype = _RESULTS.get(logits.num)
    if dtype is None:
        # Floats of other packages are narrow.
        is_float = logits.isbuiltin == 2 and not np.can_cast(logits, np.int64)
        dtype = _FLOAT32 if is_float else _FLOAT64
    return dtype


def _validate(
    logits,
    targets,
    weight=None,
    pos_weight=None,
    label_smoothing=0.0,
    where=None,
    reduction="none",
    axis=None,
    keepdims=False,
    check_targets=False,
) -> _Operands:
    """Check all arguments but ``out``; errors name the argument and what was given."""
    logits, targets = real("logits", logits, _CURE), real("targets", targets, _CURE)
    shape = logits.shape
    if targets.shape != shape and targets.shape != ():
        raise ValueError(f"targets of shape {targets.shape} do not match logits of shape {shape}")
    weight = 1.0 if weight is None else _weight("weight", weight, shape)
    pos_weight = 1.0 if pos_weight is None else _weight("pos_weight", pos_weight, shape)
    if where is not None:
        where = _plain("where", where, "fill it, as by where.filled(False)")
        if where.dtype != np.bool_:
            raise TypeError(f"where must be boolean, not of dtype {where.dtype}")
        where = None if where.shape == () and where else _broadcastable("where", where, shape)
    if type(label_smoothing) is not float:
        label_smoothing = number("label_smoothing", label_smoothing)
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing = {label_smoothing} is outside [0, 1)")
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        choices = ", ".join(map(repr, REDUCTIONS))
        raise ValueError(f"reduction = {reduction!r} is not one of {choices}")
    if reduction == "none" and axis is not None:
        raise ValueError(f"axis = {axis} needs a reduction other than 'none'")
    if keepdims is not False and not isinstance(keepdims, (bool, int, np.bool_)):
        raise TypeError(f"keepdims must be a bool, not {keepdims!r}")
    if check_targets:
        check_unit_interval("targets", targets, where)
    if reduction == "weighted_mean" and not isinstance(weight, np.ndarray):
        weight = 1.0 if 0 < abs(weight) < math.inf else weight  # it cancels
    axes, kept, rows_shape, row_length = tuple(range(logits.ndim)), (), (), logits.size
    if axis is not None:
        axes = _normalized_axes(axis, logits.ndim)
        kept = tuple([k for k in range(logits.ndim) if k not in axes])
        rows_shape = tuple([shape[k] for k in kept])
        row_length = math.prod([shape[k] for k in axes])
    dtype = logits.dtype
    if dtype is not _FLOAT32 and dtype is not _FLOAT64:
        dtype = _result_dtype(dtype)
    targets = _scalar(targets) if targets.size == 1 else targets
    width, integers = width_needed(logits, targets, weight, pos_weight, label_smoothing)
    if width < _WIDEST and dtype.itemsize > 4:
        width = 1 if dtype.itemsize == 8 else _WIDEST
    return _Operands(
        logits,
        targets,
        weight,
        pos_weight,
        where,
        label_smoothing,
        reduction,
        axes,
        kept,
        rows_shape,
        keepdims,
        dtype,
        row_length,
        width,
        integers,
    )


def _pieces(o: _Operands, operands: list, dtypes: list[np.dtype], writable: int = 0) -> Iterable:
    """Operands as contiguous pieces of the elements, in the order of the sums.

    Arrays are cut; scalars and None stay what they are. The last ``writable`` operands are written
    to. What broadcasts along leading axes comes as an array that is to be repeated: a short one.
    """
    first_writable = len(operands) - writable
    if o.kept:
        return _iterated_pieces(o, operands, dtypes, first_writable)
    if all_plain(operands, dtypes):
        return (operands,)
    arrays = {k: x for k, x in enumerate(operands) if isinstance(x, np.ndarray)}
    period = max([_period(x, o.logits.shape) for x in arrays.values()])
    if period > _PIECE:
        return _iterated_pieces(o, operands, dtypes, first_writable)
    # If possible whole vectors, for then all arrays stay aligned with each other.
    unit = math.lcm(period, LANES)
    unit = unit if unit <= _PIECE else period
    length = max(min(_REPEATED, o.logits.size) // unit, 1) * unit
    repeated, rest = operands.copy(), operands.copy()
    for k, x in arrays.items():
        if x.shape != o.logits.shape:
            repeated[k], rest[k] = repeat(_converted(x, dtypes[k]), length), None
    if all_plain(rest, dtypes):
        return (repeated,)
    return _sliced_pieces(rest, repeated, dtypes, first_writable, max(_PIECE // length, 1) * length)


def _period(x: np.ndarray, shape: tuple[int, ...]) -> float:
    """Elements after which those of an operand repeat, in the order of C; infinity if never."""
    if x.shape == shape:
        return 1 if x.flags.c_contiguous else math.inf
    last_axes = x.shape
    while last_axes and last_axes[0] == 1:
        last_axes = last_axes[1:]
    return x.size if last_axes == shape[len(shape) - len(last_axes) :] else math.inf


def _converted(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The same contiguous and of a dtype."""
    if is_plain(x, dtype):
        return x
    with np.errstate(all="ignore"):
        return x.astype(dtype, order="C")


def _sliced_pieces(
    operands: list, piece: list, dtypes: list[np.dtype], first_writable: int, length: int
) -> Iterator[list]:
    """Slices of contiguous arrays, converted if need be, put into a piece that has the others."""
    whole = [(k, x.reshape(-1)) for k, x in enumerate(operands) if isinstance(x, np.ndarray)]
    converted = [k for k, x in whole if not is_plain(x, dtypes[k])]
    for start in range(0, operands[0].size, length):
        for k, x in whole:
            piece[k] = x[start : start + length]
        written = {k: piece[k] for k in converted if k >= first_writable}
        for k in converted:
            piece[k] = piece[k].astype(dtypes[k])
        yield piece
        for k, x in written.items():
            x[...] = piece[k]


def _iterated_pieces(
    o: _Operands, operands: list, dtypes: list[np.dtype], first_writable: int
) -> Iterator[list]:
    """Pieces of arrays of any layout, copied by NumPy's iterator as far as it must."""
    arrays = [k for k, x in enumerate(operands) if isinstance(x, np.ndarray)]
    flags = ["contig", "aligned"]
    with np.nditer(
        [o.along_rows(operands[k]) for k in arrays],
        flags=["external_loop", "buffered", "grow_inner"],
        op_flags=[["readonly" if k < first_writable else "writeonly", *flags] for k in arrays],
        op_dtypes=[dtypes[k] for k in arrays],
        order="C",
        casting="unsafe",
        buffersize=_PIECE,
    ) as iterator:
        for views in iterator:
            piece = operands.copy()
            for k, view in zip(arrays, views if len(arrays) > 1 else [views], strict=True):
                piece[k] = view
            yield piece


class _TooNarrowError(Exception):
    """A wider type is due."""


# What there is a number of for each row is a pair: values in float64, and None; or values in long
# double, and the exponents of powers of 2 that belong to them.
_ONE, _NONE = (1.0, None), (None, None)


def _zeros(o: _Operands, width: int) -> tuple:
    """Where the sums of all rows may go."""
    if width < _WIDEST:
        return np.zeros(o.rows_shape), None
    return np.zeros(o.rows_shape, _LONG_DOUBLE), np.zeros(o.rows_shape, _INT)


def _count(o: _Operands) -> np.ndarray | float:
    """Unmasked elements of each row."""
    if o.where is None:
        return float(o.row_length)
    where = np.broadcast_to(o.where, o.logits.shape)
    if not o.kept:
        return float(np.count_nonzero(where))
    return np.count_nonzero(where, axis=o.axes).astype(_FLOAT64)


def _sum_of_weights(o: _Operands, width: int) -> tuple:
    """Sum of the unmasked weights of each row."""
    sums, exponents = _zeros(o, width)
    if o.logits.size:
        weight = np.broadcast_to(o.weight, o.logits.shape)
        where = o.where if o.where is None else np.broadcast_to(o.where, o.logits.shape)
        rows = Rows(sums.dtype, o.row_length, sums, exponents, None, None, 1.0)
        with np.errstate(all="ignore"):
            for piece in _pieces(o, [weight, where], [sums.dtype, _BOOL]):
                rows.add(*piece)
        if rows.wild:
            raise _TooNarrowError
    return (sums if o.kept or width == _WIDEST else float(sums)), exponents


def _divisor(o: _Operands, width: int) -> tuple:
    """What the sum of each row is divided by."""
    reduction = o.reduction
    if reduction == "mean":
        return _count(o), None
    if reduction != "weighted_mean":
        return _ONE
    if isinstance(o.weight, np.ndarray):
        return _sum_of_weights(o, width)
    return _count(o) * o.weight, None


def _check_factors(factors, divisors, width: int) -> None:
    """Check that a type holds factors and their inverses, but for those that must be 0 or nan."""
    least, greatest = _FACTORS[width]
    if not isinstance(factors, np.ndarray) and least <= abs(factors) <= greatest:
        return
    size, divisor = np.abs(factors), np.abs(divisors)
    usual = (least <= size) & (size <= greatest) | ~((divisor > 0) & (divisor < math.inf))
    if not np.all(usual):
        raise _TooNarrowError


def _factors(o: _Operands, divisor: tuple, width: int) -> tuple:
    """What the derivatives in each row are multiplied by; in long double, always arrays."""
    values, exponents = divisor
    # Where nothing is counted, nothing changes the loss.
    nothing = 0.0 if o.reduction == "mean" else math.nan
    if width == _WIDEST:
        values = np.full(o.rows_shape, values, _LONG_DOUBLE)
        exponents = np.asarray(0 if exponents is None else -exponents, _INT)
        exponents = np.array(np.broadcast_to(exponents, o.rows_shape))
    if isinstance(values, np.ndarray):
        with np.errstate(all="ignore"):
            factors = np.divide(1, values, out=np.empty_like(values))
        factors[values == 0] = nothing
    else:
        factors = 1 / values if values else nothing
    if width < _WIDEST:
        _check_factors(factors, values, width)
    return factors, exponents


def _reduced(o: _Operands, sums: tuple, divisor: tuple):
    """Loss in the dtype of the results, a scalar if no axis is left."""
    values, exponents = sums
    if not o.kept and exponents is None and divisor[0]:
        loss = float(values) / divisor[0]  # which is silent
        if o.dtype is _FLOAT64 or (o.dtype is _FLOAT32 and 1e-37 < loss < 1e38):
            loss = o.dtype.type(loss)
            return np.full(o.loss_shape, loss) if o.keepdims else loss
    with np.errstate(over="ignore", under="ignore"):
        loss = values[()] / divisor[0]
        if exponents is not None:
            loss = np.ldexp(loss, exponents if divisor[1] is None else exponents - divisor[1])
        loss = np.asarray(loss).astype(o.dtype, copy=False)
    return loss.reshape(o.loss_shape)[()]


def _compute(
    o: _Operands,
    value: bool,
    loss: np.ndarray | None = None,
    grad: np.ndarray | None = None,
    hess: np.ndarray | None = None,
    floor: float = 0.0,
):
    """Write losses and derivatives of elements; return the reduced loss if it is wanted.

    Second derivatives cannot be had with losses. Without weights, they are at least ``floor``.
    """
    width = o.width
    while True:
        try:
            return _compute_in(o, width, value, loss, grad, hess, floor)
        except _TooNarrowError:
            width += 1


def _compute_in(o: _Operands, width: int, value: bool, loss, grad, hess, floor: float):
    """The same in a type of _WORKING; raise _TooNarrowError if a wider one is due."""
    divisor = factors = _divisor(o, width)
    if grad is None and hess is None:
        factors = _ONE
    elif divisor is not _ONE:
        factors = _factors(o, divisor, width)
    sums = _zeros(o, width) if value else _NONE
    if isinstance(factors[0], np.ndarray):
        by_row, scale = factors, 1.0
        greatest = float(np.fmax.reduce(np.abs(factors[0]), axis=None, initial=0))
    else:
        by_row, scale = _NONE, factors[0]
        greatest = abs(scale)
    if o.logits.size:
        operands = [o.logits, o.targets, o.weight, o.pos_weight, o.where, loss, grad, hess]
        pieces = _pieces(o, operands, _PIECE_DTYPES[width], writable=3)
        rows = Rows(_WORKING[width], o.row_length, *sums, *by_row, greatest)
        if type(pieces) is tuple:  # one piece, and nothing was converted
            feed_bce(rows, *pieces[0], o.label_smoothing, scale, floor, o.integers)
        else:
            with np.errstate(all="ignore"):  # a conversion may overflow; the kernels are silent
                for piece in pieces:
                    feed_bce(rows, *piece, o.label_smoothing, scale, floor, o.integers)
                    if rows.wild:
                        break
        if rows.wild:
            raise _TooNarrowError
    if o.where is not None and not np.all(np.isfinite(factors[0])):
        for slope in (grad, hess):
            if slope is not None:
                np.copyto(slope, 0, where=~o.where)
    return _reduced(o, sums, divisor) if value else None


def gradient_and_hessian(
    logits: np.ndarray, targets: np.ndarray, *, weight, pos_weight, min_hessian: float
) -> tuple[np.ndarray, np.ndarray]:
    """Both derivatives of each element's loss, in one pass and in float32, whatever the logits.

    Without weights, the second one is at least ``min_hessian``.
    """
    o = _validate(logits, targets, weight, pos_weight)
    grad, hess = (np.empty_like(o.logits, _FLOAT32, subok=False) for _ in range(2))
    _compute(o, False, None, grad, hess, min_hessian)
    return grad, hess


def _check_out(name: str, out, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Check an array for results."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} must be an array, not {type(out).__name__}")
    _refuse_more_than_numbers(name, out, "give its data")
    if out.shape != shape:
        raise ValueError(f"{name} of shape {out.shape} does not have the results' shape {shape}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"{name} of dtype {out.dtype} cannot hold results of dtype {dtype}")
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only")


def _checked_outs(o: _Operands, names: tuple[str, ...], out) -> list[np.ndarray | None]:
    """The argument ``out`` of a function with results of these names."""
    labels, outs = ["out"], [out]
    if len(names) > 1:
        if not isinstance(out, tuple) or len(out) != len(names):
            raise TypeError(f"out must be a tuple ({', '.join(names)}), not {out!r}")
        labels, outs = [f"out[{k}]" for k in range(len(out))], list(out)
    for name, label, x in zip(names, labels, outs, strict=True):
        if x is not None:
            shape = o.loss_shape if name == "loss" else o.logits.shape
            _check_out(label, x, shape, o.dtype)
    return outs


def _elements(o: _Operands, out: np.ndarray | None, other: np.ndarray | None = None) -> np.ndarray:
    """Array to compute a result of each element into: ``out``, if nothing else is there."""
    if out is not None and out.dtype == o.dtype:
        others = o.arrays() if other is None else [*o.arrays(), other]
        if not any(np.may_share_memory(out, x) for x in others):
            return out
    return np.empty_like(o.logits, o.dtype, subok=False)


def _delivered(result, out: np.ndarray | None):
    """What the caller gets of a result."""
    if out is None:
        return result if result.ndim else result[()]
    if result is not out:
        with np.errstate(over="ignore", under="ignore"):
            np.copyto(out, result, casting="same_kind")
    return out


_SIGNATURE_SECTIONS = """
Per element, with ``z = targets * (1 - label_smoothing) + label_smoothing / 2``,
the loss is ``weight * (pos_weight * z * softplus(-logits) + (1 - z) *
softplus(logits))``. A term whose coefficient is 0 is 0, also for an infinite
logit.

Parameters
----------
logits : array_like of real numbers
    Of any shape.
targets : array_like of real numbers
    Probabilities in [0, 1], or labels, also boolean ones; of the shape of
    ``logits``, or a scalar.
weight : array_like, optional
    Weight of each element; broadcasts to the shape of ``logits``. 1 by default.
pos_weight : array_like, optional
    Weight of the term of the positive class, likewise.
label_smoothing : float, optional
    In [0, 1): how far targets are drawn to 1/2. 0 by default.
where : array_like of bool, optional
    Mask, broadcasts likewise. Where it is False, an element adds 0 (even if it
    is nan), is not counted in a mean, and has the derivative 0.
reduction : {{'mean', 'sum', 'weighted_mean', 'none'}}, optional
    ``'mean'`` divides the sum by the number of unmasked elements,
    ``'weighted_mean'`` by the sum of their weights.
axis : int or tuple of int, optional
    Axes to reduce; all by default.
keepdims : bool, optional
    Whether the loss keeps reduced axes, with length 1. False by default. What is
    not reduced, as derivatives are not, has all axes anyway.
out : {out}
check_targets : bool, optional
    Whether to look for targets outside [0, 1] first. False by default.

Returns
-------
{returns}

Raises
------
TypeError
    If an array has no real numbers, or ``where`` none but booleans; if an argument
    has a unit, even a dimensionless one, or is a masked array; if ``out`` cannot
    hold the results by the casting rule ``'same_kind'``.
ValueError
    If shapes do not match, ``reduction`` is unknown, ``label_smoothing`` is
    outside [0, 1), ``check_targets`` finds a target outside [0, 1], or ``out`` is
    read-only.
numpy.exceptions.AxisError
    If ``logits`` has no such axis.

See Also
--------
{see_also}

Notes
-----
The results have the dtype of ``logits``; float64 if those are integers, float32 if
they are narrow floats of the package ml_dtypes, as bfloat16. Every operand counts
with the value that it has, whatever its dtype: what is computed in is float32 only
if that holds them all, as it does small integers; else float64, or long double; the
result is rounded once. So an array of weights of float64, or a ``pos_weight`` of 0.1,
beside logits of float32 takes some three times as long as one of float32, or of
0.125. (One ``weight`` for all and ``label_smoothing`` may be rounded as a result is,
by half a unit in the last place.) Nothing overflows, or loses digits by underflow, but
where the exact result does: then, and only then, the call is computed once more in
a wider type.

Sums are compensated, in the order of the reduced axes: they depend on neither memory
layout nor tier. No temporary array of the size of ``logits`` is made. A mean over
nothing is nan, with a RuntimeWarning. Without weights and reduction, an element errs
by at most {bound:g} ULP in float32 and float64; one of `sigmoid_bce` by less. Without
weights, a sum of float64 errs by at most 1e-15 of it.

{notes}

Examples
--------
>>> import numpy as np
>>> import cyma
>>> logits = np.array([-40.0, 0.0, 2.0])
>>> targets = np.array([0, 1, 1])
{example}
"""

_NAMES = (
    "bce_with_logits",
    "bce_with_logits_grad",
    "bce_with_logits_hess",
    "bce_with_logits_value_and_grad",
)


def _public(*results: str, returns: str, out: str, notes: str, example: str) -> Callable:
    """Make what computes the named results from validated operands a public function."""

    def decorate(compute: Callable) -> Callable:
        def function(
            logits,
            targets,
            *,
            weight=None,
            pos_weight=None,
            label_smoothing=0.0,
            where=None,
            reduction="mean",
            axis=None,
            keepdims=False,
            out=None,
            check_targets=False,
        ):
            o = _validate(
                logits,
                targets,
                weight,
                pos_weight,
                label_smoothing,
                where,
                reduction,
                axis,
                keepdims,
                check_targets,
            )
            if out is None:
                return compute(o)
            return compute(o, *_checked_outs(o, results, out))

        name = compute.__name__
        function.__name__ = function.__qualname__ = name
        function.__module__ = "cyma"
        others = ", ".join(other for other in _NAMES if other != name)
        function.__doc__ = f"{compute.__doc__}\n" + _SIGNATURE_SECTIONS.format(
            returns=returns,
            out=out,
            notes=notes,
            example=example,
            see_also=f"{others}, sigmoid_bce",
            bound=BOUND,
        )
        return function

    return decorate


_OUT = """ndarray, optional
    Where the result goes, of its shape and of a dtype that it can be cast to by the
    rule ``'same_kind'``; it is returned itself, and may overlap operands."""


@_public(
    "loss",
    returns="""loss : ndarray or scalar
    Of the shape of ``logits`` without the reduced axes; with
    ``reduction='none'``, of the shape of ``logits``.""",
    out=_OUT,
    notes="""For finite operands it equals
``torch.nn.functional.binary_cross_entropy_with_logits``. No loss loses digits,
in either tail. A sum without weights takes one logarithm for some 900 elements: that
of the product of their ``1 + exp(-abs(logits))``.""",
    example=""">>> cyma.bce_with_logits(logits, targets, reduction="none")
array([4.24835426e-18, 6.93147181e-01, 1.26928011e-01])
>>> print(f"{cyma.bce_with_logits(logits, targets):.6f}")
0.273358""",
)
def bce_with_logits(o: _Operands, out=None):
    """Binary cross-entropy of logits against targets."""
    if o.reduction == "none":
        loss = _elements(o, out)
        _compute(o, False, loss)
    else:
        loss = _compute(o, True)
    return _delivered(loss, out)


@_public(
    "grad",
    out=_OUT,
    returns="""grad : ndarray or scalar
    Of the shape of ``logits``.""",
    notes="""The gradient of an element is ``weight * ((1 - z) * sigmoid(logits) -
pos_weight * z * sigmoid(-logits))``, divided as the reduction says. Between targets
of 0 and 1 its terms may cancel: an error is then relative to the larger.""",
    example=""">>> cyma.bce_with_logits_grad(logits, targets, reduction="sum")
array([ 4.24835426e-18, -5.00000000e-01, -1.19202922e-01])""",
)
def bce_with_logits_grad(o: _Operands, out=None):
    """Gradient of the reduced binary cross-entropy by the logits."""
    grad = _elements(o, out)
    _compute(o, False, None, grad)
    return _delivered(grad, out)


@_public(
    "hess",
    out=_OUT,
    returns="""hess : ndarray or scalar
    Of the shape of ``logits``; negative only where weights are.""",
    notes="""The Hessian is diagonal: ``weight * (1 - z + pos_weight * z) *
sigmoid(logits) * sigmoid(-logits)``, divided as the reduction says.""",
    example=""">>> cyma.bce_with_logits_hess(logits, targets, reduction="sum")
array([4.24835426e-18, 2.50000000e-01, 1.04993585e-01])""",
)
def bce_with_logits_hess(o: _Operands, out=None):
    """Diagonal second derivative of the reduced binary cross-entropy by the logits."""
    hess = _elements(o, out)
    _compute(o, False, None, None, hess)
    return _delivered(hess, out)


@_public(
    "loss",
    "grad",
    out="""(ndarray or None, ndarray or None), optional
    Where loss and gradient go; as from `bce_with_logits`.""",
    returns="""loss : ndarray or scalar
    As from `bce_with_logits`.
grad : ndarray or scalar
    As from `bce_with_logits_grad`, but for rounding.""",
    notes="""Both come from one pass over the data.""",
    example=""">>> loss, grad = cyma.bce_with_logits_value_and_grad(logits, targets)
>>> print(f"{loss:.6f}")
0.273358
>>> grad
array([ 1.41611809e-18, -1.66666667e-01, -3.97343073e-02])""",
)
def bce_with_logits_value_and_grad(o: _Operands, out=None, out_grad=None):
    """Reduced binary cross-entropy and its gradient by the logits."""
    grad = _elements(o, out_grad, out)
    if o.reduction == "none":
        loss = _elements(o, out, out_grad)
        _compute(o, False, loss, grad)
    else:
        loss = _compute(o, True, None, grad)
    return _delivered(loss, out), _delivered(grad, out_grad)
