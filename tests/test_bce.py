"""Binary cross-entropy with logits: values, derivatives, reductions, layouts and errors."""

import itertools
import tracemalloc
import warnings

import mpmath
import numpy as np
import pytest
from conftest import INFO, assert_same_bits
from hypothesis import given, settings
from hypothesis import strategies as st

import cyma
from cyma._bce import BOUND

REDUCTIONS = ("mean", "sum", "weighted_mean", "none")
FLOATS = ("float16", "float32", "float64", "longdouble")
INF = np.inf


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def times(coefficient, factor):
    return np.where(coefficient == 0, 0, coefficient * factor)


def definition(
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
    """Loss, gradient and Hessian as DESIGN defines them, in long double."""
    operands = np.broadcast_arrays(logits, targets, weight, pos_weight, where)
    x, z, w, pw = (np.asarray(a, np.longdouble) for a in operands[:4])
    mask = operands[4]
    s = np.longdouble(label_smoothing)
    with np.errstate(all="ignore"):
        a, b = w * pw * (z * (1 - s) + s / 2), w * ((1 - z) * (1 - s) + s / 2)
        x, a, b = (np.where(mask, y, 0) for y in (x, a, b))
        loss = times(a, softplus(-x)) + times(b, softplus(x))
        grad = b / (1 + np.exp(-x)) - a / (1 + np.exp(x))
        hess = (a + b) / (1 + np.exp(-x)) / (1 + np.exp(x))
        if reduction == "none":
            return loss, grad, hess
        axes = tuple(range(x.ndim)) if axis is None else axis
        divisor = np.sum(
            {"sum": x * 0, "mean": mask, "weighted_mean": np.where(mask, w, 0)}[reduction],
            axis=axes,
            dtype=np.longdouble,
        )
        divisor = divisor + (reduction == "sum")
        spread = np.expand_dims(divisor, axes)
        grad, hess = (np.where(mask, y / spread, 0) for y in (grad, hess))
        return np.sum(loss, axis=axes) / divisor, grad, hess


def compute(logits, targets, **keywords):
    """All that the four functions return, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        value, grad = cyma.bce_with_logits_value_and_grad(logits, targets, **keywords)
        return {
            "loss": cyma.bce_with_logits(logits, targets, **keywords),
            "grad": cyma.bce_with_logits_grad(logits, targets, **keywords),
            "hess": cyma.bce_with_logits_hess(logits, targets, **keywords),
            "value": value,
            "grad of value": grad,
        }


def check(logits, targets, **keywords):
    """Compare with the definition, to some units in the last place of the dtype."""
    logits = np.asarray(logits)
    dtype = logits.dtype if logits.dtype.kind == "f" else np.dtype(float)
    loss, grad, hess = definition(logits, targets, **keywords)
    info = np.finfo(dtype)
    for name, result in compute(logits, targets, **keywords).items():
        expected = {"l": loss, "v": loss, "g": grad, "h": hess}[name[0]]
        assert np.shape(result) == np.shape(expected), name
        assert result.dtype == dtype.newbyteorder("="), name
        scale = np.abs(expected)
        if name[0] == "g":  # soft targets may cancel; weights scale what does
            scale = np.maximum(scale, hess * 4)
        with np.errstate(invalid="ignore"):
            close = np.abs(result - expected) <= 16 * info.eps * scale + 2 * info.smallest_subnormal
        ok = close | (result == expected) | (np.isnan(result) & np.isnan(expected))
        assert np.all(ok), (name, np.asarray(result)[~ok][:3], expected[~ok][:3])


def problem(rng, shape, dtype, kind):
    """Logits and targets of a kind, and keywords."""
    logits = rng.normal(0, 5, shape).astype(dtype)
    soft, weighted, masked = kind
    targets = rng.random(shape) if soft else rng.random(shape) < 0.5
    keywords = {"label_smoothing": 0.1} if soft else {}
    if weighted:
        keywords["weight"] = rng.random(shape[-1:])
        keywords["pos_weight"] = rng.random(shape)
    if masked:
        keywords["where"] = rng.random(shape) < 0.7
    return logits, targets, keywords


@pytest.mark.parametrize("kind", list(itertools.product([False, True], repeat=3)))
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype_", FLOATS)
def test_against_the_definition(dtype_, reduction, kind):
    rng = np.random.default_rng(0)
    for shape in [(), (1,), (7,), (255,), (256,), (257,), (1100,), (5, 33), (2, 3, 700)]:
        axes = {None, 0, -1, (0, len(shape) - 1)[: len(shape)]} if shape else {None}
        for axis in axes if reduction != "none" else {None}:
            logits, targets, keywords = problem(rng, shape, dtype_, kind)
            check(logits, targets, reduction=reduction, axis=axis, **keywords)


@settings(max_examples=200, deadline=None)
@given(
    shape=st.lists(st.integers(0, 9), max_size=4).map(tuple),
    seed=st.integers(0, 2**32 - 1),
    real=st.sampled_from(FLOATS),
    kind=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    reduction=st.sampled_from(REDUCTIONS),
    data=st.data(),
)
def test_any_shape_axis_and_layout(shape, seed, real, kind, reduction, data):
    rng = np.random.default_rng(seed)
    logits, targets, keywords = problem(rng, shape, real, kind)
    axis = None
    if shape and reduction != "none":
        axes = st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1).map(tuple)
        axis = data.draw(st.none() | axes)
    flips = tuple(slice(None, None, data.draw(st.sampled_from([-1, 1]))) for _ in shape)
    check(logits[flips].T.copy().T, targets, reduction=reduction, axis=axis, **keywords)


@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_results_do_not_depend_on_the_layout(reduction, tier_name):
    rng = np.random.default_rng(1)
    with cyma.tier(tier_name):
        for dtype in FLOATS:
            x, z, keywords = problem(rng, (37, 3, 211), dtype, (True, True, True))
            z = z.astype(dtype)
            for axis in (None, 1, (0, 2)) if reduction != "none" else (None,):
                options = {"reduction": reduction, "axis": axis, **keywords}
                expected = compute(x, z, **options)
                layouts = [
                    (np.asfortranarray(x), z),
                    (x.transpose(1, 0, 2).copy().transpose(1, 0, 2), np.asfortranarray(z)),
                    (x[::-1].copy()[::-1], z),
                    (np.repeat(x, 2, axis=2)[:, :, ::2], z),
                    (x.astype(x.dtype.newbyteorder()), z),
                ]
                for layout in layouts:
                    for name, result in compute(*layout, **options).items():
                        assert_same_bits(result, expected[name])


@pytest.mark.parametrize("weighted", [False, True])
def test_a_row_may_be_cut_anywhere(weighted):
    # Copied in pieces of 16,384 elements, these rows are cut within a vector.
    x, z, keywords = problem(
        np.random.default_rng(9), (400, 903), "float64", (False, weighted, False)
    )
    expected = compute(x, z, axis=1, **keywords)
    for layout in (x[::-1].copy()[::-1], np.asfortranarray(x), x.astype(">f8")):
        for name, result in compute(layout, z, axis=1, **keywords).items():
            assert_same_bits(result, expected[name])


def test_tiers_with_fma_agree_to_the_bit():
    x, z, keywords = problem(np.random.default_rng(2), (50_000,), "float32", (True, True, True))
    results = []
    for name in INFO["fma_tiers"]:
        if name in INFO["supported_tiers"]:
            with cyma.tier(name):
                results.append(compute(x, z, **keywords))
    for result in results[1:]:
        for name, value in result.items():
            assert_same_bits(value, results[0][name])


@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_both_tails_keep_their_digits(dtype_):
    x = np.concatenate([np.arange(-100, 101, 7), [-40, 40, -10, 10, -0.0, 1e-30]]).astype(dtype_)
    eps = float(np.finfo(dtype_).eps)
    for z in (0, 1):
        loss = cyma.bce_with_logits(x, z, reduction="none")
        grad = cyma.bce_with_logits_grad(x, z, reduction="none")
        hess = cyma.bce_with_logits_hess(x, z, reduction="none")
        for k, v in enumerate(x.tolist()):
            with mpmath.workprec(300):
                sign = 1 if z == 0 else -1
                exact_loss = mpmath.log1p(mpmath.exp(sign * mpmath.mpf(v)))
                exact_grad = sign / (1 + mpmath.exp(-sign * mpmath.mpf(v)))
                exact_hess = 1 / (2 * mpmath.cosh(mpmath.mpf(v) / 2)) ** 2
            least = float(np.finfo(dtype_).smallest_subnormal)
            assert abs(float(loss[k]) - exact_loss) <= 4 * eps * exact_loss + 2 * least
            assert abs(float(grad[k]) - exact_grad) <= 4 * eps * abs(exact_grad) + 2 * least
            assert abs(float(hess[k]) - exact_hess) <= 4 * eps * exact_hess + 2 * least


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="no long double to compare with on this CPU"
)
@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_bound_of_an_element(dtype_, tier_name):
    rng = np.random.default_rng(8)
    end = {"float32": 104, "float64": 746}[dtype_]
    parts = [rng.uniform(-end, end, 50_000), rng.normal(0, 3, 50_000), rng.uniform(-1, 1, 50_000)]
    x = np.concatenate(parts).astype(dtype_)
    hard, soft = rng.random(x.size) < 0.5, rng.random(x.size)
    for z, s in itertools.product((hard.astype(dtype_), soft.astype(dtype_)), (0, 1e-8, 1e-3, 0.5)):
        exact = definition(x, z, reduction="none", label_smoothing=s)
        with cyma.tier(tier_name):
            results = compute(x, z, reduction="none", label_smoothing=s)
        for name, result in results.items():
            expected = exact[{"l": 0, "v": 0, "g": 1, "h": 2}[name[0]]]
            scale = np.abs(expected)
            if name[0] == "g" and (s or np.any(z % 1)):
                wide, wide_z = x.astype(np.longdouble), z.astype(np.longdouble)
                a, b = (
                    t * (1 - np.longdouble(s)) + np.longdouble(s) / 2 for t in (wide_z, 1 - wide_z)
                )
                scale = np.maximum(a / (1 + np.exp(wide)), b / (1 + np.exp(-wide)))
            with np.errstate(under="ignore"):
                ulp = np.spacing(scale.astype(dtype_))
            assert np.max(np.abs(result - expected) / ulp) <= BOUND, name


def test_gradient_is_the_slope_of_the_loss():
    # Central differences in mpmath, of the definition.
    with mpmath.workprec(200):
        h = mpmath.mpf(2) ** -60
        for x, z, w, pw in [(-3.5, 0.25, 2.0, 0.5), (0.0, 1.0, 1.0, 3.0), (7.25, 0.5, 0.125, 1.5)]:

            def loss(v, z=z, w=w, pw=pw):
                plus, minus = mpmath.log1p(mpmath.exp(v)), mpmath.log1p(mpmath.exp(-v))
                return w * (pw * z * minus + (1 - z) * plus)

            slope = (loss(x + h) - loss(x - h)) / (2 * h)
            curvature = (loss(x + h) - 2 * loss(mpmath.mpf(x)) + loss(x - h)) / h**2
            options = {"weight": w, "pos_weight": pw, "reduction": "sum"}
            assert cyma.bce_with_logits_grad(x, z, **options) == pytest.approx(float(slope))
            assert cyma.bce_with_logits_hess(x, z, **options) == pytest.approx(float(curvature))


def test_infinite_logits():
    x, z = [INF, -INF, INF, -INF], [1, 0, 0, 1]
    np.testing.assert_array_equal(cyma.bce_with_logits(x, z, reduction="none"), [0, 0, INF, INF])
    np.testing.assert_array_equal(cyma.bce_with_logits_grad(x, z, reduction="none"), [0, 0, 1, -1])
    np.testing.assert_array_equal(cyma.bce_with_logits_hess(x, z, reduction="none"), 0)
    assert cyma.bce_with_logits(x, z) == INF
    for options in ({"weight": 0}, {"weight": [0, 0, 0, 0]}):
        result = cyma.bce_with_logits(x, z, reduction="none", **options)
        np.testing.assert_array_equal(result, 0)
    result = cyma.bce_with_logits(x, z, reduction="none", pos_weight=0)
    np.testing.assert_array_equal(result, [0, 0, INF, 0])


@pytest.mark.parametrize("dtype_", FLOATS)
def test_nan_stays_nan_unless_masked(dtype_):
    x, z = np.array([np.nan, 1, 2], dtype_), np.array([1, np.nan, 0], dtype_)
    loss = cyma.bce_with_logits(x, z, reduction="none", weight=[0, 1, 1])
    np.testing.assert_array_equal(np.isnan(loss), [True, True, False])
    assert np.isnan(cyma.bce_with_logits(x, z))
    mask = [False, False, True]
    smoothed = cyma.bce_with_logits_value_and_grad(x, z, where=mask, label_smoothing=0.1)
    expected = cyma.bce_with_logits_value_and_grad(x[2:], z[2:], label_smoothing=0.1)
    assert_same_bits(smoothed[0], expected[0])
    assert_same_bits(smoothed[1], np.append(np.zeros(2, dtype_), expected[1]))
    loss, grad = cyma.bce_with_logits_value_and_grad(x, z, where=mask)
    assert loss == pytest.approx(float(np.log1p(np.exp(2.0))), rel=1e-3)
    assert_same_bits(grad[:2], np.zeros(2, dtype_))
    assert np.all(np.isfinite(cyma.bce_with_logits_hess(x, z, where=mask)))


@pytest.mark.parametrize("labels", ["?", "b", "B", "h", "i", "l", "q", "e", "f", ">i4"])
def test_labels_of_any_dtype(labels):
    rng = np.random.default_rng(3)
    z = rng.random(1000) < 0.5
    for dtype in FLOATS:
        x = rng.normal(0, 4, 1000).astype(dtype)
        expected = compute(x, z.astype(dtype), weight=0.5)
        for name, result in compute(x, z.astype(labels), weight=0.5).items():
            assert_same_bits(result, expected[name])


def test_operands_of_a_wider_dtype_are_not_rounded():
    # The results are those in the wider dtype, rounded once.
    rng = np.random.default_rng(3)
    x = rng.normal(0, 4, (40, 30)).astype(np.float32)
    z, w = rng.random(x.shape), rng.random(x.shape)
    for keywords in ({}, {"weight": w}, {"pos_weight": 0.1}, {"label_smoothing": 0.1}):
        for axis in (None, 1):
            expected = compute(x.astype(float), z, axis=axis, **keywords)
            for name, result in compute(x, z, axis=axis, **keywords).items():
                assert_same_bits(result, expected[name].astype(np.float32))


@pytest.mark.parametrize("code", ["b", "H", "i", "q", "?"])
def test_integer_logits_give_float64(code):
    x = np.array([0, 1, 1, 0, 1]).astype(code)
    z = [0, 1, 0, 1, 1]
    for name, result in compute(x, z).items():
        assert_same_bits(result, compute(x.astype(float), z)[name])


def test_scalars_and_lists():
    loss = cyma.bce_with_logits(2.0, 1)
    assert type(loss) is np.float64
    assert type(cyma.bce_with_logits(np.float32(2), True)) is np.float32
    assert cyma.bce_with_logits([2.0, 2.0], 1) == pytest.approx(loss, rel=1e-15)
    assert cyma.bce_with_logits_grad(2.0, 1).shape == ()
    assert cyma.bce_with_logits([[1.0, 2.0]], [[0, 1]], axis=1).shape == (1,)


def test_operands_are_not_changed():
    x, z, keywords = problem(np.random.default_rng(4), (300,), "float64", (True, True, True))
    copies = [a.copy() for a in (x, z, keywords["weight"], keywords["where"])]
    for a in (x, z):
        a.flags.writeable = False
    compute(x, z, **keywords)
    for a, copy in zip((x, z, keywords["weight"], keywords["where"]), copies, strict=True):
        np.testing.assert_array_equal(a, copy)


def test_mean_over_nothing_is_nan_and_warns():
    for x, options in [
        (np.empty(0), {}),
        (np.ones(3), {"where": np.zeros(3, bool)}),
        (np.ones(3), {"reduction": "weighted_mean", "weight": 0.0}),
    ]:
        z = np.ones(x.shape)
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(cyma.bce_with_logits(x, z, **options))
    grad = cyma.bce_with_logits_grad(np.ones(3), 1, where=np.zeros(3, bool))
    np.testing.assert_array_equal(grad, 0)
    assert cyma.bce_with_logits(np.empty((0, 3)), np.empty((0, 3)), reduction="sum") == 0
    empty_rows = cyma.bce_with_logits(np.empty((3, 0)), np.empty((3, 0)), axis=1, reduction="sum")
    np.testing.assert_array_equal(empty_rows, np.zeros(3))


def test_nothing_else_warns():
    x = np.array([-INF, -1e300, -800, -40, -0.0, 0, 1e-310, 40, 800, 1e300, INF, np.nan])
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in FLOATS[1:]:
            with np.errstate(all="ignore"):
                logits = x.astype(dtype)
            for z in (0, 0.5, 1):
                cyma.bce_with_logits_value_and_grad(logits, z, weight=2.0)
                cyma.bce_with_logits_hess(logits[::-1], z, reduction="sum")


@pytest.mark.parametrize("dtype_", FLOATS)
def test_good_fits_raise_no_underflow(dtype_):
    # Losses that are subnormal, or 0, in a float: every one is positive.
    for logit in (8, 10, 12, 14, 90, 100, 104, 708, 720, 745, 11_360):
        with np.errstate(all="ignore"):
            x = np.full((3, 4), logit, dtype_)
        for options in ({}, {"axis": 1}, {"reduction": "weighted_mean", "weight": 0.5}):
            with np.errstate(all="raise"):
                loss = cyma.bce_with_logits(x, 1, **options)
                value, grad = cyma.bce_with_logits_value_and_grad(x, 1, **options)
                hess = cyma.bce_with_logits_hess(x, 1, **options)
            assert np.all(np.abs(loss - value) <= 4 * np.finfo(dtype_).eps * loss)
            assert np.all(loss >= 0)
            assert np.all(grad <= 0)
            assert np.all(hess >= 0)


@pytest.mark.parametrize("dtype_", FLOATS)
def test_sums_that_overflow_are_infinite(dtype_):
    x = np.full(3, np.finfo(dtype_).max, dtype_)
    with np.errstate(all="raise"):
        if dtype_ in ("float16", "float32"):
            assert cyma.bce_with_logits(x, 0, reduction="sum") == INF
        masked = [True, False, False]
        weight = [1, INF, np.nan]
        assert cyma.bce_with_logits(x, 0, where=masked, weight=weight) == x[0]


def test_a_scalar_weight_cancels_in_a_weighted_mean():
    for dtype in FLOATS:
        x = np.array([0.5, -1, 2], dtype)
        expected = compute(x, 1)
        for weight in (1e-50, 1e39, 1e-320, 3, -2.0):
            results = compute(x, 1, weight=weight, reduction="weighted_mean")
            for name, result in results.items():
                assert_same_bits(result, expected[name])


def test_sums_are_accurate():
    rng = np.random.default_rng(5)
    x = rng.normal(0, 3, 10**7).astype(np.float32)
    z = (rng.random(x.size) < 0.5).astype(np.float32)
    exact = np.mean(definition(x, z, reduction="none")[0], dtype=np.longdouble)
    loss = cyma.bce_with_logits(x, z)
    assert abs(loss - exact) < np.spacing(np.float32(exact))
    loss = cyma.bce_with_logits(x.astype(float), z)
    assert abs(loss - exact) < 1e-15 * exact


@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_sums_of_equal_losses(dtype_, tier_name):
    # Logits of 0 make the products inside grow as fast as they can; those of -40, not at all.
    tolerance = {"float32": 1e-7, "float64": 1e-15}[dtype_]
    with cyma.tier(tier_name):
        for logit, z in [(0, 0.5), (0, 1), (-40, 0), (40, 1), (-700, 0), (3, 0)]:
            if logit == -700 and dtype_ == "float32":
                continue
            x = np.array(logit, dtype_)
            expected = cyma.sigmoid_bce(x, x.dtype.type(z))
            for n in (1, 127, 128, 129, 1023, 1024, 1025, 100_003):
                loss = cyma.bce_with_logits(np.full(n, x), np.full(n, z, dtype_))
                assert loss == pytest.approx(float(expected), rel=4 * tolerance, abs=0)


# Logits and targets whose repeated losses have had the largest errors, in a search.
WORST_SUMS = [
    (36.75538654695721, 1.0),
    (37.22800715333496, 1.0),
    (37.26144153858403, 1.0),
    (37.40839991871121, 1.0),
    (37.393144956978475, 1.0),
    (31.643818590641217, 1.0),
    (30.265890763420636, 1.0),
    (30.003782451694995, 1.0),
    (15.064782162281489, 1.0),
    (-19.954652682139987, 0.0),
    (0.36872092416964786, 0.8678247321286559),
    (0.12701402314951782, 0.5040783400816322),
]


def exact_loss(x, z):
    """The loss of a logit, to some 60 digits."""
    with mpmath.workprec(200):
        x, z = mpmath.mpf(x), mpmath.mpf(z)
        return (z if x < 0 else 1 - z) * abs(x) + mpmath.log1p(mpmath.exp(-abs(x)))


@pytest.mark.parametrize("tier_name", INFO["supported_tiers"])
def test_sums_of_equal_losses_in_float64(tier_name):
    rng = np.random.default_rng(11)
    sizes = 10.0 ** rng.uniform(-20, 2.8, 60) * rng.choice([-1, 1], 60)
    x = np.concatenate([rng.uniform(-40, 40, 60), rng.uniform(30, 38, 60), sizes]).tolist()
    z = rng.choice([0.0, 1.0, rng.random()], len(x)).tolist()
    cases = WORST_SUMS + list(zip(x, z, strict=True))
    exact = [exact_loss(*case) for case in cases]
    logits, targets = np.array(cases).T
    with cyma.tier(tier_name):
        for n in (1, 2, 7, 100, 128, 129, 255, 256, 896, 1000, 14_336, 14_337, 30_001):
            few = slice(None) if n < 2000 else slice(40)
            means = cyma.bce_with_logits(
                np.repeat(logits[few, None], n, axis=1), np.repeat(targets[few, None], n, 1), axis=1
            )
            for case, loss, mean in zip(cases, exact, means, strict=False):
                assert abs(float(mean) - loss) <= 1e-15 * loss, (n, case)


def test_sums_of_subnormal_losses():
    # They have few digits, but their sum is a normal number.
    for dtype, x, n in (("f4", 100.0, 10**6), ("f8", 712.0, 10**5), ("f8", 745.0, 10**6)):
        total = cyma.bce_with_logits(np.full(n, x, dtype), 1, reduction="sum")
        eps = {"f4": 1e-7, "f8": 1e-15}[dtype]
        exact = float(n * exact_loss(x, 1))
        assert abs(float(total) - exact) <= eps * exact + 5e-324


@pytest.mark.parametrize("length", [1, 2, 10, 127, 128, 129, 300])
def test_rows_of_any_length(length):
    # Short rows are summed in another way than long ones.
    rng = np.random.default_rng(6)
    for dtype in ("float32", "float64"):
        x, z = rng.normal(0, 4, (40, length)).astype(dtype), rng.random((40, length)).astype(dtype)
        for options in ({}, {"where": rng.random(length) < 0.5}, {"weight": rng.random((40, 1))}):
            check(x, z, axis=1, reduction="sum", **options)
            check(x.T.copy().T, z, axis=-1, **options)


@pytest.mark.parametrize("name", ["weight", "pos_weight", "where", "all"])
@pytest.mark.parametrize("classes", [2, 10, 48, 513, 4095, 5000, 20_000])
def test_weights_of_classes_are_weights_of_elements(classes, name):
    # Rows are repeated in blocks, whose size must not matter.
    rng = np.random.default_rng(7)
    shape = (60_000 // classes, classes)
    x = rng.normal(0, 4, shape)
    rows = {
        "weight": rng.random(classes),
        "pos_weight": rng.random((1, classes)),
        "where": rng.random(classes) < 0.5,
    }
    rows = rows if name == "all" else {name: rows[name]}
    whole = {k: np.broadcast_to(v, shape).copy() for k, v in rows.items()}
    for dtype, labels in [("f4", "f4"), ("f8", "f8"), ("f4", "?"), ("f2", "f4")]:
        logits, targets = x.astype(dtype), (x < 1).astype(labels)
        for reduction in ("sum", "none", "weighted_mean"):
            expected = compute(logits, targets, reduction=reduction, **whole)
            for key, result in compute(logits, targets, reduction=reduction, **rows).items():
                assert_same_bits(result, expected[key])


def test_infinite_weights():
    # They must not reach the elements that fill a vector up.
    for n in (1, 5, 500, 1000):
        for name in ("weight", "pos_weight"):
            loss = cyma.bce_with_logits(np.ones(n), 0.5, **{name: INF})
            assert loss == INF
            assert cyma.bce_with_logits_value_and_grad(np.ones(n), 0.5, **{name: INF})[0] == INF


def test_gradient_at_minus_zero():
    for z in (0.0, 0.25, 1.0):
        assert cyma.bce_with_logits_grad(-0.0, z) == cyma.bce_with_logits_grad(0.0, z) == 0.5 - z
        _, grad = cyma.bce_with_logits_value_and_grad(np.full(3, -0.0), z, reduction="sum")
        np.testing.assert_array_equal(grad, 0.5 - z)


def test_infinite_sums():
    # Compensation must not make nan of infinity.
    x = np.zeros(5000)
    x[1000] = INF
    assert cyma.bce_with_logits(x, 0, reduction="sum") == INF


def test_small_losses_beside_a_large_one():
    x = np.ones(100_001)
    x[0] = 1e16
    loss = cyma.bce_with_logits(x, 0, reduction="sum")
    # Added one after the other, each would be rounded to a multiple of 2.
    assert abs(loss - (1e16 + 100_000 * np.log1p(np.e))) <= 128


@pytest.mark.thread_unsafe(reason="counts the memory of the process")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weight": "row"},
        {"pos_weight": 2.0, "label_smoothing": 0.1},
        {"where": "mask"},
        {"axis": 1},
        {"axis": 0},
        {"reduction": "weighted_mean", "weight": "row"},
        {"reduction": "weighted_mean", "weight": "full", "where": "mask"},
        {"axis": 1, "where": "mask"},
    ],
)
@pytest.mark.parametrize("labels", ["f", "?", "q"])
def test_memory_stays_below_a_megabyte(options, labels):
    x = np.zeros((25_000, 400), np.float32)
    z = np.ones(x.shape, labels)
    arrays = {"row": np.ones(400), "mask": np.ones(x.shape, bool)}
    if "full" in options.values():
        arrays["full"] = np.ones(x.shape)
    options = {k: arrays.get(v, v) if isinstance(v, str) else v for k, v in options.items()}
    options = {k: "weighted_mean" if k == "reduction" else v for k, v in options.items()}
    for function, result in (
        (cyma.bce_with_logits, 0),
        (cyma.bce_with_logits_value_and_grad, x.nbytes),
    ):
        function(x, z, **options)
        tracemalloc.start()
        function(x, z, **options)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**6 + result


@pytest.mark.thread_unsafe(reason="counts the memory of the process")
@pytest.mark.parametrize("classes", [16_383, 5001, 1021, 3])
def test_memory_of_rows_of_any_length(classes):
    x = np.zeros((2 * 10**6 // classes, classes))
    z, row = np.ones(x.shape), np.ones(classes)
    options = {"weight": row, "pos_weight": row, "where": row > 0}
    tracemalloc.start()
    cyma.bce_with_logits(x, z, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**6


class TestErrors:
    x = np.zeros((4, 3))

    def raises(self, error, match, **arguments):
        arguments = {"logits": self.x, "targets": np.ones((4, 3)), **arguments}
        for function in (
            cyma.bce_with_logits,
            cyma.bce_with_logits_grad,
            cyma.bce_with_logits_hess,
            cyma.bce_with_logits_value_and_grad,
        ):
            with pytest.raises(error, match=match):
                function(**arguments)

    def test_shapes_of_targets(self):
        for shape in [(4,), (3,), (4, 1), (1, 3), (3, 4), (1, 4, 3), (1,)]:
            both = rf"targets of shape \({', '.join(map(str, shape))},?\).*\(4, 3\)"
            self.raises(ValueError, both, targets=np.ones(shape))
        self.raises(ValueError, r"\(64, 1\).*\(64,\)", logits=np.ones(64), targets=np.ones((64, 1)))

    @pytest.mark.parametrize("name", ["weight", "pos_weight", "where"])
    def test_shapes_that_would_enlarge_the_result(self, name):
        for shape in [(2, 4, 3), (1, 4, 3), (4,), (5, 3)]:
            message = rf"{name} of shape \({', '.join(map(str, shape))},?\).*\(4, 3\)"
            self.raises(ValueError, message, **{name: np.ones(shape, bool)})

    def test_unknown_reduction(self):
        self.raises(ValueError, "reduction = 'average' is not one of 'mean'", reduction="average")
        self.raises(ValueError, "reduction = None", reduction=None)
        self.raises(ValueError, "reduction = array", reduction=np.array(["mean", "sum"]))

    def test_axes(self):
        self.raises(np.exceptions.AxisError, "axis 2 is out of bounds", axis=2)
        self.raises(np.exceptions.AxisError, "axis -3 is out of bounds", axis=(0, -3))
        self.raises(ValueError, r"axis \(0, -2\) names an axis twice", axis=(0, -2))
        self.raises(TypeError, "axis must be an int or a tuple of int, not 1.5", axis=1.5)
        self.raises(TypeError, r"axis must be .*, not \[0\]", axis=[0])
        self.raises(ValueError, "axis = 0 needs a reduction", axis=0, reduction="none")

    @pytest.mark.parametrize("value", [-0.1, 1, 1.5, np.nan, INF])
    def test_label_smoothing(self, value):
        self.raises(ValueError, "label_smoothing = .* is outside", label_smoothing=value)

    def test_label_smoothing_that_is_no_number(self):
        self.raises(TypeError, "label_smoothing must be a number, not '0.5'", label_smoothing="0.5")
        self.raises(TypeError, "label_smoothing must be a number, not 'a'", label_smoothing="a")
        self.raises(TypeError, "label_smoothing", label_smoothing=None)

    @pytest.mark.parametrize("bad", [1j, "1", [None], np.datetime64(1, "s"), object()])
    @pytest.mark.parametrize("name", ["logits", "targets", "weight", "pos_weight"])
    def test_what_is_no_real_number(self, name, bad):
        self.raises(TypeError, f"{name} must be real numbers, not of dtype", **{name: bad})

    @pytest.mark.parametrize("name", ["logits", "targets", "weight", "pos_weight"])
    def test_masked_arrays(self, name):
        masked = np.ma.array(np.ones((4, 3)), mask=np.eye(4, 3))
        self.raises(TypeError, f"{name} must not be a masked array", **{name: masked})

    @pytest.mark.parametrize("bad", [1, 0.0, "yes", np.ones((4, 3)), np.ones(3, int)])
    def test_where_that_is_not_boolean(self, bad):
        self.raises(TypeError, "where must be boolean, not of dtype", where=bad)

    @pytest.mark.parametrize("bad", [-0.01, 1.01, np.nan, INF, 2])
    def test_targets_outside_the_unit_interval(self, bad):
        z = np.ones((4, 3))
        z[2, 1] = bad
        message = rf"targets\[2, 1\] = {bad:g}.* is outside \[0, 1\]"
        self.raises(ValueError, message, targets=z, check_targets=True)
        mask = z == 1
        cyma.bce_with_logits(self.x, z, where=mask, check_targets=True)
        cyma.bce_with_logits(self.x, z)
        self.raises(ValueError, f"targets = {bad:g}", targets=bad, check_targets=True)
        row = np.ones(3, bool)
        self.raises(ValueError, f"targets = {bad:g}", targets=bad, where=row, check_targets=True)

    def test_good_targets_pass_the_check(self):
        for z in (np.ones((4, 3), bool), np.zeros((4, 3), int), 0.5, np.full((4, 3), 1.0)):
            cyma.bce_with_logits(self.x, z, check_targets=True)
        cyma.bce_with_logits(np.empty(0), np.empty(0), reduction="sum", check_targets=True)

    def test_options_are_keywords(self):
        with pytest.raises(TypeError, match="positional"):
            cyma.bce_with_logits(self.x, self.x, self.x)


@settings(max_examples=100, deadline=None)
@given(
    shape=st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 2**32 - 1),
    weighted=st.booleans(),
    reduction=st.sampled_from(["mean", "sum", "none"]),
)
def test_against_torch(shape, seed, weighted, reduction):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x, z = rng.normal(0, 4, shape), rng.random(shape)
    options = {}
    if weighted:
        options = {"weight": rng.random(shape[-1:]), "pos_weight": rng.random(shape)}
    logits = torch.from_numpy(x).requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits,
        torch.from_numpy(z),
        reduction=reduction,
        **{k: torch.from_numpy(v) for k, v in options.items()},
    )
    loss.sum().backward()
    ours, grad = cyma.bce_with_logits_value_and_grad(x, z, reduction=reduction, **options)
    # The terms of torch's formula may cancel, to a loss that is small beside a logit.
    np.testing.assert_allclose(ours, loss.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(grad, logits.grad.numpy(), rtol=1e-9, atol=1e-14)
