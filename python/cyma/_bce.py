"""Binary cross-entropy with logits: validation, and the way through the arrays.

The arithmetic is in ``include/cyma/bce_fused.h``, the sums are in ``pyx/bce.c``. Here the operands
are cut into contiguous pieces in the order of the reduced axes, whatever their layout and dtype.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from cyma._ufuncs import UFUNCS, RowSums, feed_bce

REDUCTIONS = ("mean", "sum", "weighted_mean", "none")

_BOOL, _FLOAT16, _FLOAT32, _FLOAT64 = map(np.dtype, ("bool", "float16", "float32", "float64"))

_NOTHING = contextlib.nullcontext()

# Elements that NumPy's iterator copies at a time where dtype or layout need it.
_PIECE = 16384


@dataclasses.dataclass(slots=True)
class _Operands:
    """Validated arguments."""

    logits: np.ndarray
    targets: np.ndarray  # of the logits' shape, or a scalar
    weight: np.ndarray | None
    pos_weight: np.ndarray | None
    where: np.ndarray | None
    label_smoothing: float
    reduction: str
    axes: tuple[int, ...]  # that are reduced
    kept: tuple[int, ...]  # the others
    dtype: np.dtype  # of the results

    @property
    def working_dtype(self) -> np.dtype:
        """What is computed in."""
        return _FLOAT32 if self.dtype == _FLOAT16 else self.dtype

    @property
    def is_long(self) -> bool:
        """Whether that is wider than float64, for which there is no fused kernel."""
        return self.dtype.itemsize > 8

    @property
    def rows_shape(self) -> tuple[int, ...]:
        """Shape of the reduced loss."""
        return tuple([self.logits.shape[axis] for axis in self.kept])

    @property
    def row_length(self) -> int:
        """How many elements go into each element of the reduced loss."""
        return math.prod([self.logits.shape[axis] for axis in self.axes])

    def along_rows(self, x: np.ndarray | None) -> np.ndarray | None:
        """View of an array in the full shape whose last axes are those reduced."""
        if x is None:
            return None
        if x.shape != self.logits.shape:
            x = np.broadcast_to(x, self.logits.shape)
        if x.ndim == 0:  # which NumPy 1.26 would not convert in passing
            return x.reshape(1)
        return x.transpose(self.kept + self.axes) if self.kept else x


def _real(name: str, x) -> np.ndarray:
    """Array of real numbers."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not of dtype {x.dtype}")
    return x


def _broadcastable(name: str, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Check that an array broadcasts to a shape and does not enlarge it."""
    try:
        fits = np.broadcast_shapes(x.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} of shape {x.shape} does not broadcast to logits' shape {shape}")
    return x


def _normalized_axes(axis, ndim: int) -> tuple[int, ...]:
    """Axes to reduce, from 0 on."""
    if axis is None:
        return tuple(range(ndim))
    axes = []
    for a in axis if isinstance(axis, tuple) else (axis,):
        index = operator.index(a)
        if not -ndim <= index < ndim:
            raise np.exceptions.AxisError(index, ndim)
        axes.append(index % ndim)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(axes))


def _check_targets(targets: np.ndarray, where: np.ndarray | None) -> None:
    """Raise ValueError at the first target outside [0, 1] that is not masked."""
    mask = True if where is None or targets.ndim == 0 else where
    with np.errstate(invalid="ignore"):
        low = np.min(targets, initial=0, where=mask)
        high = np.max(targets, initial=1, where=mask)
    if low >= 0 and high <= 1:
        return
    wrong = ~((targets >= 0) & (targets <= 1)) & mask
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"[{', '.join(map(str, index))}]" if index else ""
    raise ValueError(f"targets{place} = {targets[index]} is outside [0, 1]")


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
    logits, targets = _real("logits", logits), _real("targets", targets)
    shape = logits.shape
    if targets.shape not in (shape, ()):
        raise ValueError(f"targets of shape {targets.shape} do not match logits of shape {shape}")
    if weight is not None:
        weight = _broadcastable("weight", _real("weight", weight), shape)
    if pos_weight is not None:
        pos_weight = _broadcastable("pos_weight", _real("pos_weight", pos_weight), shape)
    if where is not None:
        where = np.asarray(where)
        if where.dtype != np.bool_:
            raise TypeError(f"where must be boolean, not of dtype {where.dtype}")
        where = None if where.shape == () and where else _broadcastable("where", where, shape)
    try:
        label_smoothing = float(label_smoothing)
    except (TypeError, ValueError):
        message = f"label_smoothing must be a number, not {label_smoothing!r}"
        raise TypeError(message) from None
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing = {label_smoothing} is outside [0, 1)")
    if reduction not in REDUCTIONS:
        choices = ", ".join(map(repr, REDUCTIONS))
        raise ValueError(f"reduction = {reduction!r} is not one of {choices}")
    if reduction == "none" and axis is not None:
        raise ValueError(f"axis = {axis} needs a reduction other than 'none'")
    if check_targets:
        _check_targets(targets, where)
    axes = _normalized_axes(axis, logits.ndim)
    kept = tuple([k for k in range(logits.ndim) if k not in axes])
    dtype = logits.dtype if logits.dtype.kind == "f" else _FLOAT64
    dtype = dtype if dtype.isnative else dtype.newbyteorder("=")
    dtype = _FLOAT64 if dtype == _FLOAT64 else dtype  # long double may be nothing else
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
        dtype,
    )


def _pieces(arrays: list, dtypes: list[np.dtype], writable: int = 0) -> Iterable[list]:
    """Contiguous pieces of arrays of one shape in the order of C; None stays None.

    The last ``writable`` arrays are written to.
    """
    for x, dtype in zip(arrays, dtypes, strict=True):
        # A dtype is the same object for all usual arrays.
        if x is not None and not (x.dtype is dtype and x.flags.c_contiguous and x.flags.aligned):
            return _copied_pieces(arrays, dtypes, writable)
    return [arrays]


def _copied_pieces(arrays: list, dtypes: list[np.dtype], writable: int) -> Iterator[list]:
    """Pieces that NumPy copies, as far as it must."""
    present = [k for k, x in enumerate(arrays) if x is not None]
    first_writable = len(arrays) - writable
    flags = [
        ["readonly" if k < first_writable else "writeonly", "contig", "aligned"] for k in present
    ]
    with np.nditer(
        [arrays[k] for k in present],
        flags=["external_loop", "buffered", "grow_inner"],
        op_flags=flags,
        op_dtypes=[dtypes[k] for k in present],
        order="C",
        casting="unsafe",
        buffersize=_PIECE,
    ) as iterator:
        for views in iterator:
            piece: list = [None] * len(arrays)
            for k, view in zip(present, views if len(present) > 1 else [views], strict=True):
                piece[k] = view
            yield piece


def _compute(
    o: _Operands,
    *,
    value: bool,
    derivative: int,
    scale: float = 1.0,
    slope_dtype: np.dtype | None = None,
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Sums of the losses, or the losses where nothing is reduced, and a derivative times a scale.

    ``derivative`` is its order, 0 for none.
    """
    summed = value and o.reduction != "none"
    loss = np.empty_like(o.logits, o.dtype, subok=False) if value and not summed else None
    slope = np.empty_like(o.logits, slope_dtype or o.dtype, subok=False) if derivative else None
    rows = np.zeros(o.rows_shape, np.promote_types(o.dtype, _FLOAT64)) if summed else None
    working = o.working_dtype
    if o.is_long:
        _compute_longdouble(o, loss, slope, rows, derivative, scale)
    elif o.logits.size:
        sums = RowSums(working, o.row_length, rows) if summed else None
        arrays = [o.logits, o.targets, o.weight, o.pos_weight, o.where, loss, slope]
        dtypes = [working, working, working, working, _BOOL, working, working]
        pieces = _pieces([o.along_rows(x) for x in arrays], dtypes, writable=2)
        # Conversions in between may overflow; the kernels are silent.
        with np.errstate(all="ignore") if type(pieces) is not list else _NOTHING:
            for piece in pieces:
                feed_bce(sums, *piece, o.label_smoothing, scale, derivative == 2)
    return (rows if summed else loss), slope


def _compute_longdouble(o, loss, slope, rows, derivative, scale) -> None:
    """The same in long double, by the ufuncs and with temporaries."""
    x, z = o.logits, o.targets.astype(np.longdouble)
    z = z * (1 - np.longdouble(o.label_smoothing)) + np.longdouble(o.label_smoothing) / 2
    a = z if o.pos_weight is None else z * o.pos_weight
    b = 1 - z
    if o.weight is not None:
        a, b = a * o.weight, b * o.weight
    if o.where is not None:
        x, a, b = (np.where(o.where, y, np.longdouble(0)) for y in (x, a, b))

    def term(coefficient, factor):
        return np.where((coefficient == 0) & np.isinf(factor), 0, coefficient * factor)

    with np.errstate(all="ignore"):
        losses = term(a, UFUNCS["softplus"](-x)) + term(b, UFUNCS["softplus"](x))
        if loss is not None:
            loss[...] = losses
        if rows is not None:
            rows[...] = np.sum(losses, axis=o.axes)
        if derivative == 1:
            sigmoid = UFUNCS["sigmoid"]
            slope[...] = (b * sigmoid(x) - a * sigmoid(-x)) * scale
        elif derivative == 2:
            slope[...] = (a + b) * UFUNCS["sigmoid_deriv"](x) * scale


def _sum_of_weights(o: _Operands) -> np.ndarray:
    """Sum of the unmasked weights of each row."""
    if o.is_long:
        weight = np.broadcast_to(o.weight, o.logits.shape)
        where = True if o.where is None else o.where
        return np.sum(weight, axis=o.axes, dtype=np.longdouble, where=where)
    rows = np.zeros(o.rows_shape)
    if o.logits.size:
        sums = RowSums(_FLOAT64, o.row_length, rows)
        arrays = [o.along_rows(o.weight), o.along_rows(o.where)]
        for weight, mask in _pieces(arrays, [_FLOAT64, _BOOL]):
            sums.add(weight if mask is None else np.where(mask, weight, 0.0))
    return rows


def _divisor(o: _Operands) -> np.ndarray | float:
    """What the sum of each row is divided by."""
    if o.reduction in ("none", "sum"):
        return 1.0
    if o.reduction == "weighted_mean" and o.weight is not None:
        return _sum_of_weights(o)
    if o.where is None:
        return float(o.row_length)
    return np.count_nonzero(np.broadcast_to(o.where, o.logits.shape), axis=o.axes).astype(float)


def _reduced(o: _Operands, sums: np.ndarray, divisor: np.ndarray | float):
    """Loss in the dtype of the results, a scalar if all axes are reduced."""
    if o.reduction != "sum":
        sums = np.true_divide(sums, divisor, out=sums)
    return sums.astype(o.dtype)[()]


def _scaled(o: _Operands, *, value: bool, derivative: int, divisor: np.ndarray | float):
    """Sums (or losses) and the derivative of the reduced loss."""
    if o.is_long:
        divisor = np.asarray(divisor, np.longdouble)[()]
    if np.ndim(divisor) == 0:
        # Where nothing is counted, nothing changes the loss.
        nothing = 0.0 if o.reduction == "mean" else math.nan
        scale = 1 / divisor if divisor else nothing
        sums, slope = _compute(o, value=value, derivative=derivative, scale=scale)
    else:
        # float16 is rounded once, after the division.
        sums, slope = _compute(o, value=value, derivative=derivative, slope_dtype=o.working_dtype)
        with np.errstate(all="ignore"):
            factor = 1 / np.expand_dims(divisor, o.axes)
            if o.reduction == "mean":
                factor[~np.isfinite(factor)] = 0
            np.multiply(slope, factor, out=slope, casting="same_kind")
            slope = slope.astype(o.dtype, copy=False)
    if o.where is not None and o.reduction == "weighted_mean":
        np.copyto(slope, 0, where=~o.where)
    return sums, slope


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
they depend on neither memory layout nor tier. No temporary array of the size of
``logits`` is made, but for long double. A mean over nothing is nan, with a
RuntimeWarning.

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
            returns=returns, notes=notes, example=example, see_also=f"{others}, sigmoid_bce"
        )
        return function

    return decorate


@_public(
    returns="""loss : ndarray or scalar
    Of the shape of ``logits`` without the reduced axes; with
    ``reduction='none'``, of the shape of ``logits``.""",
    notes="""For finite operands it equals
``torch.nn.functional.binary_cross_entropy_with_logits``. Each loss is accurate
relative to itself, to some units in the last place, in both tails.""",
    example=""">>> cyma.bce_with_logits(logits, targets, reduction="none")
array([4.24835426e-18, 6.93147181e-01, 1.26928011e-01])
>>> print(f"{cyma.bce_with_logits(logits, targets):.6f}")
0.273358""",
)
def bce_with_logits(o: _Operands):
    """Binary cross-entropy of logits against targets."""
    result, _ = _compute(o, value=True, derivative=0)
    return result if o.reduction == "none" else _reduced(o, result, _divisor(o))


@_public(
    returns="""grad : ndarray
    Of the shape of ``logits``.""",
    notes="""The gradient of an element is ``weight * ((1 - z) * sigmoid(logits) -
pos_weight * z * sigmoid(-logits))``, divided as the reduction says. It is
accurate relative to itself where ``z`` is 0 or 1.""",
    example=""">>> cyma.bce_with_logits_grad(logits, targets, reduction="sum")
array([ 4.24835426e-18, -5.00000000e-01, -1.19202922e-01])""",
)
def bce_with_logits_grad(o: _Operands):
    """Gradient of the reduced binary cross-entropy by the logits."""
    return _scaled(o, value=False, derivative=1, divisor=_divisor(o))[1]


@_public(
    returns="""hess : ndarray
    Of the shape of ``logits``; not negative.""",
    notes="""The Hessian is diagonal: ``weight * (1 - z + pos_weight * z) *
sigmoid(logits) * sigmoid(-logits)``, divided as the reduction says.""",
    example=""">>> cyma.bce_with_logits_hess(logits, targets, reduction="sum")
array([4.24835426e-18, 2.50000000e-01, 1.04993585e-01])""",
)
def bce_with_logits_hess(o: _Operands):
    """Diagonal second derivative of the reduced binary cross-entropy by the logits."""
    return _scaled(o, value=False, derivative=2, divisor=_divisor(o))[1]


@_public(
    returns="""loss : ndarray or scalar
    As from `bce_with_logits`.
grad : ndarray
    As from `bce_with_logits_grad`.""",
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
    result, slope = _scaled(o, value=True, derivative=1, divisor=divisor)
    return (result if o.reduction == "none" else _reduced(o, result, divisor)), slope
