"""The tool that sweeps all inputs sees what it should: each fault is planted and found."""

import dataclasses
import itertools
import json
import shutil

import numpy as np
import pytest

from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS
from tools.accuracy import sweep

COMPILER = sweep.compiler()[0]
pytestmark = pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"no C compiler {COMPILER}")

# Some thousand numbers from subnormal to moderate, all of whose neighbours are 97 places away.
START = 2**31
TASK = sweep.Task("float32", START, 97 * 2**14, 700)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return sweep.compile_library(str(tmp_path_factory.mktemp("sweep")))


@pytest.fixture
def sweep_with(library):
    """Statistics of a function whose results at some inputs are replaced."""

    def run(name, change, task=TASK):
        worker = sweep.Worker(library, [name], False)
        worker.contenders = {"changed": {name: lambda x: change(x, UFUNCS[name](x))}}
        with np.errstate(all="ignore"):
            (statistics,) = worker.sweep_task(task).values()
        return sweep.Statistics.from_buffer_copy(statistics)

    return run


def test_numbers_are_in_order():
    for dtype, width in (("float16", 16), ("float32", 32)):
        places = np.unique(np.linspace(0, 2**width - 1, 10_001).astype(np.int64))
        x = sweep.numbers_at(places, dtype)
        np.testing.assert_array_equal(sweep.places_of(x), places)
        finite = x[np.isfinite(x)]
        assert np.all(np.diff(finite) >= 0)
        ends = sweep.numbers_at(np.array([0, 2 ** (width - 1) - 1, 2 ** (width - 1)]), dtype)
        assert np.isnan(ends[0])
        assert list(np.signbit(ends[1:])) == [True, False]
        assert np.all(ends[1:] == 0)


@pytest.mark.parametrize("stride", [1, 61])
def test_tasks_cover_the_inputs(stride):
    parts = sweep.tasks("float32", stride)
    regular = [part for part in parts if part.step == stride and part.count != 1000]
    assert sum(part.count for part in regular) == -(-(2**32) // stride)
    starts = [part.start for part in regular]
    assert np.all(np.diff(starts) == sweep.TASK * stride)
    if stride > 1:
        dense = [range(part.start, part.start + part.count) for part in parts if part.step == 1]
        for x in (0.0, 2.0**-126, 1.0, 20.0, 107.0, np.log(2) / 4, 1.5 * np.log(2), np.inf):
            for sign in (1, -1):
                place = int(sweep.places_of(np.array([sign * x], np.float32))[0])
                assert any(place in part and place + 100 in part for part in dense), x
    else:
        assert len(regular) == len(parts)


def test_blocks_join_without_a_gap():
    task = sweep.Task("float16", 0, 1, 2**16)
    blocks = list(task.blocks())
    joined = np.concatenate([blocks[0][:1], *(block[1:] for block in blocks)])
    np.testing.assert_array_equal(sweep.places_of(joined[1:]), np.arange(2**16))
    for before, after in itertools.pairwise(blocks):
        assert sweep.places_of(before[-1:]) == sweep.places_of(after[:1])


def test_nothing_is_found_where_there_is_nothing(sweep_with):
    s = sweep_with("tanh", lambda x, y: y)
    assert s.inputs == TASK.count
    assert max(s.normal.error, s.subnormal.error) <= 1
    assert s.steps_back == s.out_of_range == s.asymmetric == s.nan_faults == 0


def test_every_nan_and_infinity_is_seen(sweep_with):
    whole = sweep.Task("float16", 0, 1, 2**16)
    s = sweep_with("softplus", lambda x, y: y, whole)
    assert s.inputs == 2**16
    assert s.nan_faults == 0
    assert s.normal.error < 0.51


def planted(place, value):
    """A change of one result: of the input at that place of the task."""
    at = sweep.numbers_at(np.array([TASK.start + TASK.step * place]), "float32")[0]
    return at, lambda x, y: np.where(x == at, np.float32(value), y)


@pytest.mark.parametrize("place", [1, 300, 699])
def test_an_error_is_found_with_its_place(sweep_with, place):
    at, change = planted(place, 0.25)
    s = sweep_with("tanh", change)
    exact = np.tanh(np.float64(at))
    extreme = s.normal if abs(exact) >= 2.0**-126 else s.subnormal
    ulp = np.spacing(np.float32(max(abs(exact), 2.0**-126)))
    assert extreme.error == pytest.approx(abs(0.25 - exact) / ulp)
    assert (extreme.x, extreme.got) == (at, 0.25)
    assert extreme.want == pytest.approx(exact)
    assert s.misrounded == sweep_with("tanh", lambda x, y: y).misrounded + 1


def test_an_error_in_subnormal_results_is_apart(sweep_with):
    at, change = planted(3, 0)
    assert 0 < at < 2.0**-126
    s = sweep_with("tanh", change)
    assert s.subnormal.error == at / 2.0**-149
    assert s.normal.error <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_results_that_are_no_numbers(sweep_with, value):
    _, change = planted(600, value)
    s = sweep_with("tanh", change)
    assert s.normal.error == np.inf
    assert s.nan_faults == np.isnan(value)
    assert s.out_of_range == np.isinf(value)


def test_a_number_for_nan_is_found(sweep_with):
    whole = sweep.Task("float16", 0, 1, 2**16)
    s = sweep_with("tanh", lambda x, y: np.where(np.isnan(x), x.dtype.type(0), y), whole)
    assert s.nan_faults == 2 * (2**10 - 1)


def test_a_result_out_of_range_is_found(sweep_with):
    _, change = planted(650, np.nextafter(np.float32(1), np.float32(2)))
    s = sweep_with("tanh", change)
    assert s.out_of_range == 1


def test_a_step_back_is_found(sweep_with):
    at, _ = planted(400, 0)
    step_down = np.nextafter(np.float32(np.tanh(at)), np.float32(0)) / np.float32(1.5)
    s = sweep_with("tanh", planted(400, step_down)[1])
    assert s.steps_back == 1
    assert (s.step.x, s.step.got) == (at, step_down)
    assert s.step.want > s.step.got
    # The other way round for a function that falls: rising is a step back.
    s = sweep_with("logsigmoid_deriv", planted(500, 0.75)[1])
    assert s.steps_back == 1
    assert s.step.got == 0.75
    # None is one for a function that does both.
    assert sweep_with("tanh_deriv", planted(500, 0.75)[1]).steps_back == 0


def test_an_asymmetric_result_is_found(sweep_with):
    _, change = planted(500, 0.125)
    assert sweep_with("tanh", change).asymmetric == 1
    both_zero = sweep.Task("float32", 2**31 - 1, 1, 2)
    s = sweep_with("tanh", lambda x, y: np.abs(y), both_zero)
    assert s.asymmetric == 2  # 0.0 for -0.0


def test_a_result_unlike_the_mirror_is_found(library):
    worker = sweep.Worker(library, ["sigmoid"], False)
    mirror = lambda x: np.where(x < -1, np.float32(0.75), UFUNCS["logsigmoid_deriv"](x))  # noqa: E731
    worker.contenders = {"changed": {"sigmoid": UFUNCS["sigmoid"], "logsigmoid_deriv": mirror}}
    (statistics,) = worker.sweep_task(TASK).values()
    x = np.concatenate([block[1:] for block in TASK.blocks()])
    found = sweep.Statistics.from_buffer_copy(statistics).asymmetric
    assert found == np.sum((x > 1) & (UFUNCS["sigmoid"](x) != 0.75))
    assert found > 10


def test_statistics_add_up(sweep_with):
    first = sweep_with("tanh", planted(300, 0.25)[1])
    second = sweep_with("tanh", planted(100, 0.5)[1])
    total = sweep.Statistics.from_buffer_copy(bytes(first))
    total.add(second)
    assert total.inputs == 2 * TASK.count
    assert total.normal.error == max(first.normal.error, second.normal.error)
    assert total.misrounded == first.misrounded + second.misrounded


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("normal", sweep.Extreme(1.01), "error of 1.01 > 1 ULP"),
        ("subnormal", sweep.Extreme(1.01), "error of 1.01 > 1 ULP"),
        ("step", sweep.Extreme(1), "step back of 1 ULP"),
        ("out_of_range", 1, "out of range: 1"),
        ("asymmetric", 2, "asymmetric: 2"),
        ("nan_faults", 3, "nan faults: 3"),
    ],
)
def test_broken_promises_are_named(monkeypatch, field, value, text):
    monkeypatch.setattr(sweep.cyma, "runtime_info", lambda: {"fma_tiers": ["some"]})
    s = sweep.Statistics()
    assert sweep.broken_promises(FUNCTIONS["tanh"], "float32", "some", s, whole=True) == []
    setattr(s, field, value)
    (fault,) = sweep.broken_promises(FUNCTIONS["tanh"], "float32", "some", s, whole=True)
    assert text in fault
    lenient = dataclasses.replace(FUNCTIONS["tanh"], trend="NEARLY_RISING")
    excused = sweep.broken_promises(lenient, "float32", "some", s, whole=True) == []
    assert excused == (field == "step")


def test_a_part_must_not_err_by_more_than_the_whole(monkeypatch):
    monkeypatch.setattr(sweep.cyma, "runtime_info", lambda: {"fma_tiers": ["some"]})
    function, s = FUNCTIONS["tanh"], sweep.Statistics()
    known = function.worst["float32", True].error
    for error, broken in ((known, False), (known + 0.001, True)):
        s.normal = sweep.Extreme(error)
        assert sweep.broken_promises(function, "float32", "some", s, whole=True) == []
        assert bool(sweep.broken_promises(function, "float32", "some", s, whole=False)) == broken
    unpublished = dataclasses.replace(function, worst={})
    assert sweep.broken_promises(unpublished, "float32", "some", s, whole=False) == []


def test_the_reference_is_exact_enough():
    assert sweep.error_of_the_reference("sigmoid_deriv") < 1e-6


def test_whole_runs_end_with_the_right_code(monkeypatch, capsys, tmp_path):
    some = {"float16": [sweep.Task("float16", 0, 1, 2**16)]}
    some["float32"] = sweep.tasks("float32", 65537)[::500]
    monkeypatch.setattr(sweep, "tasks", lambda dtype, stride: some[dtype])
    report = tmp_path / "sweep.json"
    arguments = ["tanh", "--stride", "65537", "--jobs", "1", "--json", str(report)]
    assert sweep.main(arguments) == 0
    assert "tanh" in capsys.readouterr().out
    document = json.loads(report.read_text())
    assert document["stride"] == 65537
    assert {row["by"] for row in document["results"]} == set(document["tiers"])
    for row in document["results"]:
        assert row["inputs"] == sum(task.count for task in some[row["dtype"]])
    monkeypatch.setattr(sweep, "broken_promises", lambda *_, whole: ["an error"])
    assert sweep.main(arguments) == 1
    assert "BROKEN: tanh float32" in capsys.readouterr().out
    monkeypatch.setattr(sweep, "broken_promises", lambda *_, whole: [])
    monkeypatch.setattr(sweep, "error_of_the_reference", lambda name: 1e-3)
    assert sweep.main(arguments) == 1
    assert "BROKEN: the reference errs" in capsys.readouterr().out


def test_a_missing_compiler_is_named(monkeypatch, capsys):
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(SystemExit) as stop:
        sweep.main(["tanh"])
    assert stop.value.code == 2
    assert "no-such-compiler" in capsys.readouterr().err
    monkeypatch.setenv("CC", "")
    assert sweep.compiler() == ["cc"]


@pytest.mark.parametrize(
    "arguments", [["sigmoid_bce"], ["nothing"], ["--stride", "0"], ["--stride", "x"]]
)
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        sweep.main(arguments)
    assert stop.value.code == 2
    assert arguments[-1] in capsys.readouterr().err
