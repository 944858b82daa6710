"""Fixtures and helpers: everything that is tested is listed by the function table."""

from __future__ import annotations

import functools
import os
import pathlib

import numpy as np
import pytest

import cyma
from cyma import _accuracy
from cyma._functions import FUNCTIONS
from cyma._table import DTYPES
from cyma._ufuncs import UFUNCS

INFO = cyma.runtime_info()
INTEGERS = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}


# Groups of functions that a test can ask for by an argument of that name.
GROUPS = {
    "function": list(FUNCTIONS.values()),
    "unary": [f for f in FUNCTIONS.values() if f.nin == 1],
    "binary": [f for f in FUNCTIONS.values() if f.nin == 2],
    "monotone": [f for f in FUNCTIONS.values() if f.trend != "NONE"],
    "cancelling": [f for f in FUNCTIONS.values() if f.absolute is not None],
}


def pytest_generate_tests(metafunc):
    """Give a test every function of a group, dtype and tier that it asks for."""
    for group, functions in GROUPS.items():
        if group in metafunc.fixturenames:
            metafunc.parametrize(group, functions, ids=lambda f: f.name)
    if "dtype" in metafunc.fixturenames:
        metafunc.parametrize("dtype", DTYPES)
    if "tier" in metafunc.fixturenames:
        metafunc.parametrize("tier", INFO["compiled_tiers"], indirect=True)
    if "fma_tier" in metafunc.fixturenames:
        metafunc.parametrize("fma_tier", INFO["fma_tiers"], indirect=True)


@pytest.fixture(autouse=True)
def _tier_stays():
    """No test leaves another tier behind."""
    before = cyma.runtime_info()["tier"]
    yield
    assert cyma.runtime_info()["tier"] == before


@pytest.fixture
def tier(request):
    """A tier in use, for the time of a test."""
    yield from _use_tier(request)


@pytest.fixture
def fma_tier(request):
    """A tier with hardware FMA in use, for the time of a test."""
    yield from _use_tier(request)


def _use_tier(request):
    if request.param not in INFO["supported_tiers"]:
        pytest.skip(f"this CPU cannot run the tier {request.param}")
    previous = cyma.set_tier(request.param)
    yield request.param
    cyma.set_tier(previous)


def ufunc_of(function):
    return UFUNCS[function.name]


@functools.cache
def reference(name, dtype, domain=None):
    """Structured operands of a function, at least 20,000, and the exact values there."""
    operands = _accuracy.sample(FUNCTIONS[name], np.dtype(dtype), 20_000, domain=domain)
    return operands, _accuracy.exact(name, operands, mpmath=True)


def inputs(function, dtype, count, seed=0):
    """Operands of moderate size and special values, the same number of each."""
    operands = _accuracy.sample(function, np.dtype(dtype), count, seed=seed)
    operands = tuple(x[:count].copy() for x in operands)
    specials = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    for k, x in enumerate(operands):
        x[k :: max(count // 7, 1)] = np.resize(specials, x[k :: max(count // 7, 1)].shape)
    return operands


def bits(x):
    """What must agree for two results to be the same to the bit (long double has padding)."""
    x = np.ascontiguousarray(x)
    if x.dtype.name in INTEGERS:
        return np.where(np.isnan(x), 0, x.view(INTEGERS[x.dtype.name]))
    return np.stack([np.where(np.isnan(x), 0, x), np.isnan(x), np.signbit(x) & ~np.isnan(x)])


def assert_same_bits(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(bits(actual), bits(expected))


def newest_clang():
    """The newest of those with a version in their name."""
    folders = map(pathlib.Path, os.environ.get("PATH", "").split(os.pathsep))
    named = {path.name for folder in folders for path in folder.glob("clang-[0-9]*")}
    return max(named, key=lambda name: int(name.rpartition("-")[2]), default="clang")
