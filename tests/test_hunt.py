"""The search of worst cases: its operands are what they should be, and its errors MPFR's."""

import hunt
import numpy as np
import pytest

from cyma import _accuracy, _reference
from cyma._table import DOMAINS
from cyma._ufuncs import FUNCTIONS, UFUNCS

CASES = hunt.cases(list(FUNCTIONS))
by_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.name}-{case.dtype}{'-absolute' * case.absolute}"
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
    assert np.sum((x > 700) & (x < 750)) > 1000
    seams = _accuracy.reduction_boundaries(np.dtype("float64")).astype(float)[:100]
    distance = np.min(np.abs(x[::8, None] - seams[None, :]), axis=1)
    assert np.sum(distance < 1e-9) > 200
    assert np.mean(np.abs(UFUNCS["sigmoid"](logits) - z) < 1e-3) > 0.1


@pytest.mark.skipif(
    not _reference.longdouble_is_exact_enough(np.dtype("float64")), reason="no wider long double"
)
@by_case
def test_the_worst_are_found_and_confirmed(case):
    with np.errstate(all="ignore"):
        operands = tuple(x[:5000] for x in hunt.draw(case, 2))
        found = hunt.worst_of(case, operands, hunt.tiers()[:1])[hunt.tiers()[0]]
    assert len(found.errors) == hunt.KEPT
    exact = _accuracy.exact(case.name, operands, mpmath=True)
    y = UFUNCS[case.name](*operands)
    errors = exact.absolute_error(y) if case.absolute else exact.error(y)
    assert np.max(found.errors) == pytest.approx(np.max(errors), rel=0.02)
    # MPFR's errors of the worst are mpmath's.
    few = hunt.Found(found.errors[:20], tuple(x[:20] for x in found.operands))
    rows = hunt.confirm(case, hunt.tiers()[0], few)
    exact = _accuracy.exact(case.name, few.operands, mpmath=True)
    y = UFUNCS[case.name](*few.operands)
    errors = exact.absolute_error(y) if case.absolute else exact.error(y)
    assert [row["error"] for row in rows] == pytest.approx(sorted(errors, reverse=True), rel=1e-6)


def test_merging_keeps_the_worst_once():
    first = hunt.Found(np.array([3.0, 1.0]), (np.array([30.0, 10.0]),))
    second = hunt.Found(np.array([2.0, 3.0]), (np.array([20.0, 30.0]),))
    merged = first.merged(second)
    assert list(merged.errors) == [3, 2, 1]
    assert list(merged.operands[0]) == [30, 20, 10]


def test_climbing_does_not_get_worse_than_it_began():
    case, tier = hunt.Case("tanh", "float64"), hunt.tiers()[0]
    with np.errstate(all="ignore"):
        found = hunt.worst_of(case, hunt.draw(case, 3), [tier])[tier]
    climbed = hunt.climb(case, tier, found)
    assert np.min(climbed.errors) >= np.min(found.errors)
    assert np.max(climbed.errors) >= np.max(found.errors)


def test_faults_among_neighbours_are_counted(monkeypatch):
    def bumpy(x):
        y = np.tanh(x)
        y[:, 100] = 1.5
        return y

    monkeypatch.setattr(hunt, "load_peers", lambda: ({"bumpy": {"tanh": bumpy}}, []))
    monkeypatch.setattr(hunt, "REACH", 100)
    rows = {row["by"]: row for row in hunt.count_among_neighbours("tanh")}
    runs = rows["bumpy"]["inputs"] / 201
    assert rows["bumpy"]["out_of_range"] == rows["bumpy"]["steps_back"] == runs
    assert rows["bumpy"]["asymmetric"] > 0.9 * runs
    ours = rows[hunt.tiers()[0]]
    assert ours["out_of_range"] == ours["asymmetric"] == 0
    assert hunt.broken_promises([], [ours]) == []
    for fault in ({"asymmetric": 1}, {"out_of_range": 1}, {"largest_step": 1.5}):
        if hunt.tiers()[0] in hunt.INFO["fma_tiers"] or "largest_step" not in fault:
            assert hunt.broken_promises([], [ours | fault])


def test_an_error_beyond_the_bound_is_named():
    row = {"function": "tanh", "dtype": "float64", "tier": "some", "bound": 1}
    assert hunt.broken_promises([row | {"worst": [{"error": 0.9}]}], []) == []
    (fault,) = hunt.broken_promises([row | {"worst": [{"error": 1.1}]}], [])
    assert "tanh float64" in fault
    assert hunt.broken_promises([row | {"worst": [{"error": float("nan")}]}], [])


@pytest.mark.parametrize("arguments", [["nothing"], ["--points", "10"], ["--points", "many"]])
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        hunt.main(arguments)
    assert stop.value.code == 2
    assert arguments[-1] in capsys.readouterr().err
