"""The comparison of speeds: its contenders compute the same, and it tells what it measured."""

import json

import numpy as np
import pytest

from cyma import _peers
from cyma._functions import FUNCTIONS
from cyma._table import DTYPES
from tools import runs
from tools.speed import side_by_side

CONTENDERS = runs.installed(side_by_side.CONTENDERS)


def test_contenders_agree(function, dtype):
    row = side_by_side.measure(function.name, 100, dtype, CONTENDERS, 0.0)
    assert {"cyma", "numpy"} <= set(row["ns"]) <= {*CONTENDERS, side_by_side.YARDSTICK}
    assert set(row["ratios"]) == set(row["ns"])
    assert row["ratios"]["cyma"] == 1
    assert all(0 < t < 1e9 for t in row["ns"].values())


def test_every_function_has_an_expression():
    assert set(side_by_side.NUMPY) == set(_peers.NUMEXPR) == set(FUNCTIONS)


@pytest.mark.parametrize("module", ["torch", "jax"])
def test_peers_have_every_function(module, function):
    pytest.importorskip(module, reason=f"{module} is not installed")
    assert module in side_by_side.calls_of(function.name, 100, "float32", ["cyma", module])


def test_what_differs_is_not_timed(monkeypatch):
    monkeypatch.setitem(side_by_side.NUMPY, "tanh", np.sin)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        side_by_side.measure("tanh", 100, "float64", ["cyma", "numpy"], 0.0)


def test_errors_are_those_of_each_contender(monkeypatch):
    monkeypatch.setitem(
        side_by_side.NUMPY, "tanh", lambda x, out: np.multiply(np.tanh(x), np.float32(1.00001), out)
    )
    found = side_by_side.errors("tanh", "float32", ["cyma", "numpy"])
    assert found["cyma"] <= FUNCTIONS["tanh"].bounds["float32"]
    assert 50 < found["numpy"] < 200


def test_ratios_are_medians_of_rounds():
    # The third round was slow for both: that must not show.
    rounds = {"cyma": [10, 10, 40, 10, 10], "numpy": [20, 20, 80, 20, 30]}
    ns, ratios = side_by_side.medians(rounds, "cyma", 10)
    assert ns == {"cyma": 1.0, "numpy": 2.0}
    assert ratios == {"cyma": 1.0, "numpy": 2.0}


def a_run():
    rows = [(4096, 2.0), (65536, 0.5), (1, 9.0), (100, 0.75)]
    return {
        "machine": {"cpu": "some CPU", "cyma": "1", "numpy": "2"},
        "tier": "baseline",
        "contenders": ["cyma", "numpy"],
        "scalars": {"math.tanh": {"ns": 40.0, "ratio": 1.0}},
        "errors": {"tanh": {"float32": {"cyma": 0.5, "numpy": 1.25}}},
        "results": [
            {
                "function": "tanh",
                "dtype": "float32",
                "n": n,
                "ns": {"cyma": 0.25, "numpy": 0.25 * ratio},
                "ratios": {"cyma": 1.0, "numpy": ratio, "np.tanh": 4.0},
            }
            for n, ratio in rows
        ],
    }


def test_summary():
    header, rows = side_by_side.summary(a_run(), ("float32", "float64"))
    assert header == ["function, float32 / float64", "cyma, ns an element", "numpy"]
    assert rows == [["tanh", "0.25 / -", "1.00 / -"]]  # geometric mean of 2 and 1/2


def test_faster_peers_are_named_with_their_errors():
    _, rows = side_by_side.faster_peers(a_run())
    assert [row[2:5] for row in rows] == [["65,536", "numpy", "0.50"], ["100", "numpy", "0.75"]]
    assert rows[0] == ["tanh", "float32", "65,536", "numpy", "0.50", "1.25", "0.5"]


def test_times_over_that_of_the_yardstick():
    header, rows = side_by_side.against_the_yardstick(a_run())
    assert header == ["function", "dtype", "4,096", "65,536", "1", "100"]
    assert rows == [["tanh", "float32", "0.25", "0.25", "0.25", "0.25"]]


def test_a_run_is_shown_and_written(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    run, table = tmp_path / "run.json", tmp_path / "table.md"
    run.write_text(json.dumps(a_run()))
    assert (
        side_by_side.main(
            ["--from", str(run), "--markdown", str(table), "--plots", str(tmp_path / "plots")]
        )
        == 0
    )
    output = capsys.readouterr().out
    assert "some CPU, cyma 1, numpy 2; tier baseline" in output
    assert "| tanh | 0.25 / - | 1.00 / - |" in table.read_text()
    assert (tmp_path / "plots" / "float32.png").read_bytes().startswith(b"\x89PNG")


def test_quick_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(side_by_side.os, "sched_setaffinity", lambda *_: None, raising=False)
    path = tmp_path / "run.json"
    arguments = ["tanh", "--dtype", "float32", "--quick", "--json", str(path)]
    assert side_by_side.main(arguments) == 0
    document = json.loads(path.read_text())
    assert {row["n"] for row in document["results"]} == {1, 100, 4096, 65536}
    assert set(document["scalars"]) == {"math.tanh"} | {
        name for name, f in FUNCTIONS.items() if f.nin == 1
    }
    assert document["scalars"]["math.tanh"]["ratio"] == 1
    assert document["contenders"] == CONTENDERS
    assert "geometric mean from 4,096 on" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "unknown function 'nothing'"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
        (["--tier", "x86_64_v9"], "invalid choice: 'x86_64_v9'"),
        (["--from", "no/such/file"], "No such file"),
        (["--json", "no/such/folder/x"], "cannot write 'no/such/folder/x'"),
    ],
)
def test_wrong_command_lines(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        side_by_side.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_recorded_runs_are_complete():
    from tools import publish

    kernels, others = side_by_side.DTYPES, set(DTYPES) - set(side_by_side.DTYPES)
    runs_of = [(publish.SPEED, kernels), (publish.SPEED_AVX2, kernels)]
    for run, dtypes in [*runs_of, (publish.SPEED_LONGDOUBLE, others)]:
        cells = {(r["function"], r["dtype"], r["n"]) for r in run["results"]}
        assert cells == {(f, d, n) for f in FUNCTIONS for d in dtypes for n in side_by_side.SIZES}
        assert run["contenders"] == list(side_by_side.CONTENDERS)
    assert (publish.SPEED["tier"], publish.SPEED_AVX2["tier"]) == ("x86_64_v4", "x86_64_v3")
