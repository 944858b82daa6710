"""Binary cross-entropy with logits: validation, and the way through the arrays.

The arithmetic is in ``include/cyma/bce_fused.h``, the sums are in ``pyx/bce.c``. Here the operands
are cut into contiguous pieces in the order of the reduced axes, whatever their layout and dtype.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from cyma._tier import tier
from cyma._ufuncs import (
    LANES,
    UFUNCS,
    RowSums,
    all_plain,
    feed_bce,
    is_plain,
    repeat,
    tier_in_use,
)

REDUCTIONS = ("mean", "sum", "weighted_mean", "none")

# Bound in ULP of what the fused kernels give for an element, in float32 and float64.
BOUND = 6.0

_BOOL, _FLOAT16, _FLOAT32, _FLOAT64 = map(np.dtype, ("bool", "float16", "float32", "float64"))

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
    dtype: np.dtype  # of the results
    working_dtype: np.dtype  # what is computed in

    @property
    def is_long(self) -> bool:
        """Whether that is wider than float64, for which there is no fused kernel."""
        return self.dtype.itemsize > 8

    @property
    def row_length(self) -> int:
        """How many elements go into each element of the reduced loss."""
        if not self.kept:
            return self.logits.size
        return math.prod([self.logits.shape[axis] for axis in self.axes])

    def new_rows(self) -> np.ndarray:
        """Zeros, one for each element of the reduced loss."""
        shape = tuple([self.logits.shape[axis] for axis in self.kept]) if self.kept else ()
        return np.zeros(shape, self.dtype if self.is_long else _FLOAT64)

    def along_rows(self, x: np.ndarray) -> np.ndarray:
        """View of an array in the full shape whose last axes are those reduced."""
        if x.shape != self.logits.shape:
            x = np.broadcast_to(x, self.logits.shape)
        if x.ndim == 0:  # which NumPy 1.26 would not convert in passing
            return x.reshape(1)
        return x.transpose(self.kept + self.axes) if self.kept else x


def real(name: str, x) -> np.ndarray:
    """Array of real numbers."""
    if type(x) is not np.ndarray:
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(f"{name} must not be a masked array: give its data, and where=~mask")
        x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not of dtype {x.dtype}")
    return x


def number(name: str, x) -> float:
    """A number; not text that reads like one."""
    try:
        if not isinstance(x, (str, bytes)):
            return float(x)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name} must be a number, not {x!r}")


def _broadcastable(name: str, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Check that an array broadcasts to a shape and does not enlarge it."""
    new = len(shape) - x.ndim
    if new < 0 or [n for n, m in zip(x.shape, shape[new:], strict=True) if n not in (1, m)]:
        raise ValueError(f"{name} of shape {x.shape} does not broadcast to logits' shape {shape}")
    return x


def _weight(name: str, x, shape: tuple[int, ...]) -> np.ndarray | float:
    """Weights that broadcast to a shape, or one for all elements."""
    if x is None:
        return 1.0
    x = real(name, x)
    if x.shape != shape:
        _broadcastable(name, x, shape)
    return x.item() if x.size == 1 else x


def _normalized_axes(axis, ndim: int) -> tuple[int, ...]:
    """Axes to reduce, from 0 on."""
    if axis is None:
        return tuple(range(ndim))
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
    with np.errstate(invalid="ignore"):
        low = np.min(x, initial=0, where=mask)
        high = np.max(x, initial=1, where=mask)
    if low >= 0 and high <= 1:
        return
    wrong = ~((x >= 0) & (x <= 1)) & mask
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"[{', '.join(map(str, index))}]" if index else ""
    raise ValueError(f"{name}{place} = {x[index]} is outside [0, 1]")


def _result_dtype(logits: np.dtype) -> np.dtype:
    """Dtype of the results for logits of a dtype; but for long double, one of those named above."""
    if logits is _FLOAT32 or logits is _FLOAT64:
        return logits
    if logits.kind != "f":
        return _FLOAT64
    native = logits.newbyteorder("=")
    # Long double may be no wider than float64.
    return next((dtype for dtype in (_FLOAT64, _FLOAT32, _FLOAT16) if dtype == native), native)


def _validate(
    logits,
    targets,
    weight,
    pos_weight,
    label_smoothing,
    where,
    reduction,
    axis,
    check_targets,
) -> _Operands:
    """Check all arguments; errors name the argument and what was given."""
    logits, targets = real("logits", logits), real("targets", targets)
    shape = logits.shape
    if targets.shape != shape and targets.shape != ():
        raise ValueError(f"targets of shape {targets.shape} do not match logits of shape {shape}")
    weight = _weight("weight", weight, shape)
    pos_weight = _weight("pos_weight", pos_weight, shape)
    if where is not None:
        where = np.asarray(where)
        if where.dtype != np.bool_:
            raise TypeError(f"where must be boolean, not of dtype {where.dtype}")
        where = None if where.shape == () and where else _broadcastable("where", where, shape)
    label_smoothing = number("label_smoothing", label_smoothing)
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing = {label_smoothing} is outside [0, 1)")
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        choices = ", ".join(map(repr, REDUCTIONS))
        raise ValueError(f"reduction = {reduction!r} is not one of {choices}")
    if reduction == "none" and axis is not None:
        raise ValueError(f"axis = {axis} needs a reduction other than 'none'")
    if check_targets:
        check_unit_interval("targets", targets, where)
    if reduction == "weighted_mean" and not isinstance(weight, np.ndarray):
        weight = 1.0 if 0 < abs(weight) < math.inf else weight  # it cancels
    axes = _normalized_axes(axis, logits.ndim)
    kept = () if axis is None else tuple([k for k in range(logits.ndim) if k not in axes])
    dtype = _result_dtype(logits.dtype)
    return _Operands(
        logits,
        targets.item() if targets.size == 1 else targets,
        weight,
        pos_weight,
        where,
        label_smoothing,
        reduction,
        axes,
        kept,
        dtype,
        _FLOAT32 if dtype is _FLOAT16 else dtype,
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


def _compute(
    o: _Operands,
    *,
    loss: np.ndarray | None = None,
    rows: np.ndarray | None = None,
    grad: np.ndarray | None = None,
    hess: np.ndarray | None = None,
    scale: float = 1.0,
    floor: float = 0.0,
) -> None:
    """Write what is wanted: losses, or their sums in ``rows``, and derivatives times a scale.

    Second derivatives cannot be had with losses. Without weights, they are at least ``floor``.
    """
    if o.is_long:
        _compute_longdouble(o, loss, rows, grad, hess, scale, floor)
    elif o.logits.size:
        working = o.working_dtype
        sums = None if rows is None else RowSums(o.row_length, rows)
        operands = [o.logits, o.targets, o.weight, o.pos_weight, o.where, loss, grad, hess]
        dtypes = [working] * 4 + [_BOOL] + [working] * 3
        pieces = _pieces(o, operands, dtypes, writable=3)
        if type(pieces) is tuple:  # one piece, and nothing was converted
            feed_bce(sums, *pieces[0], o.label_smoothing, scale, floor)
            return
        # A conversion may overflow; the kernels are silent. All pieces are computed by one tier.
        with np.errstate(all="ignore"), tier(tier_in_use()):
            for piece in pieces:
                feed_bce(sums, *piece, o.label_smoothing, scale, floor)


def _compute_longdouble(o, loss, rows, grad, hess, scale, floor) -> None:
    """The same in long double, by the ufuncs and with temporaries."""

    def term(coefficient, factor):
        return np.where((coefficient == 0) & np.isinf(factor), 0, coefficient * factor)

    softplus, sigmoid = UFUNCS["softplus"], UFUNCS["sigmoid"]
    with np.errstate(all="ignore"):
        # All long double first: NumPy 1.26 lets an array of a narrower dtype win over a scalar.
        x, smoothing = o.logits, np.longdouble(o.label_smoothing)
        z, weight, pos_weight = (
            np.asarray(y, np.longdouble) for y in (o.targets, o.weight, o.pos_weight)
        )
        a = weight * pos_weight * (z * (1 - smoothing) + smoothing / 2)
        b = weight * ((1 - z) * (1 - smoothing) + smoothing / 2)
        if o.where is not None:
            x, a, b = (np.where(o.where, y, np.longdouble(0)) for y in (x, a, b))
        losses = term(a, softplus(-x)) + term(b, softplus(x))
        if loss is not None:
            loss[...] = losses
        if rows is not None:
            in_order = o.along_rows(losses).reshape(*rows.shape, o.row_length)
            rows[...] = np.sum(in_order, axis=-1)
        if grad is not None:
            grad[...] = (b * sigmoid(x) - a * sigmoid(-x)) * scale
        if hess is not None:
            hess[...] = (a + b) * np.maximum(UFUNCS["sigmoid_deriv"](x), floor) * scale


def _count(o: _Operands) -> np.ndarray | float:
    """Unmasked elements of each row."""
    if o.where is None:
        return float(o.row_length)
    where = np.broadcast_to(o.where, o.logits.shape)
    if not o.kept:
        return float(np.count_nonzero(where))
    return np.count_nonzero(where, axis=o.axes).astype(_FLOAT64)


def _sum_of_weights(o: _Operands) -> np.ndarray | float:
    """Sum of the unmasked weights of each row."""
    if not isinstance(o.weight, np.ndarray):
        return _count(o) * (np.longdouble(o.weight) if o.is_long else o.weight)
    if o.is_long:
        weight = np.broadcast_to(o.weight, o.logits.shape)
        where = True if o.where is None else o.where
        return np.sum(weight, axis=o.axes, dtype=np.longdouble, where=where)
    rows = o.new_rows()
    if o.logits.size:
        sums = RowSums(o.row_length, rows)
        weight = np.broadcast_to(o.weight, o.logits.shape)
        where = o.where if o.where is None else np.broadcast_to(o.where, o.logits.shape)
        with np.errstate(all="ignore"):
            for piece in _pieces(o, [weight, where], [_FLOAT64, _BOOL]):
                sums.add(*piece)
    return rows[()]


def _divisor(o: _Operands) -> np.ndarray | float:
    """What the sum of each row is divided by."""
    if o.reduction in ("none", "sum"):
        return 1.0
    return _count(o) if o.reduction == "mean" else _sum_of_weights(o)


def _reduced(o: _Operands, sums: np.ndarray, divisor: np.ndarray | float):
    """Loss in the dtype of the results, a scalar if all axes are reduced."""
    if not o.kept and not o.is_long and divisor:
        loss = float(sums) / float(divisor)  # which is silent
        if o.dtype is _FLOAT64 or (o.dtype is _FLOAT32 and 1e-37 < loss < 1e38):
            return o.dtype.type(loss)
    with np.errstate(over="ignore", under="ignore"):
        quotient = sums[()] / divisor
        return quotient.astype(o.dtype, copy=False) if o.kept else o.dtype.type(quotient)


def _new_like(logits: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Array for results of the shape of the logits."""
    return np.empty_like(logits, dtype, subok=False)


def _result(x: np.ndarray):
    """What a function of NumPy returns: a scalar for no dimensions."""
    return x if x.ndim else x[()]


def _derivative(
    o: _Operands,
    name: str,
    divisor: np.ndarray | float,
    *,
    loss: np.ndarray | None = None,
    rows: np.ndarray | None = None,
):
    """Derivative of the reduced loss; losses or their sums are written in the same pass."""
    if not isinstance(divisor, np.ndarray):
        # Where nothing is counted, nothing changes the loss.
        nothing = 0.0 if o.reduction == "mean" else math.nan
        divisor = np.longdouble(divisor) if o.is_long else float(divisor)
        slope = _new_like(o.logits, o.dtype)
        factor = 1 / divisor if divisor else nothing
        _compute(o, **{name: slope}, loss=loss, rows=rows, scale=factor)
    else:
        # float16 is rounded once, after the division.
        slope = _new_like(o.logits, o.working_dtype)
        _compute(o, **{name: slope}, loss=loss, rows=rows)
        if o.is_long:
            divisor = divisor.astype(o.dtype)
        with np.errstate(all="ignore"):
            factor = 1 / np.expand_dims(divisor, o.axes)
            if o.reduction == "mean":
                factor[~np.isfinite(factor)] = 0
            np.multiply(slope, factor, out=slope, casting="same_kind")
            slope = slope.astype(o.dtype, copy=False)
    if o.where is not None and not np.all(np.isfinite(factor)):
        np.copyto(slope, 0, where=~o.where)
    return _result(slope)


def gradient_and_hessian(
    logits: np.ndarray, targets: np.ndarray, *, weight, pos_weight, min_hessian: float
) -> tuple[np.ndarray, np.ndarray]:
    """Both derivatives of each element's loss, in one pass and in float32, whatever the logits.

    Without weights, the second one is at least ``min_hessian``.
    """
    o = _validate(logits, targets, weight, pos_weight, 0.0, None, "none", None, False)
    grad, hess = _new_like(o.logits, _FLOAT32), _new_like(o.logits, _FLOAT32)
    _compute(o, grad=grad, hess=hess, floor=min_hessian)
    return grad, hess


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
check_targets : bool, optional
    Whether to look for targets outside [0, 1] first. False by default.

Returns
-------
{returns}

Raises
------
TypeError
    If an array has no real numbers, or ``where`` none but booleans.
ValueError
    If shapes do not match, ``reduction`` is unknown, ``label_smoothing`` is
    outside [0, 1), or ``check_targets`` finds a target outside [0, 1].
numpy.exceptions.AxisError
    If ``logits`` has no such axis.

See Also
--------
{see_also}

Notes
-----
The results have the dtype of ``logits``, or float64 if those are integers.
Sums are accumulated in float64, compensated, in the order of the reduced axes:
they depend on neither memory layout nor tier; those of long double are pairwise.
No temporary array of the size of ``logits`` is made, but for long double and for
derivatives of float16 with an axis. Weights are rounded to the dtype of ``logits``
(float32 for float16). A mean over nothing is nan, with a RuntimeWarning. Without
weights and reduction, an element errs by at most {bound:g} ULP in float32 and
float64; one of `sigmoid_bce` by less.

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


def _public(*, returns: str, notes: str, example: str) -> Callable:
    """Make what computes from validated operands a public function."""

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
            check_targets=False,
        ):
            return compute(
                _validate(
                    logits,
                    targets,
                    weight,
                    pos_weight,
                    label_smoothing,
                    where,
                    reduction,
                    axis,
                    check_targets,
                )
            )

        name = compute.__name__
        function.__name__ = function.__qualname__ = name
        function.__module__ = "cyma"
        others = ", ".join(other for other in _NAMES if other != name)
        function.__doc__ = f"{compute.__doc__}\n" + _SIGNATURE_SECTIONS.format(
            returns=returns,
            notes=notes,
            example=example,
            see_also=f"{others}, sigmoid_bce",
            bound=BOUND,
        )
        return function

    return decorate


@_public(
    returns="""loss : ndarray or scalar
    Of the shape of ``logits`` without the reduced axes; with
    ``reduction='none'``, of the shape of ``logits``.""",
    notes="""For finite operands it equals
``torch.nn.functional.binary_cross_entropy_with_logits``. No loss loses digits,
in either tail. A sum without weights takes one logarithm for 960 elements: that
of the product of all ``1 + exp(-abs(logits))``.""",
    example=""">>> cyma.bce_with_logits(logits, targets, reduction="none")
array([4.24835426e-18, 6.93147181e-01, 1.26928011e-01])
>>> print(f"{cyma.bce_with_logits(logits, targets):.6f}")
0.273358""",
)
def bce_with_logits(o: _Operands):
    """Binary cross-entropy of logits against targets."""
    if o.reduction == "none":
        loss = _new_like(o.logits, o.dtype)
        _compute(o, loss=loss)
        return _result(loss)
    rows = o.new_rows()
    _compute(o, rows=rows)
    return _reduced(o, rows, _divisor(o))


@_public(
    returns="""grad : ndarray or scalar
    Of the shape of ``logits``.""",
    notes="""The gradient of an element is ``weight * ((1 - z) * sigmoid(logits) -
pos_weight * z * sigmoid(-logits))``, divided as the reduction says. Between targets
of 0 and 1 its terms may cancel: an error is then relative to the larger.""",
    example=""">>> cyma.bce_with_logits_grad(logits, targets, reduction="sum")
array([ 4.24835426e-18, -5.00000000e-01, -1.19202922e-01])""",
)
def bce_with_logits_grad(o: _Operands):
    """Gradient of the reduced binary cross-entropy by the logits."""
    return _derivative(o, "grad", _divisor(o))


@_public(
    returns="""hess : ndarray or scalar
    Of the shape of ``logits``; negative only where weights are.""",
    notes="""The Hessian is diagonal: ``weight * (1 - z + pos_weight * z) *
sigmoid(logits) * sigmoid(-logits)``, divided as the reduction says.""",
    example=""">>> cyma.bce_with_logits_hess(logits, targets, reduction="sum")
array([4.24835426e-18, 2.50000000e-01, 1.04993585e-01])""",
)
def bce_with_logits_hess(o: _Operands):
    """Diagonal second derivative of the reduced binary cross-entropy by the logits."""
    return _derivative(o, "hess", _divisor(o))


@_public(
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
def bce_with_logits_value_and_grad(o: _Operands):
    """Reduced binary cross-entropy and its gradient by the logits."""
    divisor = _divisor(o)
    if o.reduction == "none":
        loss = _new_like(o.logits, o.dtype)
        grad = _derivative(o, "grad", divisor, loss=loss)
        return _result(loss), grad
    rows = o.new_rows()
    grad = _derivative(o, "grad", divisor, rows=rows)
    return _reduced(o, rows, divisor), grad
