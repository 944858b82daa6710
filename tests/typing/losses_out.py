"""Types of ``bce_with_logits`` with ``keepdims`` and ``out``; to be read and run."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import cyma


def keepdims(x: NDArray[np.float32], integers: NDArray[np.int64], kept: bool) -> None:
    assert_type(cyma.bce_with_logits(x, x, keepdims=True), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(integers, 1, keepdims=True), NDArray[np.float64])
    assert_type(cyma.bce_with_logits(x, x, axis=0, keepdims=kept), NDArray[np.float32])
    assert_type(cyma.bce_with_logits(x, x, keepdims=False), np.float32)
    assert_type(cyma.bce_with_logits(x, x, keepdims=kept), Any)
    assert_type(cyma.bce_with_logits_grad(x, x, keepdims=True), NDArray[np.float32])
    assert_type(
        cyma.bce_with_logits_value_and_grad(x, x, keepdims=True),
        tuple[NDArray[np.float32], NDArray[np.float32]],
    )


def out(x: NDArray[np.float32], rows: NDArray[np.float64], slope: NDArray[np.float64]) -> None:
    assert_type(cyma.bce_with_logits(x, x, axis=1, out=rows), NDArray[np.float64])
    assert_type(cyma.bce_with_logits_grad(x, x, out=slope), NDArray[np.float64])
    assert_type(cyma.bce_with_logits_hess(x, x, out=x), NDArray[np.float32])
    both = cyma.bce_with_logits_value_and_grad
    assert_type(
        both(x, x, axis=1, out=(rows, slope)), tuple[NDArray[np.float64], NDArray[np.float64]]
    )
    assert_type(both(x, x, axis=1, out=(None, slope)), tuple[Any, NDArray[np.float64]])
    assert_type(both(x, x, axis=1, out=(rows, None)), tuple[NDArray[np.float64], Any])
    assert_type(both(x, x, out=None), tuple[np.float32, NDArray[np.float32]])


keepdims(np.ones((2, 3), np.float32), np.ones((2, 3), np.int64), True)
out(np.ones((2, 3), np.float32), np.ones(2), np.ones((2, 3)))
