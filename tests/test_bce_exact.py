"""Binary cross-entropy against mpmath, with operands of any dtype and size; `out` and units."""

import inspect
import warnings

import mpmath
import numpy as np
import pytest
from conftest import INFO, assert_same_bits

import cyma
from cyma import _bce

REDUCTIONS = ("mean", "sum", "weighted_mean", "none")
INF = np.inf

# By dtype, the decimal exponents of its positive numbers; long double may be no wider than float64.
LONG = np.finfo(np.longdouble)
RANGES = {
    "f2": (-7.2, 4.8),
    "f4": (-44.8, 38.5),
    "f8": (-323.3, 308.2),
    "g": (np.log10(2.0) * (int(LONG.minexp) - int(LONG.nmant)), np.log10(2.0) * int(LONG.maxexp)),
}
TARGETS = ["f2", "f4", "f8", "g", "?", "q"]


def in_mpmath(x):
    """A number, with all its digits and whatever its exponent."""
    mantissa, exponent = np.frexp(np.longdouble(x))
    high = float(mantissa)
    low = float(mantissa - np.longdouble(high))
    return mpmath.ldexp(mpmath.mpf(high) + mpmath.mpf(low), int(exponent))


def exact_elements(logits, targets, weight, pos_weight, label_smoothing, where):
    """Losses, gradients and Hessians; and the sizes of the terms that each is the sum of."""
    operands = np.broadcast_arrays(logits, targets, weight, pos_weight, where)
    results = np.full((6, *logits.shape), mpmath.mpf(0), object)
    s = in_mpmath(label_smoothing)
    for i in np.ndindex(logits.shape):
        if not operands[4][i]:
            continue
        x, z, w, pw = (in_mpmath(operand[i]) for operand in operands[:4])
        a, b = w * pw * (z * (1 - s) + s / 2), w * ((1 - z) * (1 - s) + s / 2)
        log1p = mpmath.log1p(mpmath.exp(-abs(x)))
        up, down = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
        terms = (
            (a * (max(-x, 0) + log1p), b * (max(x, 0) + log1p)),
            (-a * down, b * up),
            (a * up * down, b * up * down),
        )
        for k, (t, u) in enumerate(terms):
            results[(k, *i)], results[(k + 3, *i)] = t + u, abs(t) + abs(u)
    return results


def check(
    logits,
    targets,
    *,
    weight=1.0,
    pos_weight=1.0,
    label_smoothing=0.0,
    where=True,
    reduction="mean",
    axis=None,
):
    """Compare all four functions with the exact results, as the dtype of the logits holds them."""
    operands = (weight, pos_weight, label_smoothing, where)
    names = ("weight", "pos_weight", "label_smoothing", "where")
    options = dict(zip(names, operands, strict=True), reduction=reduction, axis=axis)
    value, grad = cyma.bce_with_logits_value_and_grad(logits, targets, **options)
    computed = [
        (0, cyma.bce_with_logits(logits, targets, **options)),
        (0, value),
        (1, cyma.bce_with_logits_grad(logits, targets, **options)),
        (1, grad),
        (2, cyma.bce_with_logits_hess(logits, targets, **options)),
    ]
    with mpmath.workprec(400):
        elements = exact_elements(logits, targets, *operands)
        axes = tuple(range(logits.ndim)) if axis is None else (axis,)
        divisor = mpmath.mpf(1)
        if "mean" in reduction:
            counted = np.broadcast_arrays(logits, weight if "weighted" in reduction else 1, where)
            weights = np.full(logits.shape, mpmath.mpf(0), object)
            for i in np.ndindex(logits.shape):
                weights[i] = in_mpmath(counted[1][i]) if counted[2][i] else weights[i]
            divisor = np.sum(weights, axis=axes, keepdims=True)
        info = np.finfo(logits.dtype)
        eps, step = (mpmath.ldexp(1, int(k)) for k in (-info.nmant, info.minexp - info.nmant))
        largest = (2 - eps) * mpmath.ldexp(1, int(info.maxexp) - 1)
        for k, result in computed:
            assert result.dtype == logits.dtype
            expected, sizes = elements[k], elements[k + 3]
            if k == 0 and reduction != "none":
                expected, sizes = (np.sum(y, axis=axes, keepdims=True) for y in (expected, sizes))
            expected, sizes = (np.reshape(y / divisor, result.shape) for y in (expected, sizes))
            for i in np.ndindex(result.shape):
                tolerance = 16 * eps * abs(sizes[i]) + 2 * step
                if np.isinf(result[i]):
                    assert abs(expected[i]) + tolerance >= largest, (k, i, expected[i])
                    assert (expected[i] > 0) == (result[i] > 0)
                else:
                    assert abs(in_mpmath(result[i]) - expected[i]) <= tolerance, (k, i, expected[i])


def numbers(rng, dtype, shape):
    """Positive numbers of a dtype: all of one size, or of many; some may be 0."""
    low, high = RANGES[dtype]
    exponents = rng.uniform(low, high) + rng.uniform(-1, 1, shape) * rng.choice([0, 1, 30, 400])
    with np.errstate(all="ignore"):
        x = np.power(np.longdouble(10), np.clip(exponents, low, high).astype(np.longdouble))
        x = np.where((rng.random(shape) < 0.1) & (rng.random() < 0.3), 0, x).astype(dtype)
    return np.minimum(x, np.finfo(dtype).max)


def problem(rng):
    """Operands of random dtypes and sizes, and a reduction."""
    shape = tuple(rng.integers(1, 5, rng.integers(1, 3)))
    if rng.random() < 0.03:
        shape = (int(rng.integers(120, 300)),)
    dtype = rng.choice(list(RANGES))
    sign = rng.choice([-1, 1], shape)
    with np.errstate(all="ignore"):
        logits = [
            lambda: rng.normal(0, 3, shape),
            lambda: rng.uniform(-150, 150, shape),
            lambda: rng.uniform(-1500, 1500, shape),
            lambda: numbers(rng, dtype, shape) * sign,
        ][rng.integers(4)]().astype(dtype)
    logits = np.clip(logits, np.finfo(dtype).min, np.finfo(dtype).max)
    kind = rng.choice(TARGETS)
    targets = rng.random(shape) < 0.5
    if kind not in "?q":
        soft = [targets, rng.random(shape), np.minimum(numbers(rng, kind, shape), 1)]
        targets = soft[rng.integers(3)]
    options = {}
    for name in ("weight", "pos_weight"):
        part = [shape, shape[-1:], ()][rng.integers(3)]
        kind_of_weight = rng.choice([*RANGES, "q"])
        if rng.random() < 0.3:
            options[name] = rng.integers(1, 2**62, part)
        elif rng.random() < 0.7:
            options[name] = numbers(rng, "f4" if kind_of_weight == "q" else kind_of_weight, part)
    if rng.random() < 0.2:
        options["label_smoothing"] = float(rng.choice([1e-8, 0.1, 0.125, 1e-45, 1e-300, 5e-324]))
    if rng.random() < 0.2:
        options["where"] = rng.random(shape) < 0.7
    options["reduction"] = str(rng.choice(REDUCTIONS))
    if options["reduction"] != "none" and rng.random() < 0.5:
        options["axis"] = int(rng.integers(len(shape)))
    return logits, targets.astype(kind), options


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
def test_operands_of_any_dtype_and_size(tier_name, seed):
    rng = np.random.default_rng(seed)
    with cyma.tier(tier_name):
        for _ in range(60):
            logits, targets, options = problem(rng)
            counted = np.broadcast_to(options.get("where", True), logits.shape)
            if options["reduction"] == "weighted_mean":
                counted = counted & (np.broadcast_to(options.get("weight", 1), logits.shape) != 0)
            axis = options.get("axis")
            if "mean" in options["reduction"] and not np.all(np.any(counted, axis=axis)):
                continue  # a mean over nothing
            check(logits, targets, **options)


X = np.linspace(-3, 3, 1000)
LABELS = X > 0.5


@pytest.mark.parametrize("reduced", [None, 1])
@pytest.mark.parametrize(
    ("dtype_", "kind", "weight"),
    [
        *(("f4", "f8", w) for w in (1e-300, 1e-46, 1e38, 1e39, 1e308)),
        *(("f4", "f4", w) for w in (1e-45, 1e-42, 3e38)),
        *(("f8", "f8", w) for w in (5e-324, 1e-310, 1e-300, 1e308)),
        *(("f2", "f2", w) for w in (6e-8, 6e4)),
        *(("f2", "f8", w) for w in (1e-46, 1e308)),
        *((x, "q", 2**62) for x in ("f2", "f4", "f8", "g")),
    ],
)
def test_equal_weights_cancel_in_a_weighted_mean(dtype_, kind, weight, reduced):
    x, z = X.reshape(10, 100).astype(dtype_), LABELS.reshape(10, 100)
    expected = cyma.bce_with_logits_value_and_grad(x, z, axis=reduced)
    hess = cyma.bce_with_logits_hess(x, z, axis=reduced)
    for shape in ((10, 100), (100,), (10, 1)):
        options = {"weight": np.full(shape, weight, kind), "reduction": "weighted_mean"}
        results = cyma.bce_with_logits_value_and_grad(x, z, axis=reduced, **options)
        results += (cyma.bce_with_logits_hess(x, z, axis=reduced, **options),)
        for result, reference in zip(results, (*expected, hess), strict=True):
            np.testing.assert_allclose(result, reference, rtol=16 * np.finfo(x.dtype).eps)


def test_means_do_not_overflow_before_the_division():
    for dtype in ("f4", "f8", "g"):
        largest = np.finfo(dtype).max
        x = np.full((3, 7), largest)
        for axis in (None, 0, 1):
            mean = cyma.bce_with_logits(x, np.zeros(x.shape), axis=axis)
            assert np.all(np.abs(mean / largest - 1) <= 2 * np.finfo(dtype).eps)
        assert cyma.bce_with_logits(x, np.zeros(x.shape), reduction="sum") == INF


def test_products_of_weights_may_leave_the_range():
    x, z = np.ones(4), np.ones(4)
    loss = cyma.bce_with_logits(x, z, reduction="sum")
    for w, pw in ((1e300, 1e-300), (1e-300, 1e300), (5e-324, 1e300), (1e308, 1e-310)):
        options = {"weight": np.full(4, w), "pos_weight": pw, "reduction": "sum"}
        with mpmath.workprec(200):
            product = float(mpmath.mpf(w) * mpmath.mpf(pw) * mpmath.mpf(float(loss)))
        assert cyma.bce_with_logits(x, z, **options) == pytest.approx(product, rel=1e-15)
    for w, pw in ((1e-200, 1e-200), (1e300, 1e300), (1e-320, 1e-5)):
        options = {"weight": np.full(4, w), "pos_weight": pw, "reduction": "weighted_mean"}
        assert cyma.bce_with_logits(x, z, **options) == pytest.approx(loss / 4 * pw, rel=1e-15)


def test_a_value_that_a_narrower_type_does_not_hold_counts():
    z = np.array([1 - 1e-10])
    assert cyma.bce_with_logits(np.float32([60]), z)[()] == np.float32(60 * (1 - z[0]))
    zero = np.zeros(1, np.float32)
    # Gradients that would be 0 if the operand were rounded to float32.
    for options in ({"pos_weight": 1 + 1e-9}, {"pos_weight": np.array([1 + 1e-9])}):
        grad = cyma.bce_with_logits_grad(zero, 0.5, **options)
        assert grad == pytest.approx(-2.5e-10, rel=1e-6)
    # Of label_smoothing and of a weight for all, no more than the last digit is rounded.
    loss = cyma.bce_with_logits(np.float32([60]), 1, label_smoothing=1e-8, weight=1e-3)
    assert loss == pytest.approx(60 * 5e-9 * 1e-3, rel=2e-7)
    # But where float32 does not reach, it is not rounded at all.
    x = np.float32([200])
    for s in (1e-8, 1e-36, 1e-40, 1e-44):
        loss = cyma.bce_with_logits(x, 1, label_smoothing=s, weight=2.0**100)
        assert loss == pytest.approx(100 * s * 2.0**100, rel=2e-7)
    loss = cyma.bce_with_logits(np.float32([-100]), 0, label_smoothing=5e-46, reduction="none")
    assert loss == np.float32(np.exp(-100.0) + 100 * 2.5e-46)  # and not exp(-100) alone
    for w in (1e-40, 1e-44, 1e-46):
        loss = cyma.bce_with_logits(-x, 1, weight=w, pos_weight=2.0**120)
        assert loss == pytest.approx(200 * w * 2.0**120, rel=2e-7)
    assert cyma.bce_with_logits(np.float32([-80]), 0, weight=1e39) == pytest.approx(
        1e39 * np.exp(-80.0), rel=2e-7
    )
    # Integers beyond 2^24 and 2^53.
    for dtype, n in (("f4", 2**24), ("f8", 2**53)):
        if dtype == "f4" or np.finfo(np.longdouble).nmant > 60:
            x = np.zeros(2, dtype)
            loss = cyma.bce_with_logits(x, 1, weight=np.array([n + 1, -n]), reduction="sum")
            assert loss == pytest.approx(np.log(2.0), rel=1e-3)
            loss = cyma.bce_with_logits(x[:1], 1, weight=n + 1, reduction="sum")
            assert loss == pytest.approx(n * np.log(2.0), rel=1e-7)
    assert cyma.bce_with_logits(np.float32([1]), np.array([2**24 + 1])) == np.float32(
        -(2**24 + 1) + np.log1p(np.exp(1.0))
    )


@pytest.fixture
def widths(monkeypatch):
    """The types that calls are computed in, by index, one after the other."""
    widths = []
    compute_in = _bce._compute_in

    def recorded(o, width, *arguments):
        widths.append(width)
        return compute_in(o, width, *arguments)

    monkeypatch.setattr(_bce, "_compute_in", recorded)
    return widths


@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
@pytest.mark.parametrize("dtype_", ["f4", "f8"])
def test_ordinary_calls_are_computed_once(widths, dtype_, tier_name):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 20, (50, 40)).astype(dtype_)
    z = rng.random(x.shape) < 0.5
    w = rng.random(x.shape).astype(dtype_)
    mask = np.zeros(x.shape, bool)
    mask[::2] = True
    wild = np.where(mask, w, np.finfo(dtype_).max)
    special = x.copy()
    special[0, :9] = [np.nan, INF, -INF, 0, -0.0, 1000, -1000, 1e-30, 1e30]
    infinite = np.full(x.shape, INF, dtype_)
    with cyma.tier(tier_name):
        for options in (
            {},
            {"axis": 1},
            {"weight": w},
            {"weight": w, "pos_weight": 0.5, "reduction": "weighted_mean", "axis": 0},
            {"weight": wild, "where": mask, "reduction": "weighted_mean"},
            {"weight": np.where(w < 0.5, INF, w), "reduction": "sum"},
            {"weight": np.where(w < 0.5, np.nan, w), "pos_weight": 2.0},
            {"weight": np.where(w < 0.5, 0, w), "label_smoothing": 0.125},
            {"reduction": "none"},
        ):
            for logits in (x, special, infinite):
                for targets in (z, z.astype("q"), z.astype(dtype_), infinite > 0):
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        cyma.bce_with_logits_value_and_grad(logits, targets, **options)
                        cyma.bce_with_logits_hess(logits, targets, **options)
    assert set(widths) == {{"f4": 0, "f8": 1}[dtype_]}
    widths.clear()
    for n in (10, 200, 2000):
        cyma.bce_with_logits(np.arange(n), np.arange(n) % 2, where=np.arange(n) < 150)
    assert widths == [1, 1, 1]


def test_wild_calls_are_computed_again(widths):
    cyma.bce_with_logits(np.ones(3, np.float32), 1, weight=np.full(3, 1e-42, np.float32))
    cyma.bce_with_logits(np.full(3, 1e308), 0)
    assert widths == [0, 1, 1, 2]


class TestOut:
    x = np.random.default_rng(1).normal(0, 3, (3, 4, 5))
    z = x < 1

    @pytest.mark.parametrize("keepdims", [False, True, np.True_, 1])
    @pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (), np.int8(1), np.uint64(2)])
    def test_keepdims(self, axis, keepdims):
        expected = np.mean(self.x, axis=axis, keepdims=bool(keepdims)).shape
        for dtype in ("f2", "f4", "f8", "g"):
            x = self.x.astype(dtype)
            result = cyma.bce_with_logits(x, self.z, axis=axis, keepdims=keepdims)
            value, grad = cyma.bce_with_logits_value_and_grad(
                x, self.z, axis=axis, keepdims=keepdims
            )
            assert result.shape == value.shape == expected
            assert result.dtype == value.dtype == dtype
            plain = cyma.bce_with_logits(x, self.z, axis=axis)
            assert_same_bits(np.ravel(result), np.ravel(plain))
            # Where nothing is reduced, it changes nothing.
            assert_same_bits(grad, cyma.bce_with_logits_value_and_grad(x, self.z, axis=axis)[1])
            none = cyma.bce_with_logits(x, self.z, reduction="none", keepdims=keepdims)
            assert none.shape == x.shape

    @pytest.mark.parametrize("kind", ["f2", "f4", "f8", "g", ">f4", "c16"])
    @pytest.mark.parametrize("dtype_", ["f2", "f4", "f8", "g"])
    @pytest.mark.parametrize("axis", [None, 1, (0, 2)])
    def test_results_go_to_out(self, axis, dtype_, kind):
        x = self.x.astype(dtype_)
        for keepdims in (False, True):
            options = {"axis": axis, "keepdims": keepdims}
            expected = cyma.bce_with_logits_value_and_grad(x, self.z, **options)
            outs = tuple(np.full(np.shape(y), 9).astype(kind) for y in expected)
            result = cyma.bce_with_logits_value_and_grad(x, self.z, out=outs, **options)
            assert all(y is out for y, out in zip(result, outs, strict=True))
            for out, y in zip(outs, expected, strict=True):
                np.testing.assert_array_equal(out, np.asarray(y).astype(kind))
            for k, function in enumerate((cyma.bce_with_logits, cyma.bce_with_logits_grad)):
                out = np.full(np.shape(expected[k]), 9).astype(kind)
                assert function(x, self.z, out=out, **options) is out
                np.testing.assert_array_equal(
                    out, np.asarray(function(x, self.z, **options)).astype(kind)
                )

    def test_one_of_two(self):
        loss, grad = cyma.bce_with_logits_value_and_grad(self.x, self.z)
        out = np.empty_like(self.x)
        result = cyma.bce_with_logits_value_and_grad(self.x, self.z, out=(None, out))
        assert result[1] is out
        assert_same_bits(result[0], loss)
        out = np.empty(())
        result = cyma.bce_with_logits_value_and_grad(self.x, self.z, out=(out, None))
        assert result[0] is out
        assert_same_bits(result[1], grad)

    def test_none_and_derivatives_of_any_layout(self):
        for function in (
            cyma.bce_with_logits,
            cyma.bce_with_logits_grad,
            cyma.bce_with_logits_hess,
        ):
            expected = function(self.x, self.z, reduction="none")
            for out in (np.empty_like(self.x.T).T, np.empty((3, 4, 10))[:, :, ::-2]):
                assert function(self.x, self.z, reduction="none", out=out) is out
                np.testing.assert_array_equal(out, expected)

    @pytest.mark.parametrize("options", [{}, {"axis": 1}, {"reduction": "none"}])
    def test_out_may_overlap_operands(self, options):
        rng = np.random.default_rng(2)
        shape = (150, 400)  # more than a piece
        x, z, w = rng.normal(0, 3, shape), rng.random(shape), rng.random(shape)
        # The large weights make a second pass, over what the first one must not have changed.
        for weight in (w, w * 1e308):
            loss, grad = cyma.bce_with_logits_value_and_grad(x, z, weight=weight, **options)
            for name in ("logits", "targets", "weight"):
                for reverse in (False, True):
                    arrays = {"logits": x, "targets": z, "weight": weight}
                    arrays[name] = arrays[name].copy()
                    out = arrays[name][::-1] if reverse else arrays[name]
                    result = cyma.bce_with_logits_value_and_grad(
                        **arrays, **options, out=(None, out)
                    )
                    np.testing.assert_array_equal(result[0], loss)
                    assert result[1] is out
                    np.testing.assert_array_equal(out, grad)

    def test_outs_may_overlap_each_other(self):
        both = np.zeros((4, *self.x.shape[1:]))
        loss, grad = cyma.bce_with_logits_value_and_grad(self.x, self.z, reduction="none")
        cyma.bce_with_logits_value_and_grad(
            self.x, self.z, reduction="none", out=(both[:-1], both[1:])
        )
        np.testing.assert_array_equal(both, np.concatenate([loss[:1], grad]))

    def test_bad_outs(self):
        read_only = np.zeros(())
        read_only.flags.writeable = False
        for out, error, message in (
            (np.zeros(3), ValueError, r"out of shape \(3,\) does not have the results' shape \(\)"),
            (np.zeros((), int), TypeError, "out of dtype int64 cannot hold .* float64"),
            (read_only, ValueError, "out is read-only"),
            ([0.0], TypeError, "out must be an array, not list"),
            (np.ma.zeros(()), TypeError, "out must not be a masked array"),
        ):
            with pytest.raises(error, match=message):
                cyma.bce_with_logits(self.x, self.z, out=out)
        with pytest.raises(ValueError, match=r"out of shape \(\) does .* \(3, 4, 5\)"):
            cyma.bce_with_logits_hess(self.x, self.z, out=np.zeros(()))
        for out in (np.zeros(()), [None, None], (None,)):
            with pytest.raises(TypeError, match=r"out must be a tuple \(loss, grad\), not"):
                cyma.bce_with_logits_value_and_grad(self.x, self.z, out=out)
        with pytest.raises(ValueError, match=r"out\[1\] of shape \(2,\)"):
            cyma.bce_with_logits_value_and_grad(self.x, self.z, out=(None, np.zeros(2)))
        with pytest.raises(TypeError, match="keepdims must be a bool, not 'yes'"):
            cyma.bce_with_logits(self.x, self.z, keepdims="yes")

    def test_all_four_take_the_same_keywords(self):
        functions = [getattr(cyma, name) for name in cyma.__all__ if name.startswith("bce_")]
        assert len(functions) == 4
        assert len({str(inspect.signature(function)) for function in functions}) == 1


class Unit:
    """An array of another package that has a unit."""

    def __init__(self, x, unit):
        self.x, self.units = x, unit

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.x, dtype)


class UnitArray(np.ndarray):
    unit = "m"


def quantities(x):
    """The same numbers with units, in several ways."""
    yield Unit(x, "m")
    yield x.view(UnitArray)
    yield list(x.view(UnitArray))
    try:
        from astropy import units
    except ImportError:
        return
    yield x * units.m
    yield x * units.percent
    yield x * units.dimensionless_unscaled


@pytest.mark.parametrize("name", ["logits", "targets", "weight", "pos_weight", "where"])
def test_units_are_not_stripped(name):
    x = np.ones((2, 3))
    for quantity in quantities(x > 0 if name == "where" else x):
        arguments = {"logits": x, "targets": x, name: quantity}
        with pytest.raises(TypeError, match=f"{name} must be plain numbers, .* with the unit"):
            cyma.bce_with_logits(**arguments)
    cyma.bce_with_logits(**{"logits": x, "targets": x, name: Unit(x > 0, None)})


def test_columns_called_unit_are_no_units():
    class Table:
        def __getattr__(self, name):
            if name in ("unit", "units"):
                return 1.0
            raise AttributeError(name)

        def __array__(self, dtype=None, copy=None):
            return np.ones(3)

    assert cyma.bce_with_logits(Table(), 1) == pytest.approx(np.log1p(np.exp(-1.0)))


def test_units_of_other_arguments():
    x = np.ones(3)
    with pytest.raises(TypeError, match="label_smoothing must be plain numbers"):
        cyma.bce_with_logits(x, x, label_smoothing=np.array(0.1).view(UnitArray))
    with pytest.raises(TypeError, match="out must be plain numbers"):
        cyma.bce_with_logits_grad(x, x, out=x.view(UnitArray))
    with pytest.raises(TypeError, match="y must be plain numbers"):
        cyma.objectives.init_score(x.view(UnitArray))


def test_masks_are_not_lost():
    x = np.ones((2, 3))
    masked = np.ma.array(x, mask=np.eye(2, 3))
    for name in ("logits", "targets", "weight", "pos_weight"):
        for bad in (masked, list(masked), [1.0, 1.0, np.ma.masked]):
            with pytest.raises(
                TypeError, match=f"{name} must not .*: give its data, and where=~mask"
            ):
                cyma.bce_with_logits(**{"logits": x, "targets": x, name: bad})
    with pytest.raises(TypeError, match=r"where must not be a masked array: .*\.filled\(False\)"):
        cyma.bce_with_logits(x, x, where=masked > 0)
    with pytest.raises(TypeError, match="label_smoothing must not be a masked array"):
        cyma.bce_with_logits(x, x, label_smoothing=np.ma.masked)
    with pytest.raises(TypeError) as caught:
        cyma.objectives.init_score(masked[0])
    assert "where" not in str(caught.value)
