"""The ULP metric, at binade edges and among subnormal numbers."""

import mpmath
import numpy as np
import pytest

from cyma import _accuracy
from cyma._table import DTYPES


@pytest.fixture(autouse=True)
def _precise_mpmath():
    with mpmath.workprec(300):
        yield


def from_mpmath(value, dtype):
    return _accuracy.exact_from_mpmath([value], np.dtype(dtype))


def from_longdouble(value, dtype):
    fraction, exponent = mpmath.frexp(value)
    fraction = np.array([float(fraction)], np.longdouble) + float(fraction - float(fraction))
    return _accuracy.exact_from_wide(np.ldexp(fraction, exponent), np.dtype(dtype))


@pytest.mark.parametrize("make", [from_mpmath, from_longdouble])
@pytest.mark.parametrize("real", [d for d in DTYPES if d != "longdouble"])
class TestError:
    def error(self, make, real, exact, got):
        return float(make(mpmath.mpf(exact), real).error(np.array([got], real))[0])

    def test_below_a_binade_edge_the_ulp_is_the_smaller_one(self, make, real):
        eps = mpmath.mpf(float(np.finfo(real).eps))
        assert self.error(make, real, 1 - eps / 4, 1.0) == 0.5

    def test_above_a_binade_edge_the_ulp_is_the_larger_one(self, make, real):
        eps = mpmath.mpf(float(np.finfo(real).eps))
        assert self.error(make, real, 1 + eps / 4, 1.0) == 0.25
        assert self.error(make, real, 1 + eps / 4, 1 + np.finfo(real).eps) == 0.75

    def test_a_power_of_two_has_the_larger_ulp(self, make, real):
        assert self.error(make, real, 1, 1 - np.finfo(real).epsneg) == 0.5

    def test_subnormal_values_are_measured_in_subnormal_steps(self, make, real):
        step = np.finfo(real).smallest_subnormal
        exact = mpmath.mpf(float(step)) * 2.25
        assert self.error(make, real, exact, 2 * step) == 0.25
        assert self.error(make, real, exact, 0) == 2.25

    def test_the_least_normal_number_still_has_the_subnormal_step(self, make, real):
        info = np.finfo(real)
        tiny = mpmath.mpf(float(info.tiny))
        assert self.error(make, real, tiny, info.tiny - info.smallest_subnormal) == 1
        assert self.error(make, real, 2 * tiny, 2 * info.tiny - info.smallest_subnormal) == 0.5

    def test_below_the_least_subnormal_number(self, make, real):
        step = mpmath.mpf(float(np.finfo(real).smallest_subnormal))
        assert self.error(make, real, step / 4, 0) == 0.25
        assert self.error(make, real, 0, 0) == 0

    def test_negative_values(self, make, real):
        eps = mpmath.mpf(float(np.finfo(real).eps))
        assert self.error(make, real, -1 - eps / 4, -1.0) == 0.25

    def test_not_a_finite_number_is_infinitely_wrong(self, make, real):
        for got in (np.nan, np.inf, -np.inf):
            assert self.error(make, real, 1, got) == np.inf

    def test_absolute_error(self, make, real):
        exact = make(mpmath.mpf("1.5"), real)
        assert exact.absolute_error(np.array([1.25], real))[0] == 0.25


def test_mpmath_values_far_below_float64():
    value = mpmath.exp(-mpmath.mpf("1e300"))
    exact = _accuracy.exact_from_mpmath([value], np.dtype("float64"))
    assert exact.error(np.array([0.0]))[0] == 0


def test_mpmath_values_between_float64_numbers_keep_their_distance():
    value = 1 + mpmath.mpf(2) ** -60
    exact = _accuracy.exact_from_mpmath([value], np.dtype("float64"))
    assert exact.error(np.array([1.0]))[0] == 2.0**-8


def test_longdouble_values():
    eps = np.finfo(np.longdouble).eps
    value = 1 + mpmath.mpf(2) ** (-np.finfo(np.longdouble).nmant - 2)
    exact = _accuracy.exact_from_mpmath([value], np.dtype("longdouble"))
    assert exact.error(np.array([1], "longdouble"))[0] == 0.25
    assert exact.error(np.array([1 + eps], "longdouble"))[0] == 0.75


def test_neighbours_are_adjacent():
    x = _accuracy.neighbours(np.array([1.5]), np.dtype("float32"), 2)
    np.testing.assert_array_equal(np.diff(x.view(np.uint32)), 1)


def test_structured_inputs_cover_what_they_promise(dtype):
    x = _accuracy.structured_inputs(np.dtype(dtype), 20_000, np.random.default_rng(0))
    info = np.finfo(dtype)
    assert x.size >= 20_000
    assert np.all(np.isfinite(x))
    assert np.any((x != 0) & (np.abs(x) < info.tiny))
    assert {info.max, -info.max, info.tiny, info.smallest_subnormal} <= set(x)
    assert np.any((x == 0) & np.signbit(x))
    _, exponent = np.frexp(x[x != 0])
    exponents = info.maxexp - info.minexp + info.nmant
    assert np.unique(exponent).size > min(exponents * 0.95, 3000)
