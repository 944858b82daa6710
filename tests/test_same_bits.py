"""Results are the same, to the bit, as those that are checked in."""

import numpy as np
import pytest
from conftest import INFO

from cyma._functions import FUNCTIONS
from tools.accuracy import same_bits

EXPECTED = same_bits.read_hashes()[same_bits.PORTABLE]


# One call an element takes a minute: that way is left to the tool, which CI runs.
@pytest.mark.parametrize("way", [way for way in same_bits.WAYS if way != "scalars"])
def test_hashes_of_results(fma_tier, way):
    found = same_bits.hashes(fma_tier, way)
    assert same_bits.differences(found, same_bits.expected_hashes(fma_tier)) == []


def test_every_function_has_hashes():
    kinds = same_bits.read_hashes()
    assert set(EXPECTED) == set(FUNCTIONS)
    assert all(set(row) == set(same_bits.DTYPES) for row in EXPECTED.values())
    for tier, own in INFO["hand_written"].items():
        assert {(name, dtype) for name, row in kinds[tier].items() for dtype in row} == set(own)


def test_hand_written_kernels_replace_portable_ones(monkeypatch):
    kinds = {
        "portable": {"tanh": {"float32": "1", "float64": "2"}},
        "a": {"tanh": {"float32": "3"}},
    }
    monkeypatch.setattr(same_bits, "read_hashes", lambda: kinds)
    assert same_bits.expected_hashes("a") == {"tanh": {"float32": "3", "float64": "2"}}
    assert same_bits.expected_hashes("b") == kinds["portable"]


def test_operands_are_many_and_cover_what_they_promise(function):
    for dtype in same_bits.DTYPES:
        operands = same_bits.operands(function, dtype)
        assert all(x.size >= 10**6 and x.dtype == dtype for x in operands)
        x = operands[0]
        assert np.any(np.isnan(x))
        assert np.any((x != 0) & (np.abs(x) < np.finfo(dtype).tiny))
        assert np.mean(np.abs(x) < 128) > 0.4
    assert np.unique(same_bits.operands(function, "float16")[0].view(np.uint16)).size == 2**16


def test_ways_agree_on_another_function():
    x = (np.linspace(-1, 1, same_bits.COUNT),)
    for way in same_bits.WAYS.values():
        np.testing.assert_array_equal(way(np.square, x), np.square(x[0]))


def test_ways_are_what_they_are_called():
    seen = []

    def spy(x, out=None):
        seen.append((np.shape(x), x.strides, None if out is None else out.strides))
        return x if out is None else out

    x = (np.zeros(same_bits.COUNT),)
    for name in ("contiguous", "strided", "reversed"):
        same_bits.WAYS[name](spy, x)
    assert seen == [((same_bits.COUNT,), *s) for s in [((8,), None), ((16,), (24,)), ((-8,), None)]]
    calls = len(seen)
    same_bits.WAYS["scalars"](spy, x)
    assert len(seen) - calls == same_bits.COUNT
    assert seen[-1][0] == ()


def test_one_bit_changes_the_hash():
    x = np.linspace(0, 1, 1000, dtype=np.float32)
    y = x.copy()
    y[500] = np.nextafter(y[500], np.float32(2))
    assert same_bits.digest(x) != same_bits.digest(y)
    assert same_bits.digest(x) == same_bits.digest(x.astype(">f4"))


def test_any_nan_is_the_same():
    x = np.array([0x7FC00000, 0x7F800001, 0xFFC00000], np.uint32).view(np.float32)
    assert same_bits.digest(x) == same_bits.digest(np.full(3, np.nan, np.float32))
    assert same_bits.digest(np.array([0.0])) != same_bits.digest(np.array([-0.0]))


def test_differences_are_named():
    found = {name: dict(row) for name, row in EXPECTED.items()}
    found["tanh"]["float32"] = "0"
    del found["sigmoid"]["float64"]
    assert same_bits.differences(found, EXPECTED) == ["sigmoid float64", "tanh float32"]
