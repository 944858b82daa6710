"""What is an error at run time and for a type checker, in which no ``ignore`` is superfluous."""

from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

import cyma

complex_array: NDArray[np.complex128] = np.ones(2, np.complex128)
object_array: NDArray[np.object_] = np.ones(2, np.object_)
time_array: NDArray[np.datetime64] = np.zeros(2, "M8[s]")
text_array: NDArray[np.str_] = np.array(["1"])
array: NDArray[np.float64] = np.ones(2)


def operands() -> None:
    with pytest.raises(TypeError):
        cyma.sigmoid(1j)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid("1")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(b"1")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(None)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(object())  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(Decimal(1))  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(np.complex64(1))  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(np.datetime64("2020-01-01"))  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(np.timedelta64(1, "s"))  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(complex_array)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(object_array)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(time_array)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(text_array)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid([1j])  # type: ignore[list-item]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid([["1"]])  # type: ignore[list-item]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid({1.0})  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid({1: 1.0})  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid()  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(1.0, 2.0)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(1.0)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(1.0, 1j)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce("1", 1.0)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(array, complex_array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(text_array, array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce([1j], 1.0)  # type: ignore[list-item]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(1.0, None)  # type: ignore[call-overload]  # pyright: ignore


def keywords() -> None:
    with pytest.raises(TypeError):
        cyma.sigmoid(1.0, axis=0)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid(1.0, casting="wrong")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid(1.0, order="X")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(1.0, subok=1)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(array, array, where=array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(1.0, dtype=complex)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(array, dtype=np.int64)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid(array, out=[0.0, 0.0])  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(array, 1.0, signature=1)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce(array, 1.0, keepdims=True)  # type: ignore[arg-type]  # pyright: ignore


def methods() -> None:
    with pytest.raises(ValueError):
        cyma.sigmoid.reduce(array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid.accumulate(array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid.reduceat(array, [0])  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid.outer(1.0, 1.0)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid.at([1.0], 0)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid.at(complex_array, 0)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid.at(array, 0, 1.0)  # type: ignore[call-arg]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.sigmoid_bce.at(array, 0)  # type: ignore[call-arg]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce.reduce("1")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.sigmoid_bce.outer(array, 1j)  # type: ignore[call-overload]  # pyright: ignore


def scalars() -> None:
    with pytest.raises(TypeError):
        cyma.scalar.sigmoid("1")  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.scalar.sigmoid(1j)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.scalar.sigmoid(x=1.0)  # type: ignore[call-arg]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.scalar.sigmoid([1.0])  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(AttributeError):
        cyma.scalar.sigmoid_bce  # type: ignore[attr-defined]  # pyright: ignore


def losses() -> None:
    with pytest.raises(TypeError):
        cyma.bce_with_logits("1", 1)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits(array, complex_array)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits(complex_array, array)  # type: ignore[type-var]  # pyright: ignore
    with pytest.raises(ValueError):
        cyma.bce_with_logits(array, array, reduction="median")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits_grad(array, array, axis=0.0)  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits_hess(array, array, axis="0")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits(array, array, where=[1, 0])  # type: ignore[list-item]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits(array, array, label_smoothing="0.1")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits(array, array, weight="1")  # type: ignore[call-overload]  # pyright: ignore
    with pytest.raises(TypeError):
        cyma.bce_with_logits_value_and_grad(array, array, array)  # type: ignore[call-overload]  # pyright: ignore


def tiers() -> None:
    with pytest.raises(TypeError):
        cyma.set_tier(1)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(KeyError):
        cyma.runtime_info()["tiers"]  # type: ignore[typeddict-item]  # pyright: ignore


operands()
keywords()
methods()
scalars()
losses()
tiers()
