"""Each kernel against its bound in the function table, and the shape of its results."""

import numpy as np
import pytest
from conftest import INFO, INTEGERS, assert_same_bits, reference, ufunc_of

import cyma
from cyma import _accuracy, _reference
from cyma._functions import FUNCTIONS


def every_float16():
    return np.arange(2**16, dtype=np.uint16).view(np.float16)


def finite_float16():
    x = every_float16()
    return x[np.isfinite(x)]


def test_error_is_within_the_bound(function, dtype, tier):
    operands, exact = reference(function.name, dtype)
    assert len(exact) >= 20_000
    error, witness = _accuracy.measure(ufunc_of(function), operands, exact)
    bound = function.bound(dtype, fma=tier in INFO["fma_tiers"])
    assert error <= bound, f"{error} ULP at {witness}"


@pytest.mark.parametrize("dtype_", ["float16", "float32", "float64"])
def test_the_largest_gradient_does_not_overflow(dtype_, tier):
    # Far from 0 it is multiplied by a power of two and by what may be more than 1.
    underflows = -np.log(np.finfo(dtype_).smallest_subnormal)
    x = np.linspace(0, 2.2 * underflows, 4000).astype(dtype_)
    operands = np.full_like(x, np.finfo(dtype_).max), x
    exact = _accuracy.exact("logsigmoid_backward", operands, mpmath=True)
    error, witness = _accuracy.measure(ufunc_of(FUNCTIONS["logsigmoid_backward"]), operands, exact)
    bound = FUNCTIONS["logsigmoid_backward"].bound(dtype_, fma=tier in INFO["fma_tiers"])
    assert error <= bound, f"{error} ULP at {witness}"


def test_absolute_error_is_within_the_bound_where_results_cancel(cancelling, dtype, tier):
    operands, exact = reference(cancelling.name, dtype, cancelling.absolute_domain)
    error = exact.absolute_error(ufunc_of(cancelling)(*operands))
    worst = np.argmax(error)
    assert error[worst] <= cancelling.absolute[dtype], [x[worst] for x in operands]


def test_every_float16(unary, tier):
    x = finite_float16()
    exact = _accuracy.exact(unary.name, (x,), mpmath=False)
    error, witness = _accuracy.measure(ufunc_of(unary), (x,), exact)
    assert error <= unary.bounds["float16"], f"{error} ULP at {witness}"


def test_float16_is_float32_but_for_rounding(function, tier):
    # Both are close to the same value, so they are on either side of where rounding changes.
    f = ufunc_of(function)
    operands = (every_float16(),)
    if function.nin == 2:
        x = np.tile(operands[0], 16)
        second = _accuracy.sample(function, "float16", 10_000)[1]
        operands = x, np.random.default_rng(0).choice(second, x.size)
    wide = f(*(x.astype(np.float32) for x in operands))
    with np.errstate(over="ignore"):
        rounded = wide.astype(np.float16)
    y = f(*operands)
    assert np.array_equal(np.isnan(y), np.isnan(wide))
    if function.name != "sigmoid_bce_grad":  # a difference, of which one may be 0 and one below it
        assert np.array_equal(np.signbit(y[y == 0]), np.signbit(wide[y == 0]))
    other = (y != rounded) & ~np.isnan(y)
    assert np.mean(other) < 3e-4
    error = np.abs(y[other] - wide[other].astype(np.float64)) / np.spacing(np.abs(rounded[other]))
    assert np.all(error < 0.501)


def test_rounding_to_float16(tier):
    # By NumPy's conversion: ties to even, overflow to infinity, subnormal results. Of this function
    # float32 has the same bits before.
    rng = np.random.default_rng(0)
    grad, y = rng.permuted(np.tile(every_float16(), (2, 8)), axis=1)
    y[np.isinf(y)] = 1
    wide = cyma.tanh_backward(grad.astype(np.float32), y.astype(np.float32))
    with np.errstate(over="ignore"):
        expected = wide.astype(np.float16)
    ties = (wide.view(np.uint32) & 0x1FFF) == 0x1000
    assert np.count_nonzero(ties & (np.abs(wide) < 65504)) > 10
    assert np.count_nonzero((expected != wide) & (np.abs(wide) < np.finfo("e").tiny)) > 1000
    assert np.count_nonzero(np.isinf(expected) & np.isfinite(wide)) > 1000
    assert_same_bits(cyma.tanh_backward(grad, y), expected)


def test_longdouble_reference_agrees_with_mpmath(function):
    # What float16, and the report, are measured with.
    if not _reference.longdouble_is_exact_enough(np.float64):
        pytest.skip("long double is no wider than float64 here")
    operands, exact = reference(function.name, "float64")
    values = _reference.in_numpy(function.name, operands, np.longdouble)
    error = exact.error(values)
    assert np.max(error) < 0.01, [x[np.argmax(error)] for x in operands]


def test_results_are_in_range(unary, dtype, tier):
    (x,), _ = reference(unary.name, dtype)
    x = every_float16() if dtype == "float16" else x
    y = ufunc_of(unary)(x)
    y = y[~np.isnan(y)]
    assert np.all((y >= unary.least) & (y <= unary.greatest))


def test_symmetry_is_exact(unary, dtype, tier):
    (x,), _ = reference(unary.name, dtype)
    f, mirror = ufunc_of(unary), ufunc_of(FUNCTIONS[unary.mirror])
    assert_same_bits(f(-x), unary.sign * mirror(x))


def test_float16_is_monotone(monotone, tier):
    steps = np.diff(ufunc_of(monotone)(np.sort(finite_float16())).astype(np.float64))
    assert np.all(steps * monotone.slope >= 0)


def test_neighbours_in_float32_are_monotone(monotone, tier):
    if monotone.trend.startswith("NEARLY"):
        pytest.skip("the table allows steps down")
    f = ufunc_of(monotone)
    seams = np.arange(1, 30) * np.log(2) / 4
    for start in np.concatenate([2.0 ** np.arange(-20, 4), seams]).astype(np.float32):
        run = start.view(INTEGERS["float32"]) + np.arange(-5000, 5000)
        x = run.astype(np.uint32).view(np.float32)
        assert np.all(np.diff(f(x)) * monotone.slope >= 0), start
        assert np.all(np.diff(f(-x)) * monotone.slope <= 0), start
