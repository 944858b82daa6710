"""Types of the ufuncs: a type checker reads this file, and ``tests/test_types.py`` runs it."""

import array
from typing import Any, Literal, assert_type

import numpy as np
from numpy.typing import NDArray

import cyma


class Duck:
    """What decides itself what a ufunc gives, as pandas and others do."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> str:
        return f"{ufunc.__name__}.{method}"


class LiteralDuck:
    """The same with the annotations of `numpy.ndarray`."""

    def __array_ufunc__(
        self,
        ufunc: np.ufunc,
        method: Literal["__call__", "reduce", "reduceat", "accumulate", "outer", "at"],
        *args: Any,
        **kwargs: Any,
    ) -> str:
        return f"{ufunc.__name__}.{method}"


class Convertible:
    """What NumPy can make an array of."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float32]:
        return np.ones(2, np.float32)


class ConvertibleMask:
    """The same for booleans."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.bool_]:
        return np.ones(3, np.bool_)


f16, f32, f64, g = np.float16(1), np.float32(1), np.float64(1), np.longdouble(1)
i8, i16, i32, i64 = np.int8(1), np.int16(1), np.int32(1), np.int64(1)
u8, u16, u32, u64 = np.uint8(1), np.uint16(1), np.uint32(1), np.uint64(1)
true = np.bool_(True)


def attributes() -> None:
    assert_type(cyma.sigmoid.__name__, Literal["sigmoid"])
    assert_type(cyma.sigmoid.nin, Literal[1])
    assert_type(cyma.sigmoid.nout, Literal[1])
    assert_type(cyma.sigmoid.nargs, Literal[2])
    assert_type(cyma.sigmoid.ntypes, Literal[5])
    assert_type(cyma.sigmoid.identity, None)
    assert_type(cyma.sigmoid.signature, None)
    assert_type(cyma.softplus_deriv.__name__, Literal["sigmoid"])
    assert_type(cyma.sigmoid_bce_grad.__name__, Literal["sigmoid_bce_grad"])
    assert_type(cyma.sigmoid_bce_grad.nin, Literal[2])
    assert_type(cyma.sigmoid_bce_grad.nout, Literal[1])
    assert_type(cyma.sigmoid_bce_grad.nargs, Literal[3])
    ufunc: np.ufunc = cyma.sigmoid
    assert ufunc is cyma.expit


def scalars() -> None:
    assert_type(cyma.sigmoid(f16), np.float16)
    assert_type(cyma.sigmoid(f32), np.float32)
    assert_type(cyma.sigmoid(f64), np.float64)
    assert_type(cyma.sigmoid(g), np.longdouble)
    assert_type(cyma.sigmoid(1.0), np.float64)
    assert_type(cyma.sigmoid(1), np.float64)
    assert_type(cyma.sigmoid(True), np.float32)
    assert_type(cyma.sigmoid(true), np.float32)
    assert_type(cyma.sigmoid(i8), np.float32)
    assert_type(cyma.sigmoid(u8), np.float32)
    assert_type(cyma.sigmoid(i16), np.float32)
    assert_type(cyma.sigmoid(u16), np.float32)
    assert_type(cyma.sigmoid(i32), np.float64)
    assert_type(cyma.sigmoid(u32), np.float64)
    assert_type(cyma.sigmoid(i64), np.float64)
    assert_type(cyma.sigmoid(u64), np.float64)
    assert_type(cyma.sigmoid(np.intp(1)), np.float64)
    assert_type(cyma.sigmoid(np.longlong(1)), np.float64)
    assert_type(cyma.tanh(f32), np.float32)
    assert_type(cyma.expit(f32), np.float32)


def arrays(
    a16: NDArray[np.float16],
    a32: NDArray[np.float32],
    a64: NDArray[np.float64],
    ag: NDArray[np.longdouble],
    abool: NDArray[np.bool_],
    ai8: NDArray[np.int8],
    au16: NDArray[np.uint16],
    ai32: NDArray[np.int32],
    ai64: NDArray[np.int64],
    ap: NDArray[np.intp],
) -> None:
    assert_type(cyma.sigmoid(a16), NDArray[np.float16])
    assert_type(cyma.sigmoid(a32), NDArray[np.float32])
    assert_type(cyma.sigmoid(a64), NDArray[np.float64])
    assert_type(cyma.sigmoid(ag), NDArray[np.longdouble])
    assert_type(cyma.sigmoid(abool), NDArray[np.float32])
    assert_type(cyma.sigmoid(ai8), NDArray[np.float32])
    assert_type(cyma.sigmoid(au16), NDArray[np.float32])
    assert_type(cyma.sigmoid(ai32), NDArray[np.float64])
    assert_type(cyma.sigmoid(ai64), NDArray[np.float64])
    assert_type(cyma.sigmoid(ap), NDArray[np.float64])

    bce = cyma.sigmoid_bce
    assert_type(bce(a16, a16), NDArray[np.float16])
    assert_type(bce(a32, a32), NDArray[np.float32])
    assert_type(bce(a64, a64), NDArray[np.float64])
    assert_type(bce(ag, ag), NDArray[np.longdouble])
    # The wider of two.
    assert_type(bce(a16, a32), NDArray[np.float32])
    assert_type(bce(a32, a64), NDArray[np.float64])
    assert_type(bce(a64, a16), NDArray[np.float64])
    assert_type(bce(ag, a64), NDArray[np.longdouble])
    assert_type(bce(a16, ag), NDArray[np.longdouble])
    assert_type(bce(a16, abool), NDArray[np.float16])
    assert_type(bce(ai8, a16), NDArray[np.float16])
    assert_type(bce(a32, abool), NDArray[np.float32])
    assert_type(bce(a32, au16), NDArray[np.float32])
    assert_type(bce(ai64, a32), NDArray[np.float64])
    assert_type(bce(a16, ai32), NDArray[np.float64])
    assert_type(bce(abool, ai8), NDArray[np.float32])
    assert_type(bce(ai64, abool), NDArray[np.float64])
    assert_type(bce(ag, ai64), NDArray[np.longdouble])
    # A scalar of NumPy's counts with its dtype, Python's int and float do not.
    assert_type(bce(a16, f32), NDArray[np.float32])
    assert_type(bce(a32, f64), NDArray[np.float64])
    assert_type(bce(f64, a32), NDArray[np.float64])
    assert_type(bce(i64, a32), NDArray[np.float64])
    assert_type(bce(f32, a64), NDArray[np.float64])
    assert_type(bce(g, a32), NDArray[np.longdouble])
    assert_type(bce(a16, 0.5), NDArray[np.float16])
    assert_type(bce(0.5, a16), NDArray[np.float16])
    assert_type(bce(a32, 1), NDArray[np.float32])
    assert_type(bce(True, a32), NDArray[np.float32])
    assert_type(bce(a64, 1), NDArray[np.float64])
    assert_type(bce(1, ag), NDArray[np.longdouble])
    assert_type(bce(ai64, 0.5), NDArray[np.float64])
    assert_type(bce(abool, True), NDArray[np.float32])
    # A list of Python's float is of float64.
    assert_type(bce(a32, [1.0, 0.0]), NDArray[np.float64])
    assert_type(bce([1.0, 0.0], a16), NDArray[np.float64])
    assert_type(bce(a32, [True, False]), NDArray[np.float32])
    assert_type(bce(ag, [1.0, 0.0]), NDArray[np.longdouble])
    assert_type(bce([1.0, 0.0], [1, 0]), NDArray[np.float64])
    assert_type(bce([1.0, 0.0], 0.5), NDArray[np.float64])
    # Correct, if not as narrow as could be.
    assert_type(bce(ai8, 1), NDArray[np.floating[Any]])
    assert_type(bce(a16, au16), NDArray[np.floating[Any]])


def two_scalars() -> None:
    bce = cyma.sigmoid_bce
    assert_type(bce(f16, f16), np.float16)
    assert_type(bce(f16, f32), np.float32)
    assert_type(bce(f64, f32), np.float64)
    assert_type(bce(f64, g), np.longdouble)
    assert_type(bce(f16, 0.5), np.float16)
    assert_type(bce(1, f32), np.float32)
    assert_type(bce(f32, i16), np.float32)
    assert_type(bce(f32, i32), np.float64)
    assert_type(bce(f16, true), np.float16)
    assert_type(bce(0.5, 1.0), np.float64)
    assert_type(bce(0.5, 1), np.float64)
    assert_type(bce(True, 1), np.float64)
    assert_type(bce(True, False), np.float32)
    assert_type(bce(i8, true), np.float32)
    assert_type(bce(i64, 1), np.float64)
    assert_type(bce(i64, u8), np.float64)
    assert_type(bce(i8, 1), np.floating[Any])


def sequences(array32: NDArray[np.float32]) -> None:
    assert_type(cyma.sigmoid([1.0, 2.0]), NDArray[np.float64])
    assert_type(cyma.sigmoid([1, 2]), NDArray[np.float64])
    assert_type(cyma.sigmoid((1, 2.0)), NDArray[np.float64])
    assert_type(cyma.sigmoid([True, False]), NDArray[np.float32])
    assert_type(cyma.sigmoid([[1.0], [2]]), NDArray[np.float64])
    assert_type(cyma.sigmoid([[[[[1.0]]]]]), NDArray[np.float64])
    assert_type(cyma.sigmoid(range(3)), NDArray[np.float64])
    assert_type(cyma.sigmoid([]), NDArray[np.float64])
    assert_type(cyma.sigmoid([array32]), NDArray[np.float32])
    assert_type(cyma.sigmoid([[f16]]), NDArray[np.float16])
    assert_type(cyma.sigmoid([f32, f32]), NDArray[np.float32])
    assert_type(cyma.sigmoid([f64, 1.0]), NDArray[np.float64])
    assert_type(cyma.sigmoid([g]), NDArray[np.longdouble])
    assert_type(cyma.sigmoid([i8, i8]), NDArray[np.float32])
    assert_type(cyma.sigmoid([i64]), NDArray[np.float64])
    assert_type(cyma.sigmoid([f32, 1.0]), NDArray[np.floating[Any]])


def shapes_and_classes(
    x: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    masked: np.ma.MaskedArray[tuple[int], np.dtype[np.float64]],
    memory: np.memmap[tuple[int], np.dtype[np.float32]],
) -> None:
    assert_type(cyma.tanh(x), np.ndarray[tuple[int, int], np.dtype[np.float32]])
    assert_type(cyma.tanh_deriv(masked), np.ma.MaskedArray[tuple[int], np.dtype[np.float64]])
    assert_type(cyma.tanh(memory), np.ndarray[tuple[int], np.dtype[np.float32]])
    assert_type(cyma.sigmoid_bce(x, 0.5), np.ndarray[tuple[int, int], np.dtype[np.float32]])


def unions(x: float | NDArray[np.float64], y: NDArray[np.float32] | NDArray[np.float64]) -> None:
    either = cyma.sigmoid(x)
    scalar_or_array: np.float64 | NDArray[np.float64] = either
    if isinstance(either, np.ndarray):
        assert_type(either, NDArray[np.float64])
    else:
        assert_type(either, np.float64)
    loss = cyma.sigmoid_bce(x, 1.0)
    if isinstance(loss, np.ndarray):
        assert_type(loss, NDArray[np.float64])
    else:
        assert_type(loss, np.float64)
    arrays: NDArray[np.float32] | NDArray[np.float64] = cyma.sigmoid(y)
    assert np.shape(scalar_or_array) == np.shape(x)
    assert arrays.dtype == y.dtype


def less_is_known(
    x: NDArray[np.floating[Any]], y: np.floating[Any], z: NDArray[np.integer[Any]]
) -> None:
    array: NDArray[np.floating[Any]] = cyma.sigmoid(x)
    scalar: np.floating[Any] = cyma.sigmoid(y)
    integers: NDArray[np.floating[Any]] = cyma.sigmoid(z)  # float32 or float64
    assert_type(cyma.sigmoid_bce(x, x), Any)
    assert_type(cyma.sigmoid_bce(y, 1.0), Any)
    assert (array.dtype.char, scalar.dtype.char, integers.dtype.char) == ("e", "f", "d")


def out(
    x: NDArray[np.float64],
    y: NDArray[np.float32],
    masked: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]],
    wide: NDArray[np.complex128],
) -> None:
    assert_type(cyma.sigmoid(x, out=y), NDArray[np.float32])
    assert_type(cyma.sigmoid(x, y), NDArray[np.float32])
    assert_type(cyma.sigmoid(x, out=(y,)), NDArray[np.float32])
    assert_type(cyma.sigmoid(1.0, out=y), NDArray[np.float32])
    assert_type(cyma.sigmoid([1.0, 2.0, 3.0], out=y), NDArray[np.float32])
    assert_type(
        cyma.sigmoid(x, out=masked), np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]
    )
    assert_type(cyma.sigmoid(x, out=wide), NDArray[np.complex128])
    assert_type(cyma.sigmoid(x, out=y, dtype=np.float64, where=True), NDArray[np.float32])
    assert_type(cyma.sigmoid(x, out=None), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, out=(None,)), NDArray[np.float64])
    assert_type(cyma.sigmoid(1.0, out=...), NDArray[np.floating[Any]])
    assert_type(cyma.sigmoid_bce(x, x, y), NDArray[np.float32])
    assert_type(cyma.sigmoid_bce(x, 1, out=(y,)), NDArray[np.float32])


def keywords(x: NDArray[np.float64], mask: NDArray[np.bool_]) -> None:
    assert_type(cyma.sigmoid(x, dtype=np.float32), NDArray[np.float32])
    assert_type(cyma.sigmoid(x, dtype=np.dtype(np.float32)), NDArray[np.float32])
    assert_type(cyma.sigmoid([1], dtype=np.float16), NDArray[np.float16])
    assert_type(cyma.sigmoid(1, dtype=np.longdouble), np.longdouble)
    assert_type(cyma.sigmoid(1.0, dtype="f4"), np.floating[Any])
    assert_type(cyma.sigmoid(x, dtype=float), NDArray[np.floating[Any]])
    assert_type(cyma.sigmoid(x, dtype=None), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, signature="f->f"), NDArray[np.floating[Any]])
    assert_type(cyma.sigmoid(x, signature=(np.float32, None)), NDArray[np.floating[Any]])
    assert_type(cyma.sigmoid(x, casting="safe", order="F", subok=False), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, order=None), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, x, where=mask), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, x, where=[True, False, True]), NDArray[np.float64])
    assert_type(cyma.sigmoid(x, x, where=ConvertibleMask()), NDArray[np.float64])
    assert_type(cyma.bce_with_logits(x, x, where=ConvertibleMask()), np.float64)
    assert_type(cyma.sigmoid_bce(x, x, dtype=np.float32), NDArray[np.float32])
    assert_type(cyma.sigmoid_bce(x, 1, dtype=np.float32), NDArray[np.float32])
    assert_type(cyma.sigmoid_bce(1, 1, dtype=np.float16), np.float16)
    assert_type(
        cyma.sigmoid_bce(x, 1, out=None, where=True, casting="same_kind"), NDArray[np.float64]
    )


def methods(
    x: NDArray[np.float64],
    y: NDArray[np.float32],
    row: NDArray[np.float32],
    integers: NDArray[np.int64],
) -> None:
    assert_type(cyma.sigmoid.at(x, 0), None)
    assert_type(cyma.sigmoid.at(x, [0, 1]), None)
    assert_type(cyma.sigmoid.at(x, (slice(None), ...)), None)
    assert_type(cyma.sigmoid.at(x, x > 0), None)
    assert_type(cyma.sigmoid.at(integers, 0), None)
    assert_type(cyma.sigmoid_bce.at(x, 0, 1.0), None)
    assert_type(cyma.sigmoid_bce.at(x, [0, 1], [[0.0], [1.0]]), None)
    bce = cyma.sigmoid_bce
    assert_type(bce.reduce(x), Any)
    assert_type(bce.reduce(x, axis=1, keepdims=True), NDArray[np.float64])
    assert_type(bce.reduce(x, out=row), NDArray[np.float32])
    assert_type(bce.reduce(x, axis=(0,), initial=0.5, where=True), Any)
    assert_type(bce.accumulate(y), NDArray[np.float32])
    assert_type(bce.accumulate([1, 2]), NDArray[np.floating[Any]])
    assert_type(bce.accumulate(x, out=y), NDArray[np.float32])
    assert_type(bce.reduceat(y, [0, 1]), NDArray[np.float32])
    assert_type(bce.reduceat(y, [0, 1], axis=1, dtype=np.float64), NDArray[np.floating[Any]])
    assert_type(bce.outer(y, y), NDArray[np.float32])
    either: NDArray[np.floating[Any]] = bce.outer(x, y)
    assert either.dtype == np.float64
    assert_type(bce.outer(1.0, 2.0), np.floating[Any])
    assert_type(bce.outer(1.0, [0.0, 0.5, 1.0], out=row), NDArray[np.float32])


def others() -> None:
    assert_type(cyma.sigmoid(Duck()), Any)
    assert_type(cyma.sigmoid(LiteralDuck()), Any)
    assert_type(cyma.sigmoid_bce(Duck(), 1.0), Any)
    assert_type(cyma.sigmoid_bce(1.0, Duck()), Any)
    assert_type(cyma.sigmoid_bce(np.ones(2), LiteralDuck()), Any)
    assert_type(cyma.sigmoid(Convertible()), Any)
    assert_type(cyma.sigmoid_bce(Convertible(), np.ones(2)), Any)
    assert_type(cyma.sigmoid(array.array("f", [1.0])), Any)
    assert_type(cyma.sigmoid(memoryview(b"1")), Any)


attributes()
scalars()
arrays(
    np.ones(2, np.float16),
    np.ones(2, np.float32),
    np.ones(2, np.float64),
    np.ones(2, np.longdouble),
    np.ones(2, np.bool_),
    np.ones(2, np.int8),
    np.ones(2, np.uint16),
    np.ones(2, np.int32),
    np.ones(2, np.int64),
    np.ones(2, np.intp),
)
two_scalars()
sequences(np.ones(2, np.float32))
shapes_and_classes(
    np.ones((2, 3), np.float32),
    np.ma.MaskedArray([1.0, 2.0]),
    np.memmap("memory", np.float32, "w+", shape=(2,)),
)
unions(1.0, np.ones(2, np.float32))
unions(np.ones(2), np.ones(2))
less_is_known(np.ones(2, np.float16), np.float32(1), np.ones(2, np.int64))
out(
    np.ones((2, 3)),
    np.ones((2, 3), np.float32),
    np.ma.MaskedArray(np.ones((2, 3))),
    np.ones((2, 3), np.complex128),
)
keywords(np.ones((2, 3)), np.ones(3, np.bool_))
methods(np.ones((2, 3)), np.ones((2, 3), np.float32), np.ones(3, np.float32), np.ones(2, np.int64))
others()
