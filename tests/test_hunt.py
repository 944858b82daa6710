"""The search of worst cases: its operands are what they should be, and its errors MPFR's."""

import concurrent.futures
import pathlib
import re

import numpy as np
import pytest
from conftest import INFO

from cyma import _accuracy, _reference
from cyma._functions import FUNCTIONS
from cyma._table import DOMAINS
from cyma._ufuncs import UFUNCS
from tools import runs
from tools.accuracy import hunt

CASES = hunt.cases(list(FUNCTIONS))
by_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.name}-{case.dtype}{'-absolute' * case.absolute}"
)


needs_longdouble = pytest.mark.skipif(
    not _reference.longdouble_is_exact_enough(np.dtype("float64")), reason="no wider long double"
)


def in_domain(case, x):
    if case.domain == "REAL":
        return True
    low, high = DOMAINS[case.domain]
    inside = np.isin(x, [low, high]) if case.domain == "LABEL" else (x >= low) & (x <= high)
    return bool(np.all(inside))


def test_cases_are_all_that_no_sweep_can_try():
    keys = {(case.name, case.dtype) for case in CASES}
    assert keys == {
        (name, dtype)
        for name, f in FUNCTIONS.items()
        for dtype in (("float64",) if f.nin == 1 else ("float16", "float32", "float64"))
    }
    assert any(case.absolute for case in CASES)


@by_case
def test_operands_are_in_the_domain(case):
    with np.errstate(all="ignore"):
        drawn = hunt.draw(case, 1)
        found = hunt.Found(np.zeros(drawn[0].size), drawn)
        near = hunt.moved(case, found, 1)
    for operands in (drawn, near):
        assert len(operands) == FUNCTIONS[case.name].nin
        assert all(x.size == hunt.BATCH and x.dtype == case.dtype for x in operands)
        assert all(np.all(np.isfinite(x)) for x in operands)
        assert in_domain(case, operands[-1]) or len(operands) == 1
    # Neighbours are near, but not the same.
    shifted = np.mean(np.stack([a != b for a, b in zip(drawn, near, strict=True)]))
    assert 0.2 < shifted < 0.9


def test_operands_are_where_to_look():
    with np.errstate(all="ignore"):
        (x,) = hunt.draw(hunt.Case("tanh", "float64"), 0)
        logits, z = hunt.draw(hunt.Case("sigmoid_bce_grad", "float64", absolute=True), 0)
    x = np.abs(x)
    assert np.mean((x > 0.17) & (x < 0.4)) > 0.05
    assert np.sum(np.abs(x - np.log(2)) < 1e-6) > 10
    for end in (1, 2):  # of functions of x and of 2x
        assert np.mean((x > 706 / end) & (x < 746 / end)) > 0.04
        assert np.mean((x > 707.5 / end) & (x < 709.5 / end)) > 0.02
    seams = _accuracy.reduction_boundaries(np.dtype("float64")).astype(float)[:100]
    distance = np.min(np.abs(x[::8, None] - seams[None, :]), axis=1)
    assert np.sum(distance < 1e-9) > 200
    assert np.mean(np.abs(UFUNCS["sigmoid"](logits) - z) < 1e-3) > 0.1


@needs_longdouble
@by_case
def test_the_worst_are_found_and_confirmed(case):
    tier = hunt.tiers(case.name, case.dtype)[0]
    ufunc = runs.on_tier(tier, UFUNCS[case.name])
    with np.errstate(all="ignore"):
        operands = tuple(x[:5000] for x in hunt.draw(case, 2))
        found = hunt.worst_of(case, operands, [tier])[tier]
    assert len(found.errors) == hunt.KEPT
    exact = _accuracy.exact(case.name, operands, mpmath=True)
    y = ufunc(*operands)
    errors = exact.absolute_error(y) if case.absolute else exact.error(y)
    assert np.max(found.errors) == pytest.approx(np.max(errors), rel=0.02)
    # MPFR's errors of the worst are mpmath's.
    few = hunt.Found(found.errors[:20], tuple(x[:20] for x in found.operands))
    rows = hunt.confirm(case, tier, few)
    exact = _accuracy.exact(case.name, few.operands, mpmath=True)
    y = ufunc(*few.operands)
    errors = exact.absolute_error(y) if case.absolute else exact.error(y)
    assert [row["error"] for row in rows] == pytest.approx(sorted(errors, reverse=True), rel=1e-6)


def test_merging_keeps_the_worst_once():
    first = hunt.Found(np.array([3.0, 1.0]), (np.array([30.0, 10.0]),))
    second = hunt.Found(np.array([2.0, 3.0]), (np.array([20.0, 30.0]),))
    merged = first.merged(second)
    assert list(merged.errors) == [3, 2, 1]
    assert list(merged.operands[0]) == [30, 20, 10]


class Inline(concurrent.futures.Executor):
    """An executor that runs at once, in this process."""

    def submit(self, function, *arguments):
        future = concurrent.futures.Future()
        future.set_result(function(*arguments))
        return future


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(hunt, "BATCH", 2000)
    monkeypatch.setattr(hunt, "KEPT", 50)


def worst_in_batches(case, tier, seeds):
    with np.errstate(all="ignore"):
        batches = [hunt.worst_of(case, hunt.draw(case, seed), [tier])[tier] for seed in seeds]
    return max(np.max(found.errors) for found in batches)


@needs_longdouble
def test_a_search_keeps_the_worst_of_all_batches(small):
    case = hunt.Case("sigmoid_backward", "float64")
    tiers = hunt.tiers(case.name, case.dtype)
    least = dict.fromkeys(tiers, 0.0)
    for count in (1, 2, 5):
        found = hunt.search(case, 10, count * hunt.BATCH)
        assert set(found) == set(tiers)
        for tier in tiers:
            worst = worst_in_batches(case, tier, range(10, 10 + count))
            assert found[tier].errors[0] == worst
            assert found[tier].errors[-1] > least[tier]  # of more, the worst are worse
            least[tier] = found[tier].errors[-1]


def test_a_hunt_takes_every_part_in(small, monkeypatch):
    def search(case, seed, points):
        return {"tier": hunt.Found(np.array([float(seed)]), (np.array([float(seed)]),))}

    def confirm(case, tier, found):
        return [{"error": error} for error in found.errors]

    monkeypatch.setattr(hunt, "search", search)
    monkeypatch.setattr(hunt, "climb", lambda case, tier, found: found)
    monkeypatch.setattr(hunt, "confirm", confirm)
    (row,) = hunt.hunt(hunt.Case("tanh", "float64"), 6 * hunt.BATCH, Inline(), lambda text: None)
    assert [witness["error"] for witness in row["worst"]] == [5, 4, 3, 2, 1, 0]


@needs_longdouble
def test_climbing_gets_higher(small):
    case, tier = hunt.Case("tanh", "float64"), hunt.tiers("tanh", "float64")[0]
    with np.errstate(all="ignore"):
        found = hunt.worst_of(case, hunt.draw(case, 3), [tier])[tier]
    climbed = hunt.climb(case, tier, found)
    assert np.max(climbed.errors) >= np.max(found.errors)
    assert np.min(climbed.errors) > np.min(found.errors)


@needs_longdouble
def test_a_hunt_merges_its_parts(small, monkeypatch):
    case = hunt.Case("sigmoid_bce", "float64")
    rows = hunt.hunt(case, 6 * hunt.BATCH, Inline(), lambda text: None)
    assert [row["tier"] for row in rows] == hunt.tiers(case.name, case.dtype)
    for row in rows:
        assert row["hand_written"] == runs.is_hand_written(row["tier"], case.name, case.dtype)
        errors = [witness["error"] for witness in row["worst"]]
        assert errors == sorted(errors, reverse=True)
        # Long double decided what was kept: to 1/100.
        assert errors[0] > worst_in_batches(case, row["tier"], range(6)) - 0.01
    assert hunt.broken_promises(rows, []) == []


@needs_longdouble
def test_wrong_results_are_found(small, monkeypatch):
    good = UFUNCS["tanh"]
    for wrong in (np.nan, np.inf, 0.25):
        bad = lambda x, w=wrong: np.where((x > 0.3) & (x < 0.31), w, good(x))  # noqa: E731
        monkeypatch.setitem(hunt.UFUNCS, "tanh", bad)
        case = hunt.Case("tanh", "float64")
        rows = hunt.hunt(case, hunt.BATCH, Inline(), lambda text: None)
        assert all(row["worst"][0]["error"] > 1e10 for row in rows)
        assert len(hunt.broken_promises(rows, [])) == len(rows)


def test_worst_operands_of_earlier_runs_are_kept():
    key = {"function": "tanh", "dtype": "float64", "absolute": False, "fma": True}
    witnesses = [{"operands": [x], "error": e} for x, e in (("0x1p-3", 0.4), ("0x1p-4", 0.2))]
    row = {**key, "tier": INFO["supported_tiers"][-1], "worst": witnesses}
    known = [{**key, "worst": [{"operands": ["0x1.62e43533106c1p-3"], "error": 0.9}]}]
    (merged,) = hunt.with_known([row], known)
    operands = [witness["operands"] for witness in merged["worst"]]
    assert operands == [["0x1.62e43533106c1p-3"], ["0x1p-3"], ["0x1p-4"]]
    assert 0.5 < merged["worst"][0]["error"] < 0.7  # measured anew
    assert hunt.with_known([row], [{**known[0], "fma": False}]) == [row]


def test_transitions_are_where_results_change():
    x = hunt.transitions(UFUNCS["sigmoid"])
    assert x.size > hunt.TRANSITIONS
    assert np.mean(x < 0) == pytest.approx(0.5, abs=0.05)
    outward = np.nextafter(x, np.copysign(np.inf, x))
    assert np.all(UFUNCS["sigmoid"](x) != UFUNCS["sigmoid"](outward))


def test_tiers_are_one_of_each_kernel():
    info = hunt.INFO
    for name in FUNCTIONS:
        for dtype in ("float32", "float64"):
            tiers = hunt.tiers(name, dtype)
            assert set(tiers) <= set(info["supported_tiers"])
            own = {t for t in info["supported_tiers"] if runs.is_hand_written(t, name, dtype)}
            assert own <= set(tiers)
            portable = [tier in info["fma_tiers"] for tier in tiers if tier not in own]
            assert len(portable) == len(set(portable))
            others = [tier in info["fma_tiers"] for tier in info["supported_tiers"]]
            assert set(portable) == set(others)


def test_table_boundaries_are_those_of_the_header():
    header = (pathlib.Path(__file__).parents[1] / "pyx/core/avx512/exp_tables.h").read_text()
    for dtype, suffix in (("float32", "F32"), ("float64", "F64")):
        steps = int(re.search(rf"CYMA_STEPS_{suffix} (\d+)", header)[1])
        intervals = float.fromhex(
            re.search(rf"CYMA_INTERVALS_{suffix} (0x[\da-f.]+p[-+]\d+)", header)[1]
        )
        boundaries = hunt.table_boundaries(dtype)
        assert np.any(np.isclose(boundaries, np.log(2) / steps / 2, rtol=1e-15))
        assert np.any(np.isclose(boundaries, -np.log(1 / intervals), rtol=1e-15))


def test_faults_among_neighbours_are_counted(monkeypatch):
    function = FUNCTIONS["tanh"]
    tier = hunt.tiers("tanh", "float64")[0]
    monkeypatch.setattr(hunt, "REACH", 100)
    monkeypatch.setattr(hunt, "TRANSITIONS", 10)
    seams = np.arange(1.0, 33.0)

    def planted(value):
        def call(x):
            y = UFUNCS["tanh"](x)
            if x.ndim == 2:
                y[:, 100] = value
            return y

        count = hunt.count_around(seams, function, {"tanh": call})
        assert count["inputs"] % 201 == 0
        return count, count["inputs"] // 201

    good = hunt.count_around(seams, function, {"tanh": UFUNCS["tanh"]})
    assert not any(good[name] for name in (*hunt.FAULTS.values(), "steps_back", "largest_step"))
    assert hunt.broken_promises([], [{"by": tier, **good}]) == []
    count, rows = planted(1.5)
    assert count["out_of_range"] == count["steps_back"] == rows
    assert count["asymmetric"] == rows
    count, rows = planted(np.nan)
    assert count["nan_faults"] == rows
    for fault in ({"asymmetric": 1}, {"out_of_range": 1}, {"nan_faults": 1}):
        assert hunt.broken_promises([], [{"by": tier, **good, **fault}])
    if tier in hunt.INFO["fma_tiers"]:
        row = {"by": tier, **good, "largest_step": 1.5}
        assert hunt.broken_promises([], [row])


def test_an_error_beyond_the_bound_is_named():
    row = {"function": "tanh", "dtype": "float64", "tier": "some", "bound": 1}
    assert hunt.broken_promises([row | {"worst": [{"error": 0.9}]}], []) == []
    (fault,) = hunt.broken_promises([row | {"worst": [{"error": 1.1}]}], [])
    assert "tanh float64" in fault
    assert hunt.broken_promises([row | {"worst": [{"error": float("nan")}]}], [])


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["--points", "10"], ["--points", "many"], ["--points", "inf"], ["--jobs", "0"]],
)
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        hunt.main(arguments)
    assert stop.value.code == 2
    assert arguments[-1] in capsys.readouterr().err
