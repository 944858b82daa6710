"""Bad input gets NumPy's errors, and nothing crashes the interpreter."""

import contextlib
import warnings

import numpy as np
import pytest
from conftest import ufunc_of

import cyma
from cyma._ufuncs import UFUNCS

BAD = {
    "complex64": np.ones(3, np.complex64),
    "complex128": np.ones(3, complex),
    "object": np.array([1.0, "a", None], object),
    "float objects": np.array([1.0, 2.0, 3.0], object),
    "str": np.array(["a", "b", "c"]),
    "bytes": np.array([b"a", b"b", b"c"]),
    "datetime64": np.array([1, 2, 3], "M8[s]"),
    "timedelta64": np.array([1, 2, 3], "m8[s]"),
    "structured": np.zeros(3, [("a", float)]),
    "void": np.zeros(3, "V4"),
}


@pytest.mark.parametrize("kind", BAD)
def test_unsupported_dtypes(function, kind):
    f = ufunc_of(function)
    for position in range(function.nin):
        operands = [np.ones(3)] * function.nin
        operands[position] = BAD[kind]
        with pytest.raises(TypeError):
            f(*operands)


@pytest.mark.parametrize("bad", [None, "text", object(), {}, 1j])
def test_unsupported_objects(function, bad):
    with pytest.raises(TypeError):
        ufunc_of(function)(*[bad] * function.nin)


def test_wrong_shapes(function):
    f = ufunc_of(function)
    operands = [np.ones(3)] * function.nin
    for out in (np.empty(4), np.empty((3, 2)), np.empty(())):
        with pytest.raises(ValueError, match="broadcast|non-broadcastable|dimensions"):
            f(*operands, out=out)
    with pytest.raises(ValueError, match="broadcast"):
        f(*operands, where=np.ones(4, bool), out=np.zeros(3))
    if function.nin == 2:
        with pytest.raises(ValueError, match="broadcast"):
            f(np.ones(3), np.ones(4))


def test_wrong_calls(function):
    f = ufunc_of(function)
    operands = [np.ones(3)] * function.nin
    with pytest.raises(TypeError, match="argument"):
        f(*operands, axis=0)
    with pytest.raises(TypeError, match="argument"):
        f()
    with pytest.raises(TypeError, match="argument"):
        f(*operands, None, None)
    with pytest.raises(TypeError):
        f(*operands, out=[0.0, 0.0, 0.0])
    read_only = np.empty(3)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(*operands, out=read_only)
    if function.nin == 1:
        with pytest.raises(ValueError, match="reduce"):
            f.reduce(np.ones(3))


def random_array(rng):
    """Any dtype, any layout."""
    code = rng.choice(list("?bBhHiIlLefdgefdgefdgFDGOSUMm"))
    shape = tuple(rng.integers(0, 9, rng.integers(0, 4)))
    values = rng.normal(0, 10.0 ** rng.integers(-3, 6), shape)
    if code in "SU":
        x = values.astype(code + "8")
    elif code in "Mm":
        x = values.astype(np.int64).astype(code + "8[s]")
    else:
        x = values.astype(code)
    if rng.random() < 0.1 and code not in "OSU":
        x = x.astype(x.dtype.newbyteorder())
    if rng.random() < 0.2 and x.ndim:
        x = x[tuple(slice(None, None, rng.choice([-2, -1, 1, 2])) for _ in shape)]
    if rng.random() < 0.2:
        x = x.T
    if rng.random() < 0.1 and x.ndim:
        x = np.broadcast_to(x[..., :1], shape)
    if rng.random() < 0.1 and code != "O":
        raw = np.zeros(x.nbytes + 1, np.uint8)
        shifted = raw[1:].view(x.dtype).reshape(x.shape)
        shifted[...] = x
        x = shifted
    return x


def random_operands(rng, nin):
    """Related arrays: of one shape, overlapping, broadcast, or just any."""
    first = random_array(rng)
    kind = rng.integers(6)
    if kind == 0:
        return [random_array(rng) for _ in range(nin + 1)]
    if kind == 1 and first.ndim:
        memory = np.concatenate([first.ravel()] * 3)
        n = first.size
        return [memory[s : s + n] for s in rng.integers(0, 2 * n + 1, nin + 1)]
    if kind == 2:
        return [first] * (nin + 1)
    if kind == 3:
        return [first, *[rng.choice([0.5, 1, -3])] * (nin - 1), np.empty_like(first)]
    return [*(np.array(first) for _ in range(nin)), np.empty(first.shape, rng.choice(list("efdg")))]


def random_call(rng):
    """One call of some method of some function, with some keywords."""
    f = UFUNCS[rng.choice(list(UFUNCS))]
    *operands, out = random_operands(rng, f.nin)
    keywords = {}
    if rng.random() < 0.5:
        keywords["out"] = out
    if rng.random() < 0.3:
        keywords["where"] = rng.random(np.shape(operands[0])) < 0.5
    if rng.random() < 0.3:
        keywords["dtype"] = rng.choice(list("efdgiO"))
    if rng.random() < 0.3:
        keywords["casting"] = rng.choice(["no", "equiv", "safe", "same_kind", "unsafe"])
    if rng.random() < 0.2:
        keywords["order"] = rng.choice(["C", "F", "A", "K"])
    if rng.random() < 0.1:
        keywords["subok"] = bool(rng.integers(2))
    method = rng.choice(["__call__"] * 8 + ["reduce", "accumulate", "outer", "at", "reduceat"])
    if method == "at":
        return f.at(operands[0], [0, -1, 0], *operands[1:])
    if method == "reduceat":
        return f.reduceat(operands[0], [0, 1, 0])
    if method in ("reduce", "accumulate"):
        keywords.pop("where", None)
        return getattr(f, method)(operands[0])
    return getattr(f, method)(*operands, **keywords)


@pytest.mark.thread_unsafe(reason="NumPy's array_wrap and others warn, which is silenced")
def test_ten_thousand_random_calls():
    rng = np.random.default_rng(2026)
    tiers = cyma.runtime_info()["supported_tiers"]
    succeeded = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for i in range(10_000):
            with (
                cyma.tier(tiers[i % len(tiers)]),
                contextlib.suppress(TypeError, ValueError, IndexError),
            ):
                random_call(rng)
                succeeded += 1
    # Enough of them get as far as a loop.
    assert succeeded > 3000
