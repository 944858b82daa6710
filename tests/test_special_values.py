"""Special values, and silence: no warning and no status flag, whatever the input."""

import ctypes
import ctypes.util
import itertools
import platform

import numpy as np
import pytest
from conftest import assert_same_bits, inputs, reference, ufunc_of

import cyma
from cyma._table import DTYPES

SPECIALS = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0]


def extremes(dtype):
    """Special values and the ends of a dtype's ranges."""
    info = np.finfo(dtype)
    ends = [info.max, info.tiny, info.smallest_subnormal, info.tiny / 2, 2 * info.tiny]
    return np.array(SPECIALS + ends + [-x for x in ends], dtype)


def combinations(function, dtype):
    """Every combination of extreme operands."""
    rows = itertools.product(extremes(dtype), repeat=function.nin)
    return tuple(np.array(x, dtype) for x in zip(*rows, strict=True))


def test_special_values(function, dtype, tier):
    f = ufunc_of(function)
    for operands, expected in function.specials:
        y = f(*np.array(operands, dtype))
        assert y.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(y, expected, err_msg=str(operands))
        # A zero has the sign that the table says; a derivative's is positive.
        assert np.signbit(y) == np.signbit(expected) or np.isnan(expected)


def test_nan_gives_nan(function, dtype, tier):
    f = ufunc_of(function)
    for position in range(function.nin):
        for other in [0.0, 1.0, 0.5, np.nan, np.inf]:
            operands = [np.array(other, dtype)] * function.nin
            operands[position] = np.array(np.nan, dtype)
            assert np.isnan(f(*operands)), operands


def test_odd_functions_keep_the_sign_of_zero(unary, dtype, tier):
    f = ufunc_of(unary)
    at_zero, at_minus_zero = f(np.array([0.0, -0.0], dtype))
    assert at_zero == at_minus_zero
    if unary.mirror == unary.name and unary.sign == -1:
        assert not np.signbit(at_zero)
        assert np.signbit(at_minus_zero)


def test_underflow_is_gradual():
    assert cyma.sigmoid(np.float32(-100)) == np.float32(3.783506e-44)
    assert abs(cyma.sigmoid(-740.0) - 4.2e-322) <= np.finfo(np.float64).smallest_subnormal
    assert cyma.softplus(np.float32(-103.9)) == np.finfo(np.float32).smallest_subnormal
    assert cyma.logsigmoid_deriv(np.float16(16)) == np.float16(1.2e-7)


@pytest.mark.parametrize("masked", [False, True])
def test_nothing_warns_or_raises(function, dtype, tier, masked):
    f = ufunc_of(function)
    for operands in (combinations(function, dtype), inputs(function, dtype, 300)):
        keywords = {}
        if masked:
            where = np.arange(operands[0].size) % 3 == 0
            keywords = {"out": np.zeros_like(operands[0]), "where": where}
        with np.errstate(all="raise"):
            f(*operands, **keywords)
            f(*(x[::2] for x in operands))
            f(*(x[0] for x in operands))


def test_nothing_warns_on_the_accuracy_sample(function, dtype, tier):
    operands, _ = reference(function.name, dtype)
    with np.errstate(all="raise"):
        ufunc_of(function)(*operands)


class FloatingPointEnvironment:
    """<fenv.h>, for this thread."""

    def __init__(self):
        self.libm = ctypes.CDLL(ctypes.util.find_library("m"))
        # The bits of the exceptions: the same mask fits x86 and aarch64.
        self.all_exceptions = 0x1F

    def clear(self):
        self.libm.feclearexcept(self.all_exceptions)

    def raised(self):
        return self.libm.fetestexcept(self.all_exceptions)


@pytest.fixture
def environment():
    if platform.system() != "Linux":
        pytest.skip("the values of FE_* are known for Linux only")
    return FloatingPointEnvironment()


def test_no_status_flag_is_left(function, dtype, tier, environment):
    f = ufunc_of(function)
    operands = combinations(function, dtype)
    out = np.empty_like(operands[0])
    with np.errstate(all="ignore"):
        for call in (lambda: f(*operands, out), lambda: f(*(x[::2] for x in operands), out[::2])):
            environment.clear()
            call()
            assert environment.raised() == 0


def test_no_status_flag_is_left_by_a_float(unary, tier, environment):
    f = getattr(cyma.scalar, unary.name)
    for x in (np.nan, np.inf, -np.inf, 0.7, 1e308, -1e308, 5e-324, -745.0, 800.0):
        environment.clear()
        f(x)
        assert environment.raised() == 0


def test_flag_test_can_see_flags(environment):
    # Otherwise the test before this one could not fail.
    environment.clear()
    environment.libm.feraiseexcept(environment.all_exceptions)
    assert environment.raised() != 0
    environment.clear()
    assert environment.raised() == 0


@pytest.mark.parametrize("dtype_", DTYPES)
def test_rounding_mode_of_the_caller_does_not_matter(dtype_, environment):
    upward = {"x86_64": 0x800, "aarch64": 0x400000}.get(platform.machine())
    if upward is None:
        pytest.skip(f"FE_UPWARD is not known for {platform.machine()}")
    x = np.linspace(-20, 20, 1000).astype(dtype_)
    expected = cyma.softplus(x)
    floats = np.linspace(-20, 20, 1000).tolist()
    expected_of_floats = list(map(cyma.scalar.softplus, floats))
    out = np.empty_like(x)
    nearest = environment.libm.fegetround()
    environment.libm.fesetround(upward)
    try:
        cyma.softplus(x, out)
        assert list(map(cyma.scalar.softplus, floats)) == expected_of_floats
        assert environment.libm.fegetround() == upward
    finally:
        environment.libm.fesetround(nearest)
    assert_same_bits(out, expected)
