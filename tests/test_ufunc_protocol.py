"""The functions are ufuncs and do all that ufuncs do."""

import ctypes
import inspect
import os
import pickle
import sys
import threading
import time

import numpy as np
import pytest
from conftest import assert_same_bits, inputs, ufunc_of

import cyma
from cyma._functions import ALIASES
from cyma._ufuncs import UFUNCS

NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"

PROMOTIONS = [
    *[(t, "f") for t in "?bBhH"],
    *[(t, "d") for t in "iIlLqQ"],
    *[(t, t) for t in "efdg"],
]


def test_is_a_genuine_ufunc(function):
    f = ufunc_of(function)
    assert type(f) is np.ufunc
    assert getattr(cyma, function.name) is f
    assert f.__name__ == function.name
    assert (f.nin, f.nout) == (function.nin, 1)
    assert f.identity is None


def test_aliases_are_the_same_objects():
    assert cyma.expit is cyma.sigmoid
    assert cyma.log_expit is cyma.logsigmoid
    assert cyma.softplus_deriv is cyma.sigmoid
    for alias, name in ALIASES.items():
        assert getattr(cyma, alias) is UFUNCS[name]


@pytest.mark.parametrize(("given", "result"), PROMOTIONS)
def test_promotion(function, given, result):
    f = ufunc_of(function)
    operands = [np.array([0, 1], given)] * function.nin
    y = f(*operands)
    assert y.dtype == np.dtype(result)
    assert_same_bits(y, f(*(x.astype(result) for x in operands)))
    assert f(*(x[1] for x in operands)).dtype == np.dtype(result)


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("?", "b", "f"),
        ("b", "B", "f"),
        ("B", "h", "f"),
        ("H", "b", "f"),
        ("i", "?", "d"),
        ("e", "b", "e"),
        ("e", "h", "f"),
        ("f", "?", "f"),
        ("f", "h", "f"),
        ("f", "i", "d"),
        ("f", "d", "d"),
        ("e", "f", "f"),
        ("d", "g", "g"),
    ],
)
def test_promotion_of_mixed_operands(binary, first, second, result):
    f = ufunc_of(binary)
    for pair in [(first, second), (second, first)]:
        assert f(*(np.array([0, 1], t) for t in pair)).dtype == np.dtype(result)


def test_python_scalars(function):
    f = ufunc_of(function)
    for scalar in (1.0, 1, True):
        y = f(*[scalar] * function.nin)
        assert type(y) is (np.float32 if scalar is True else np.float64)


@pytest.mark.skipif(not NUMPY_2, reason="NEP 50 came with NumPy 2")
def test_python_scalars_are_weak(binary, dtype):
    # NEP 50
    f = ufunc_of(binary)
    x = np.array([1.0, 2.0], dtype)
    for other in (0.5, 1):
        assert f(x, other).dtype == x.dtype
        assert f(x[0], other).dtype == x.dtype
        assert f(other, x).dtype == x.dtype


def test_zero_dimensional_array_gives_a_scalar(function, dtype):
    y = ufunc_of(function)(*[np.array(0.5, dtype)] * function.nin)
    assert type(y) is np.dtype(dtype).type


def test_empty(function, dtype):
    f = ufunc_of(function)
    for shape in [(0,), (3, 0), (0, 3)]:
        y = f(*[np.empty(shape, dtype)] * function.nin)
        assert y.shape == shape
        assert y.dtype == np.dtype(dtype)


def test_dtype_and_casting(function):
    f = ufunc_of(function)
    operands = inputs(function, "float32", 50)
    for wide in ("float64", "longdouble"):
        assert_same_bits(f(*operands, dtype=wide), f(*(x.astype(wide) for x in operands)))
    finite = tuple(np.where(np.isfinite(x), np.clip(x, -100, 100), 0) for x in operands)
    narrow = f(*finite, dtype=np.float16)  # same_kind is the default
    assert_same_bits(narrow, f(*(x.astype(np.float16) for x in finite)))
    with pytest.raises(TypeError, match="[Cc]annot cast"):
        f(*finite, dtype=np.float16, casting="safe")
    with pytest.raises(TypeError, match="[Cc]annot cast"):
        f(*finite, out=np.empty(50, np.int64))
    as_integer = np.empty(50, np.int64)
    f(*[np.ones(50)] * function.nin, out=as_integer, casting="unsafe")
    np.testing.assert_array_equal(as_integer, as_integer[0])
    wide_out = np.empty(50)
    f(*operands, out=wide_out)
    np.testing.assert_array_equal(wide_out, f(*operands))
    signature = "f" * function.nin + "->f"
    assert f(*finite, signature=signature).dtype == np.float32


def test_order(function):
    f = ufunc_of(function)
    operands = [np.ones((3, 4), order="F")] * function.nin
    assert f(*operands).flags.f_contiguous
    assert f(*operands, order="C").flags.c_contiguous


def test_at(function, dtype):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 20)
    x = operands[0].copy()
    f.at(x, [3, 5], *(y[:2] for y in operands[1:]))
    expected = operands[0].copy()
    expected[[3, 5]] = f(operands[0][[3, 5]], *(y[:2] for y in operands[1:]))
    assert_same_bits(x, expected)
    repeated = operands[0].copy()
    f.at(repeated, [0, 0], *(y[:1] for y in operands[1:]))
    once = f(operands[0][0], *(y[0] for y in operands[1:]))
    assert_same_bits(repeated[0], f(once, *(y[0] for y in operands[1:])))


def test_outer_and_broadcasting(binary, dtype):
    f = ufunc_of(binary)
    x, y = inputs(binary, dtype, 300)
    expected = np.array([f(a, y) for a in x[:7]])
    assert_same_bits(f.outer(x[:7], y), expected)
    assert_same_bits(f(x[:7, None], y), expected)
    assert_same_bits(f(x[:7, None], y[None, :]), expected)


class Tagged(np.ndarray):
    """A subclass with an attribute."""

    def __array_finalize__(self, other):
        self.tag = getattr(other, "tag", None)


def test_subclasses(function):
    f = ufunc_of(function)
    x = np.full(5, 0.5).view(Tagged)
    x.tag = "kept"
    y = f(*[x] * function.nin)
    assert type(y) is Tagged
    assert y.tag == "kept"
    assert type(f(*[x] * function.nin, subok=False)) is np.ndarray


def test_array_ufunc_override(function):
    class Overrides:
        def __array_ufunc__(self, ufunc, method, *args, **kwargs):
            return ufunc, method, len(args), kwargs

    f = ufunc_of(function)
    got = f(*[Overrides()] * function.nin, dtype="f")
    assert got == (f, "__call__", function.nin, {"dtype": "f"})

    class Refuses:
        __array_ufunc__ = None

    with pytest.raises(TypeError):
        f(*[Refuses()] * function.nin)


def test_array_wrap(function):
    class Wraps:
        def __array__(self, dtype=None, copy=None):
            return np.full(3, 0.5)

        def __array_wrap__(self, array, context=None, return_scalar=False):
            return ("wrapped", array)

    label, y = ufunc_of(function)(*[Wraps()] * function.nin)
    assert label == "wrapped"
    assert y.shape == (3,)


def test_pickle(function):
    f = ufunc_of(function)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(f, protocol)) is f


def test_masked_arrays(function):
    f = ufunc_of(function)
    x = np.ma.array([0.5, np.nan, 0.25], mask=[False, True, False])
    y = f(*[x] * function.nin)
    assert isinstance(y, np.ma.MaskedArray)
    np.testing.assert_array_equal(y.mask, x.mask)
    assert_same_bits(y.compressed(), f(*[x.compressed()] * function.nin))


def test_memmap(function, tmp_path):
    f = ufunc_of(function)
    expected = f(*[np.linspace(0, 1, 1000)] * function.nin)
    x = np.memmap(tmp_path / "x", np.float64, "w+", shape=1000)
    x[:] = np.linspace(0, 1, 1000)
    f(*[x] * function.nin, out=x)
    x.flush()
    assert_same_bits(np.fromfile(tmp_path / "x"), expected)


def test_lists_and_array_likes(function):
    f = ufunc_of(function)
    assert_same_bits(f(*[[0.5, 1.0]] * function.nin), f(*[np.array([0.5, 1.0])] * function.nin))


def longest_pause(target, *args):
    """Share of the time that a thread takes which is this thread's longest wait for the GIL."""
    thread = threading.Thread(target=target, args=args)
    start = last = time.perf_counter()
    longest = 0.0
    thread.start()
    while thread.is_alive():
        now = time.perf_counter()
        longest = max(longest, now - last)
        last = now
    return longest / (last - start)


@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="this Python has no GIL"
)
def test_releases_the_gil():
    x = np.full(5_000_000, 0.5, np.longdouble)
    assert longest_pause(cyma.softplus, x, np.empty_like(x)) < 0.5
    # What the test before would see if it were not so.
    if os.name == "posix":
        assert longest_pause(ctypes.PyDLL(None).usleep, 300_000) > 0.5


def test_threads_do_not_disturb_each_other():
    x = np.linspace(-20, 20, 100_001)
    expected = {name: f(*[x] * f.nin) for name, f in UFUNCS.items()}
    failures = []

    def work():
        for name, f in UFUNCS.items():
            try:
                assert_same_bits(f(*[x] * f.nin), expected[name])
            except AssertionError as error:
                failures.append((name, error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_docstring_starts_with_the_signature(function):
    operands = "x" if function.nin == 1 else "x1, x2"
    doc = inspect.getdoc(ufunc_of(function))
    assert doc.startswith(f"{function.name}({operands}, /, out=None, *, where=True,")
