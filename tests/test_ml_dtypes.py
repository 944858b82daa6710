"""Narrow types of the package ml_dtypes, where it is installed: they are computed exactly."""

import numpy as np
import pytest
from conftest import assert_same_bits, ufunc_of

import cyma

ml_dtypes = pytest.importorskip("ml_dtypes")

NARROW = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in dir(ml_dtypes)
    if name.startswith(("bfloat", "float", "int", "uint"))
}
COMPLEX = [name for name in dir(ml_dtypes) if name.startswith(("bcomplex", "complex"))]


def values(dtype):
    """All values of a type of at most 8 bits, and many of a wider one."""
    size = 1 << 8 * dtype.itemsize
    codes = np.arange(size, dtype=f"u{dtype.itemsize}")
    with np.errstate(all="ignore"):
        # There and back, for bits that types of less than 8 of them do not have.
        return codes.view(dtype).astype(np.float32).astype(dtype)


def is_integer(dtype):
    return np.can_cast(dtype, np.int64)


@pytest.mark.parametrize("name", NARROW)
def test_ufuncs_convert_exactly(function, name):
    x = values(NARROW[name])
    f = ufunc_of(function)
    result = f(*[x] * function.nin)
    assert result.dtype == np.float32
    assert_same_bits(result, f(*[x.astype(np.float32)] * function.nin))


@pytest.mark.parametrize("name", NARROW)
def test_bce_converts_exactly(name):
    dtype = NARROW[name]
    x = values(dtype)
    wide = x.astype(np.float64 if is_integer(dtype) else np.float32)
    z = wide > 0
    grid, wide_grid = x.reshape(-1, 8), wide.reshape(-1, 8)
    finite = np.isfinite(wide_grid)
    for options in (
        {},
        {"axis": 1, "where": finite},
        {"axis": 0, "where": finite, "reduction": "sum"},
        {"reduction": "none"},
    ):
        for function in (cyma.bce_with_logits, cyma.bce_with_logits_hess):
            with np.errstate(invalid="ignore"):
                result = function(grid, z.reshape(-1, 8), **options)
                expected = function(wide_grid, z.reshape(-1, 8), **options)
            assert_same_bits(result, expected)
    assert_same_bits(cyma.bce_with_logits(x[1], 1), cyma.bce_with_logits(wide[1], 1))
    logits = np.linspace(-3, 3, x.size, dtype=np.float32).reshape(-1, 8)
    narrow = wide.astype(np.float32).reshape(-1, 8)
    for part in (np.s_[:], np.s_[0], np.s_[:, :1], np.s_[1, 1]):
        for operand in ("weight", "pos_weight"):
            result = cyma.bce_with_logits_grad(logits, 1, **{operand: grid[part]})
            expected = cyma.bce_with_logits_grad(logits, 1, **{operand: narrow[part]})
            assert_same_bits(result, expected)
    assert_same_bits(
        cyma.bce_with_logits_grad(logits, grid), cyma.bce_with_logits_grad(logits, narrow)
    )


@pytest.mark.parametrize("name", NARROW)
def test_targets_are_checked(name):
    x = np.ones(3, np.float32)
    if name != "int1":  # which has no 1
        cyma.bce_with_logits(x, x.astype(NARROW[name]), check_targets=True)
    if name not in ("int1", "uint1"):
        bad = np.array([1, 1, 3 if name == "uint2" else 2 if name[0] != "i" else -2])
        with pytest.raises(ValueError, match=r"targets\[2\] = .* is outside"):
            cyma.bce_with_logits(x, bad.astype(NARROW[name]), check_targets=True)


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers_are_refused_by_name(name):
    x = np.ones(3).astype(getattr(ml_dtypes, name))
    for operands in ((x, 1), (np.ones(3), x)):
        with pytest.raises(TypeError, match=f"must be real numbers, not of dtype {name}"):
            cyma.bce_with_logits(*operands)
