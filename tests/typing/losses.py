"""Types of ``bce_with_logits`` and its derivatives; to be read and run, as ``ufuncs.py``."""

from typing import Any, Literal, TypeAlias, assert_type

import numpy as np
from numpy.typing import NDArray

import cyma

Row: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]


def loss(
    a16: NDArray[np.float16],
    a32: NDArray[np.float32],
    a64: NDArray[np.float64],
    ag: NDArray[np.longdouble],
    a8: NDArray[np.int8],
    abool: NDArray[np.bool_],
) -> None:
    # All axes: a scalar.
    assert_type(cyma.bce_with_logits(a16, a16), np.float16)
    assert_type(cyma.bce_with_logits(a32, a64), np.float32)
    assert_type(cyma.bce_with_logits(a64, abool), np.float64)
    assert_type(cyma.bce_with_logits(ag, abool), np.longdouble)
    assert_type(cyma.bce_with_logits(a8, abool), np.float64)
    assert_type(cyma.bce_with_logits(abool, 1), np.float64)
    assert_type(cyma.bce_with_logits([[0.5, 1]], [[True, False]]), np.float64)
    assert_type(cyma.bce_with_logits(a32, 0.5, reduction="sum"), np.float32)
    assert_type(cyma.bce_with_logits(a32, 0.5, reduction="weighted_mean"), np.float32)
    # No axis, or some.
    assert_type(cyma.bce_with_logits(a32, 0.5, reduction="none"), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(a8, 0.5, reduction="none"), NDArray[np.float64])
    assert_type(cyma.bce_with_logits([0.5], 0.5, reduction="none"), NDArray[np.float64])
    assert_type(cyma.bce_with_logits(a32, a32, axis=0), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(a16, a16, axis=(-1,), reduction="sum"), NDArray[np.float16])
    assert_type(cyma.bce_with_logits(a32, a32, axis=np.int64(1)), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(a8, abool, axis=0), NDArray[np.float64])
    assert_type(cyma.bce_with_logits([[0, 1]], [[0, 1]], axis=0), Any)
    # A scalar stays one.
    assert_type(cyma.bce_with_logits(np.float32(1), 1), np.float32)
    assert_type(cyma.bce_with_logits(np.longdouble(1), 1, reduction="none"), np.longdouble)
    assert_type(cyma.bce_with_logits(0.5, True), np.float64)
    assert_type(cyma.bce_with_logits(1, 1, reduction="none"), np.float64)
    assert_type(cyma.bce_with_logits(np.int8(1), 1), np.float64)


def known_axes(
    row: Row,
    integers: np.ndarray[tuple[int], np.dtype[np.int8]],
    rows: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    assert_type(cyma.bce_with_logits(row, 1, axis=0), np.float32)
    assert_type(cyma.bce_with_logits(row, 1, axis=(-1,)), np.float32)
    assert_type(cyma.bce_with_logits(row, 1, axis=()), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(integers, 1, axis=0), np.float64)
    assert_type(cyma.bce_with_logits(rows, 1, axis=0), NDArray[np.float32])
    both = cyma.bce_with_logits_value_and_grad
    assert_type(both(row, 1, axis=0), tuple[np.float32, Row])


def options(x: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
    assert_type(
        cyma.bce_with_logits(
            x,
            [[0, 1, 1], [1, 0, 0]],
            weight=[[1.0], [2.0]],
            pos_weight=np.float64(2),
            label_smoothing=np.float32(0.125),
            where=mask,
            check_targets=True,
        ),
        np.float32,
    )
    assert_type(cyma.bce_with_logits(x, 1, where=[True, False, True], weight=None), np.float32)


def depends(x: NDArray[np.float32], reduction: Literal["mean", "none"], axis: int | None) -> None:
    one: np.float32 | NDArray[np.float32] = cyma.bce_with_logits(x, x, reduction=reduction)
    two: np.float32 | NDArray[np.float32] = cyma.bce_with_logits(x, x, axis=axis)
    assert one.shape == x.shape
    assert two.shape == ()


def derivatives(
    x: NDArray[np.float16],
    integers: NDArray[np.int64],
    shaped: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    assert_type(cyma.bce_with_logits_grad(x, x), NDArray[np.float16])
    assert_type(cyma.bce_with_logits_hess(x, x, axis=0), NDArray[np.float16])
    assert_type(cyma.bce_with_logits_hess(x, x, reduction="none"), NDArray[np.float16])
    assert_type(cyma.bce_with_logits_grad(integers, 1), NDArray[np.float64])
    assert_type(cyma.bce_with_logits_grad([[1.0]], 1), NDArray[np.float64])
    assert_type(cyma.bce_with_logits_hess(np.float32(1), 1), np.float32)
    assert_type(cyma.bce_with_logits_grad(1.0, 1), np.float64)
    assert_type(
        cyma.bce_with_logits_grad(shaped, 1), np.ndarray[tuple[int, int], np.dtype[np.float32]]
    )


def both(x: NDArray[np.float32], integers: NDArray[np.int64]) -> None:
    both = cyma.bce_with_logits_value_and_grad
    assert_type(both(x, x), tuple[np.float32, NDArray[np.float32]])
    assert_type(both(x, x, axis=1), tuple[NDArray[np.float32], NDArray[np.float32]])
    assert_type(both(x, x, reduction="none"), tuple[NDArray[np.float32], NDArray[np.float32]])
    assert_type(both(integers, 1), tuple[np.float64, NDArray[np.float64]])
    assert_type(both(integers, 1, axis=0), tuple[NDArray[np.float64], NDArray[np.float64]])
    assert_type(both([1.0], 1, reduction="none"), tuple[NDArray[np.float64], NDArray[np.float64]])
    assert_type(both(np.longdouble(1), 1), tuple[np.longdouble, np.longdouble])
    assert_type(both(1.0, 1), tuple[np.float64, np.float64])


loss(
    np.ones((2, 3), np.float16),
    np.ones((2, 3), np.float32),
    np.ones((2, 3)),
    np.ones((2, 3), np.longdouble),
    np.ones((2, 3), np.int8),
    np.ones((2, 3), np.bool_),
)
known_axes(np.ones(3, np.float32), np.ones(3, np.int8), np.ones((2, 3), np.float32))
options(np.ones((2, 3), np.float32), np.ones(3, np.bool_))
depends(np.ones((2, 3), np.float32), "none", None)
derivatives(np.ones((2, 3), np.float16), np.ones((2, 3), np.int64), np.ones((2, 3), np.float32))
both(np.ones((2, 3), np.float32), np.ones((2, 3), np.int64))
