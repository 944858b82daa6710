"""``python -m cyma``."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import cyma
from cyma import __main__ as report
from cyma import _peers
from cyma._table import DTYPES
from cyma._ufuncs import FUNCTIONS, UFUNCS


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cyma", *arguments], capture_output=True, text=True, check=False
    )


# Runs the report as it is where NumPy alone is installed.
NUMPY_ALONE = """
import runpy, sys
sys.modules.update(dict.fromkeys(["rich", "mpmath", "scipy", "torch"]))
runpy.run_module("cyma", run_name="__main__")
"""


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Output and JSON of a quick report on everything."""
    path = tmp_path_factory.mktemp("report") / "report.json"
    process = run("--quick", "--json", str(path))
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout, json.loads(path.read_text())


def test_report_covers_every_function_and_dtype(quick):
    output, document = quick
    rows = {(row["function"], row["dtype"]) for row in document["results"]}
    assert rows == {(name, dtype) for name in FUNCTIONS for dtype in DTYPES}
    for name in FUNCTIONS:
        assert output.count(f"\n{name} ") == 2 * len(DTYPES)


def test_report_tells_the_machine(quick):
    output, document = quick
    info = cyma.runtime_info()
    assert document["runtime"]["version"] == cyma.__version__
    assert document["machine"]["numpy"] == np.__version__
    assert document["machine"]["cpu"] in output
    assert f"cyma {cyma.__version__}, tier {document['runtime']['tier']}" in output
    assert document["runtime"]["supported_tiers"] == info["supported_tiers"]


def test_report_measures(quick):
    _, document = quick
    for row in document["results"]:
        assert row["times"]["cyma"] > 0
        assert row["times"]["numpy"] > 0
        assert row["points"] >= 500
        assert len(row["worst_at"]) == FUNCTIONS[row["function"]].nin
        # cyma's worst error is a real one: no function is exact everywhere.
        assert 0 < row["errors"]["cyma"] <= row["bound"]
        assert set(row["errors"]) == set(row["times"])
    # A known defect of the formula: it is 0 where the sigmoid is subnormal.
    sigmoid = {row["dtype"]: row for row in document["results"] if row["function"] == "sigmoid"}
    assert sigmoid["float32"]["errors"]["numpy"] > 1e6


def test_selection(tmp_path):
    path = tmp_path / "report.json"
    process = run("expit", "tanh", "--dtype", "float64", "--quick", "--json", str(path))
    assert process.returncode == 0
    rows = json.loads(path.read_text())["results"]
    assert [(row["function"], row["dtype"]) for row in rows] == [
        ("sigmoid", "float64"),
        ("tanh", "float64"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sigmoidd"], "unknown function 'sigmoidd'; choose from sigmoid, "),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--qui"], "unrecognized arguments: --qui"),
        (["--dtype", "float8"], "argument --dtype: invalid choice: 'float8'"),
        (["--json"], "argument --json: expected one argument"),
        (["--json", "no/such/folder/x.json"], "cannot write 'no/such/folder/x.json': No such file"),
        (["--json", "."], "cannot write '.': Is a directory"),
        (["--json", f"{__file__}/x"], "x': Not a directory"),
        (["--json", "x" * 300], "': File name too long"),
    ],
)
def test_wrong_command_line(arguments, message):
    process = run(*arguments)
    assert process.returncode == 2
    assert message in process.stderr
    assert process.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="no such pipes elsewhere")
@pytest.mark.parametrize("how", [["-m", "cyma"], ["-c", NUMPY_ALONE]], ids=["all", "NumPy alone"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_traceback(how, unbuffered):
    command = [sys.executable, *how, "sigmoid", "--dtype", "float32", "--quick"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.skipif(os.name != "posix", reason="no such device elsewhere")
def test_a_full_disk_is_said():
    process = run("sigmoid", "--dtype", "float32", "--quick", "--json", "/dev/full")
    assert process.returncode == 2
    assert process.stderr == "cannot write '/dev/full': No space left on device\n"
    assert "sigmoid" in process.stdout


def test_checking_the_json_file_leaves_it_alone(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("kept")
    assert report.writable_file(str(old)).read_text() == "kept"
    assert not report.writable_file(str(new)).exists()


def test_nothing_is_cut_off_in_a_narrow_terminal(quick):
    output = quick[0]
    assert "…" not in output
    lines = [line for line in output.splitlines() if line.startswith(tuple(FUNCTIONS))]
    assert len(lines) == 2 * len(FUNCTIONS) * len(DTYPES)


def test_a_broken_peer_is_left_out(monkeypatch, capsys):
    def load():
        raise OSError("libfoo.so: cannot open shared object file")

    monkeypatch.setitem(_peers.PEERS, "torch", load)
    assert report.main(["sigmoid", "--dtype", "float32", "--quick"]) == 0
    assert "torch (OSError: libfoo.so: cannot open" in capsys.readouterr().out


def test_version():
    assert run("--version").stdout == f"cyma {cyma.__version__}\n"


def test_missing_packages_are_said_in_one_line():
    process = subprocess.run(
        [sys.executable, "-c", NUMPY_ALONE, "sigmoid", "--quick"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "\nNot usable here, so left out: scipy, torch, rich, mpmath\n" in process.stdout
    lines = process.stdout.splitlines()
    rows = [line.split() for line in lines if line.startswith("sigmoid ")]
    assert [row[:2] for row in rows] == [["sigmoid", dtype] for dtype in DTYPES] * 2
    # Without mpmath, nothing is exact enough for long double: its error is unknown.
    assert rows[3][2:] == [f"{FUNCTIONS['sigmoid'].bounds['longdouble']:g}", "-", "-"]


def test_a_broken_bound_is_reported(monkeypatch, capsys):
    monkeypatch.setitem(UFUNCS, "sigmoid", np.exp)
    assert report.main(["sigmoid", "--dtype", "float32", "--quick"]) == 1
    assert "BOUND EXCEEDED: sigmoid float32: " in capsys.readouterr().out


@pytest.mark.parametrize("peer", _peers.PEERS)
def test_peers_compute_the_same_functions(peer):
    peers, missing = report.load_peers()
    if peer not in peers:
        pytest.skip(f"not usable here: {', '.join(missing)}")
    assert set(peers[peer]) <= set(FUNCTIONS)
    for name, f in peers[peer].items():
        operands = [np.linspace(0.1, 0.9, 9)] * UFUNCS[name].nin
        np.testing.assert_allclose(f(*operands), UFUNCS[name](*operands), rtol=1e-12)
