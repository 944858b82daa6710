"""The gate: what it calls worse, and that whatever did not run is neither good nor worse."""

import math
import os
import sys
import types

import pytest

pytest.importorskip("asv", reason="what the gate builds and runs with, in the extra 'bench'")
import pinned_python
from asv.util import ProcessError, UserError

from tools.speed import perf_gate
from tools.speed.perf_gate import BrokenError, Case, Comparison

TIME = Case("ufuncs.Ufuncs.time_ufunc", 3, ("'sigmoid'", "'float32'"), "time", "seconds")
ERROR = Case("accuracy.Accuracy.track_largest_error", 0, ("'tanh'",), "track", "ULP")
COUNT = Case("counts.Counts.track_per_element", 0, ("'tanh'",), "track", "instructions an element")
CALLS = Case("counts.Counts.track_per_call", 0, ("'tanh'",), "track", "instructions a call")
SIZE = Case("footprint.track_extension_size", None, (), "track", "bytes")


@pytest.mark.parametrize(
    ("case", "base", "head", "code"),
    [
        (TIME, 1.0, 1.0, 0),
        (TIME, 1.0, 1.09, 0),
        (TIME, 1.0, 1.15, 1),
        (TIME, 1.0, 0.5, 0),
        (ERROR, 0.7, 0.7, 0),
        (ERROR, 0.7, 0.7001, 1),
        (ERROR, 0.7, 0.6, 0),
        (ERROR, 0.7, math.inf, 1),
        (ERROR, 0.0, 0.5, 1),
        (ERROR, 0.0, 0.0, 0),
        (COUNT, 10.0, 10.005, 0),
        (COUNT, 10.0, 10.02, 1),
        (CALLS, 5000.0, 5114.0, 0),
        (CALLS, 5000.0, 5200.0, 1),
        (SIZE, 1e6, 1.05e6, 0),
        (SIZE, 1e6, 1.2e6, 1),
    ],
)
def test_exit_code(case, base, head, code, capsys):
    ratios = [head / base] if case is TIME else []
    same = Comparison(TIME, 1.0, 1.0, [1.0])
    assert perf_gate.report([same, Comparison(case, base, head, ratios)], {}, 1.1) == code
    out = capsys.readouterr().out
    assert (str(case) in out) == (code == 1)
    assert f"2 compared, {code} worse, 0 did not run" in out


@pytest.mark.parametrize(
    ("least", "median", "code"), [(1.15, 1.15, 1), (1.15, 1.0, 0), (1.0, 1.15, 0)]
)
def test_slower_by_the_least_times_and_by_the_median(least, median, code):
    comparison = Comparison(TIME, 1.0, least, [median, median, 2.0])
    assert perf_gate.report([comparison], {}, 1.1) == code
    assert comparison.suspicious(1.1) == (max(least, median) > 1.1)


def test_factor_is_for_times():
    slower = Comparison(TIME, 1.0, 1.15, [1.15])
    assert perf_gate.report([slower], {}, 1.2) == 0
    assert perf_gate.report([Comparison(ERROR, 0.7, 0.8)], {}, 1.2) == 1


@pytest.mark.parametrize(
    ("base", "head", "code", "text"),
    [
        (math.nan, math.nan, 0, "1 skipped in both: footprint.track_extension_size"),
        (math.nan, 1.0, 0, "1 new, so not compared: footprint.track_extension_size"),
        (1.0, math.nan, 2, "DID NOT RUN: footprint.track_extension_size: ran in BASE"),
    ],
)
def test_skipped(base, head, code, text, capsys):
    comparisons = [Comparison(TIME, 1.0, 1.0, [1.0]), Comparison(SIZE, base, head)]
    assert perf_gate.report(comparisons, {}, 1.1) == code
    assert text in capsys.readouterr().out


def test_what_did_not_run_outweighs_what_is_worse(capsys):
    slower = Comparison(TIME, 1.0, 1.15, [1.15])
    assert perf_gate.report([slower], {"calls.Calls": "Traceback"}, 1.1) == 2
    out = capsys.readouterr().out
    assert "+15.00%" in out
    assert "DID NOT RUN: calls.Calls: Traceback" in out


def test_nothing_selected_is_not_fine():
    assert perf_gate.report([], {}, 1.1) == 2


@pytest.mark.parametrize(
    ("first", "fresh", "growth"),
    [
        (1.20, [1.00, 1.01, 0.99, 1.00], 0.99),  # memory lay badly once
        (1.05, [1.15, 1.16, 1.14, 1.15], 1.05),  # or well
        (1.12, [1.15, 1.16, 1.14, 1.15], 1.12),
        (1.02, [], 1.02),  # not measured again
    ],
)
def test_suspicions_are_confirmed_in_fresh_processes(first, fresh, growth):
    other = Case("calls.Calls.time_1000_calls", 0, ("'tanh'",), "time", "seconds")
    comparisons = [Comparison(TIME, 1.0, first, [first]), Comparison(other, 1.0, 1.0, [1.0])]
    comparisons.append(Comparison(ERROR, 0.5, 0.7))
    rounds = []

    def measure(cases, swapped):
        rounds.append(swapped)
        return [Comparison(c, 1.0, f, [f]) for c in cases for f in [fresh[len(rounds) - 1]]]

    perf_gate.confirm(comparisons, 1.1, measure)
    assert rounds == [True, False, True, False]
    assert comparisons[0].growth == growth
    assert comparisons[0].ratios == [first, *fresh]
    assert comparisons[1].ratios == [1.0]


def test_turns_alternate(monkeypatch):
    monkeypatch.setattr(perf_gate, "SECONDS", 0.0)
    order = []
    pairs = list(
        perf_gate.turns(lambda: order.append("A") or 1.0, lambda: order.append("B") or 2.0)
    )
    assert "".join(order) == "ABBAABBAABBAAB"
    assert pairs == [(1.0, 2.0)] * 7


SUITE = """
import os, time

class Suite:
    params = ["fine", "lacking", "failing", "dying", "twice"]

    def setup(self, what):
        if what == "lacking":
            raise NotImplementedError

    def time_it(self, what):
        if what == "failing":
            raise ValueError("on purpose")
        if what == "dying":
            os._exit(3)
        time.sleep(0.004 if what == "twice" and "SLOW" in os.environ else 0.002)
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite of benchmarks that fail in all ways."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "suite.py").write_text(SUITE)
    monkeypatch.setattr(perf_gate, "SUITE", tmp_path)
    monkeypatch.setattr(perf_gate, "SECONDS", 0.05)
    return tmp_path


def environment(**variables):
    """What the gate needs of an environment of asv, with the interpreter that runs this."""
    return types.SimpleNamespace(find_executable=lambda _: sys.executable, env_vars=variables)


def test_times_of_two_processes(suite):
    names = ["fine", "lacking", "failing", "dying", "twice"]
    cases = [Case("suite.Suite.time_it", k, (n,), "time", "seconds") for k, n in enumerate(names)]
    broken = {}
    pair = {"base": environment(), "head": environment(SLOW="1")}
    results = {c.case.index: c for c in perf_gate.time_all(cases, pair, broken)}
    assert set(results) == {0, 1, 4}
    assert 0.7 < results[0].growths[0] < 1.4  # by the least times, so other load does little
    assert not results[1].compared
    assert 1.6 < results[4].growths[0] < 2.4
    assert list(map(str, (cases[2], cases[3]))) == list(broken)
    assert "on purpose" in broken["suite.Suite.time_it(failing)"]
    assert "exit code 3" in broken["suite.Suite.time_it(dying)"]


def test_peers_are_not_judged():
    parameters = {"params": [["'tanh'", "'sigmoid'"]], "type": "time", "unit": "seconds"}
    benchmarks = dict.fromkeys(["peers.Peers.time_peer", "calls.Calls.time_1000_calls"], parameters)
    selection = {name: [1] for name in benchmarks}
    selected = type("Benchmarks", (dict,), {"benchmark_selection": selection})(benchmarks)
    assert [c.id for c in perf_gate.cases(selected)] == ["calls.Calls.time_1000_calls-1"]


def test_what_does_not_build_is_broken(monkeypatch):
    def fail(*_):
        raise ProcessError(["cc"], 1, "", "")

    fake = types.SimpleNamespace(create=lambda: None, install_project=fail)
    monkeypatch.setattr(perf_gate, "get_environments", lambda *_: [fake])
    conf = types.SimpleNamespace(environment_type="virtualenv")
    with pytest.raises(BrokenError, match=r"HEAD \(12345678\) did not build"):
        perf_gate.build(conf, None, "head", "1234567890")
    monkeypatch.setattr(perf_gate, "get_environments", lambda *_: [])
    with pytest.raises(BrokenError, match="cannot make an environment"):
        perf_gate.build(conf, None, "head", "1234567890")


@pytest.mark.parametrize("error", [BrokenError("HEAD did not build"), ZeroDivisionError("a bug")])
def test_whatever_fails_is_not_a_regression(error, monkeypatch, capsys):
    def fail(_):
        raise error

    monkeypatch.setattr(perf_gate, "compare", fail)
    assert perf_gate.main(["main", "HEAD"]) == 2
    assert str(error) in capsys.readouterr().err


@pytest.mark.skipif(not (perf_gate.SUITE.parent / ".git").exists(), reason="not a clone")
def test_unknown_revision(monkeypatch, capsys):
    monkeypatch.chdir(".")  # undone at the end, as are the changes of these
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("PYTHONPATH", "")
    assert perf_gate.main(["no-such-commit", "HEAD"]) == 2
    assert "unknown revision 'no-such-commit'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["a"], ["a", "b", "--factor", "1"], ["a", "b", "--cpu=-1"]]
)
def test_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        perf_gate.main(arguments)
    assert exit_.value.code == 2
    capsys.readouterr()


def test_another_python_is_told_before_anything_is_done(monkeypatch, capsys):
    def load():
        return types.SimpleNamespace(pythons=["3.99"])

    monkeypatch.setattr(perf_gate.Config, "load", load)
    monkeypatch.setattr(perf_gate, "get_repo", lambda _: pytest.fail("is not to be reached"))
    monkeypatch.chdir(perf_gate.SUITE)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert perf_gate.main(["HEAD", "HEAD"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Python 3.99, and this is" in line
    assert "virtual environment of Python 3.99" in line


def test_asv_tells_of_another_python_before_anything_else(monkeypatch):
    conf = types.SimpleNamespace(pythons=["4.99"])
    monkeypatch.setattr(pinned_python.Config, "load", lambda: conf)
    monkeypatch.setattr(sys, "argv", ["asv", "run", "HEAD~2..HEAD"])
    with pytest.raises(UserError, match=r"Python 4.99, and python4.99 does not run here: install"):
        pinned_python.setup()
    for arguments in (["run", "--environment", "existing:python"], ["publish"]):
        monkeypatch.setattr(sys, "argv", ["asv", *arguments])
        pinned_python.setup()
    monkeypatch.setattr(sys, "argv", ["asv", "run", "HEAD~2..HEAD"])
    conf.pythons = [perf_gate.PYTHON]
    pinned_python.setup()


def test_asv_knows_the_plugin():
    assert perf_gate.Config.load(str(perf_gate.SUITE / "asv.conf.json")).plugins == [
        ".pinned_python"
    ]
