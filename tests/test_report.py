"""``python -m cyma``."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import cyma
from cyma import __main__ as report
from cyma import _accuracy, _peers
from cyma._functions import FUNCTIONS
from cyma._reference import longdouble_is_exact_enough
from cyma._table import DTYPES
from cyma._ufuncs import UFUNCS

SMALL = ("sigmoid", "--dtype", "float32", "--quick")  # a report that takes no time

# Runs the report without what is slow to load, or as it is where NumPy alone is installed.
WITHOUT = """
import runpy, sys
sys.modules.update(dict.fromkeys({packages}))
runpy.run_module("cyma", run_name="__main__")
"""
PEERS = ["scipy", "torch", "jax", "numexpr"]
FAST = ("-c", WITHOUT.format(packages=PEERS))
NUMPY_ALONE = ("-c", WITHOUT.format(packages=[*PEERS, "rich", "mpmath"]))

posix = pytest.mark.skipif(os.name != "posix", reason="no such pipes and devices elsewhere")


def run(*arguments, how=FAST, text=True, stdout=subprocess.PIPE, **variables):
    """The report in a process, with variables of the environment."""
    return subprocess.run(
        [sys.executable, *how, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=text,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Output and JSON of a quick report on everything."""
    path = tmp_path_factory.mktemp("report") / "report.json"
    process = run("--quick", "--json", str(path), how=("-m", "cyma"))
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout, json.loads(path.read_text())


def test_report_covers_every_function_and_dtype(quick):
    output, document = quick
    rows = [(row["function"], row["dtype"]) for row in document["results"]]
    assert rows == [(name, dtype) for name in (*FUNCTIONS, *report.BCE) for dtype in DTYPES]
    for name in (*FUNCTIONS, "bce_with_logits", "bce_value_and_grad"):
        assert output.count(f"\n{name} ") == 2 * len(DTYPES)
    for dtype in DTYPES:
        assert len(re.findall(rf"^{dtype}(, over .*)?$", output, re.MULTILINE)) == 2


def test_report_tells_the_machine(quick):
    output, document = quick
    info = cyma.runtime_info()
    assert document["runtime"]["version"] == cyma.__version__
    assert document["machine"]["numpy"] == np.__version__
    assert document["machine"]["cpu"] in output
    assert f"cyma {cyma.__version__}, tier {document['runtime']['tier']}" in output
    assert document["runtime"]["supported_tiers"] == info["supported_tiers"]


def is_bce(row):
    return row["function"] in report.BCE


def test_report_measures(quick):
    _, document = quick
    for row in document["results"]:
        assert row["times"]["cyma"] > 0
        assert row["times"]["numpy"] > 0
        assert row["points"] >= 500
        assert len(row["worst_at"]) == (1 if is_bce(row) else FUNCTIONS[row["function"]].nin)
        # cyma's worst error is a real one: no function is exact everywhere.
        assert 0 < row["errors"]["cyma"] <= row["bound"]
        assert set(row["errors"]) == set(row["times"])
    # A known defect of the formula: it is 0 where the sigmoid is subnormal.
    sigmoid = {row["dtype"]: row for row in document["results"] if row["function"] == "sigmoid"}
    assert sigmoid["float32"]["errors"]["numpy"] > 1e6


def test_peers_that_are_usable_are_measured(quick):
    _, document = quick
    peers, _ = report.load_peers()
    assert list(document["machine"])[3:] == list(peers)
    seen = {dtype: set() for dtype in DTYPES}
    for row in document["results"]:
        seen[row["dtype"]] |= set(row["times"])
        if is_bce(row) and row["dtype"] in ("float32", "float64"):
            assert set(row["times"]) == {"cyma", *peers}
    assert seen["float32"] == seen["float64"] == {"cyma", *peers}
    assert not {"torch", "jax", "numexpr"} & seen["longdouble"]


def test_verdict_and_marks_are_what_was_measured(quick):
    output, document = quick
    slower = {}
    for row in document["results"]:
        ours = row["times"]["cyma"]
        ratios = {peer: float(f"{ns / ours:.3g}") for peer, ns in row["times"].items()}
        slower[row["function"], row["dtype"]] = {p: r for p, r in ratios.items() if r < 1}
    marked = [value for value in slower.values() if value]
    total, end = len(document["results"]), " (marked *)" if marked else ""
    assert output.splitlines()[-1] == (
        f"Verdict: all {total} within their bounds; "
        f"a peer is faster in {len(marked)} of {total}{end}"
    )
    assert len(re.findall(r" \*[0-9.]+x", output)) == sum(map(len, marked))
    for dtype in DTYPES:
        found = re.search(rf"^Faster peers in {dtype}: (.*\n(?:  .*\n)*)", output, re.MULTILINE)
        named = " ".join(found[1].split()) if found else ""
        for (name, of), peers in slower.items():
            text = ", ".join(f"{peer} {ratio:.3g}x" for peer, ratio in peers.items())
            assert (f"{name} ({text})" in named) == (of == dtype and bool(peers))
    assert "2.5x means that the peer takes 2.5 times as long" in " ".join(output.split())


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
        (["sigmoidd"], "function 'sigmoidd' (did you mean 'sigmoid'?); choose from sigmoid, "),
        (["bce"], "unknown function 'bce'; choose from sigmoid, "),
        (["bce_with_logit"], "(did you mean 'bce_with_logits'?); choose from sigmoid, "),
        (["sigmoid", "--quick", "tahn"], "unknown function 'tahn' (did you mean 'tanh'?)"),
        (["-1"], "unknown function '-1'"),
        (["--fast"], "unknown option '--fast'\n"),
        (["-q"], "unknown option '-q'\n"),
        (["--qui"], "unknown option '--qui' (did you mean '--quick'?)\n"),
        (["--jsn", "x.json"], "unknown option '--jsn' (did you mean '--json'?)\n"),
        (["--jsn=x.json", "sigmoid"], "unknown option '--jsn' (did you mean '--json'?)\n"),
        (["-json", "x.json"], "unknown option '-json' (did you mean '--json'?)\n"),
        (["tahn", "--dtyp", "float32"], "unknown option '--dtyp' (did you mean '--dtype'?)\n"),
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


def test_functions_and_options_in_any_order(tmp_path):
    path = tmp_path / "report.json"
    process = run(
        "bce_with_logits", "--quick", "tanh", "--json", str(path), "--dtype", "float32", "expit"
    )
    assert process.returncode == 0, process.stderr
    rows = json.loads(path.read_text())["results"]
    assert [row["function"] for row in rows] == ["sigmoid", "tanh", "bce_with_logits"]


@posix
@pytest.mark.parametrize("how", [FAST, NUMPY_ALONE], ids=["few peers", "NumPy alone"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("json_too", [False, True], ids=["report", "report and JSON"])
def test_a_reader_that_leaves_is_no_traceback(how, unbuffered, json_too, tmp_path):
    path = tmp_path / "report.json"
    command = [sys.executable, *how, *SMALL, *(["--json", str(path)] if json_too else [])]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
    if json_too:
        assert json.loads(path.read_text())["results"][0]["function"] == "sigmoid"


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [SMALL, (*SMALL, "--json", "-"), ("--help",)])
def test_a_stdout_that_cannot_be_written(arguments, unbuffered, tmp_path):
    path = tmp_path / "report.json"
    more = [] if "-" in arguments or "--help" in arguments else ["--json", str(path)]
    with open("/dev/full", "w") as full:
        process = run(*arguments, *more, stdout=full, PYTHONUNBUFFERED=unbuffered)
    if "--help" in arguments and unbuffered:
        return  # argparse of newer versions of Python swallows the error
    assert process.returncode == 2
    what = "'-'" if "-" in arguments else "the report"
    assert f"cannot write {what}: No space left on device\n" in process.stderr
    assert "Traceback" not in process.stderr
    if more:
        assert json.loads(path.read_text())["results"][0]["function"] == "sigmoid"


@posix
def test_a_full_disk_is_said():
    process = run(*SMALL, "--json", "/dev/full")
    assert process.returncode == 2
    assert process.stderr == "cannot write '/dev/full': No space left on device\n"
    assert "sigmoid" in process.stdout


def test_checking_the_json_file_leaves_it_alone(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("kept")
    assert report.writable_file(str(old)).read_text() == "kept"
    assert not report.writable_file(str(new)).exists()


def test_lines_fit_a_narrow_terminal(quick):
    # But for what names what is usable, or the CPU.
    _, _, *lines = (line for line in quick[0].splitlines() if not line.startswith("Not usable"))
    assert max(map(len, lines)) <= 80


def test_json_to_stdout_is_all_there_is(monkeypatch, capsys):
    def load():
        print("a peer that talks when it is loaded")
        return _peers.numpy_peers()

    monkeypatch.setitem(_peers.PEERS, "numpy", load)
    assert report.main([*SMALL, "--json", "-"]) == 0
    out, err = capsys.readouterr()
    assert [row["function"] for row in json.loads(out)["results"]] == ["sigmoid"]
    assert "a peer that talks" in err
    assert "\nsigmoid " in err
    assert "Verdict: all 1 within their bounds" in err


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp037", "utf-8", "utf-16"])
def test_any_encoding_of_stdout(encoding, tmp_path):
    path = tmp_path / "report.json"
    process = run(*SMALL, "--json", str(path), text=False, PYTHONIOENCODING=encoding)
    assert process.returncode == 0, process.stderr
    assert process.stderr == b""
    text = process.stdout.decode(encoding)
    assert text.isascii()
    assert "Verdict: all 1" in text
    assert json.loads(path.read_text())["results"]


# Where everything that comes from elsewhere has characters of many scripts.
FOREIGN_NAMES = r"""
import sys
sys.modules.update(dict.fromkeys(["scipy", "jax", "numexpr"]))
from cyma import __main__ as report, _peers
def load():
    raise OSError("libfoo\u2026: \u6ca1\u6709 \udcff")
_peers.PEERS["torch"] = load
report.cpu_name = lambda: "Prozessor\u2122 \u6f22 \u00e9"
sys.exit(report.run())
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252:strict"},
        {"PYTHONIOENCODING": "utf-8:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda environment: ", ".join(environment.values()),
)
def test_what_cannot_be_encoded_is_escaped(environment):
    def stdout_and_stderr(*arguments, code):
        process = run(*arguments, how=("-c", FOREIGN_NAMES), text=False, **environment)
        assert process.returncode == code, process.stderr
        assert b"Traceback" not in process.stderr
        return process.stdout, process.stderr

    out, _ = stdout_and_stderr(*SMALL, code=0)
    assert b"Prozessor" in out
    assert b"torch (OSError: libfoo" in out
    for arguments, message in [
        (["sigmoïd\u6f22"], b"unknown function"),
        (["--jsön"], b"unknown option"),
        (["--json", "ñ\u6f22/x"], b"cannot write"),
        (["--dtype", "\u6f22"], b"invalid choice"),
    ]:
        assert message in stdout_and_stderr(*arguments, code=2)[1]


@pytest.mark.parametrize("streams", ["stdout", "stderr", "stdout stderr"])
def test_without_a_console(streams, tmp_path):
    # As under pythonw: nothing is printed, also not to the stream that there is.
    how = ("-c", f"import sys\nfor s in {streams.split()}: setattr(sys, s, None)" + FAST[1])
    path = tmp_path / "report.json"
    process = run(*SMALL, "--json", str(path), how=how)
    assert process.returncode == 0, process.stderr
    assert json.loads(path.read_text())["results"]
    assert (process.stdout == "") == ("stdout" in streams)
    assert process.stderr == ""
    process = run("sigmoidd", how=how)
    assert process.returncode == 2
    assert process.stdout == ""
    process = run(*SMALL, "--json", "-", how=how)
    assert process.returncode == (2 if "stdout" in streams else 0)
    if "stdout" not in streams:
        assert json.loads(process.stdout)["results"]


def on_a_terminal(**environment):
    """What a terminal of 80 columns gets."""
    pty = pytest.importorskip("pty", reason="no such terminals here")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, *FAST, *SMALL]
    environment = {**variables, "TERM": "xterm-256color", **environment}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        output = b""
        try:
            while block := os.read(ours, 65536):
                output += block
        except OSError:  # Linux's end of a terminal
            pass
        os.close(ours)
        assert process.wait() == 0
    return output


@posix
@pytest.mark.parametrize(
    "environment",
    [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}],
    ids=str,
)
def test_no_escapes_where_none_are_wanted(environment):
    output = on_a_terminal(**environment)
    assert b"Verdict: " in output
    assert b"\x1b" not in output
    assert output.isascii()


@posix
def test_a_terminal_has_a_progress_bar():
    pytest.importorskip("rich", reason="what draws it")
    assert b"\x1b" in on_a_terminal()
    output = on_a_terminal(NO_COLOR="", PYTHONIOENCODING="cp1252")
    assert b"\x1b" in output
    assert output.isascii()


def test_no_escapes_in_a_file():
    process = run(*SMALL, FORCE_COLOR="1")
    assert "\x1b" not in process.stdout + process.stderr


def test_a_broken_peer_is_left_out(monkeypatch, capsys):
    def load():
        raise OSError("libfoo.so: cannot open shared object file")

    monkeypatch.setitem(_peers.PEERS, "torch", load)
    assert report.main(["sigmoid", "--dtype", "float32", "--quick"]) == 0
    assert "torch (OSError: libfoo.so: cannot open" in capsys.readouterr().out


def test_version():
    assert run("--version").stdout == f"cyma {cyma.__version__}\n"


def test_missing_packages_are_said_in_one_line():
    process = run("sigmoid", "bce_with_logits", "--quick", how=NUMPY_ALONE)
    assert process.returncode == 0, process.stderr
    assert (
        "\nNot usable here, so left out: scipy, torch, jax, numexpr, rich, mpmath\n"
        in process.stdout
    )
    lines = process.stdout.splitlines()
    rows = [line.split() for line in lines if line.startswith("sigmoid ")]
    assert len(rows) == 2 * len(DTYPES)
    # Without mpmath, nothing is exact enough for long double: its error is unknown.
    assert rows[3][1:] == [f"{FUNCTIONS['sigmoid'].bounds['longdouble']:g}", "-", "-"]
    unknown = [d for d in DTYPES if not longdouble_is_exact_enough(np.dtype(d))]
    kept = f"Verdict: {8 - 2 * len(unknown)} of 8 within their bounds, {2 * len(unknown)} unknown"
    assert lines[-1].startswith(f"{kept} without mpmath ({', '.join(unknown)}); ")


def test_a_broken_bound_is_reported(monkeypatch, capsys):
    monkeypatch.setitem(UFUNCS, "sigmoid", np.exp)
    assert report.main(["sigmoid", "--dtype", "float32", "--quick"]) == 1
    output = capsys.readouterr().out
    assert "BOUND EXCEEDED: sigmoid float32: " in output
    assert "\nVerdict: 0 of 1 within their bounds, 1 NOT; " in output


@pytest.mark.parametrize("name", report.BCE)
@pytest.mark.parametrize("dtype_", DTYPES)
def test_a_broken_bound_of_bce_is_reported(name, dtype_, monkeypatch, capsys):
    right = getattr(cyma, name)

    def wrong(x, z):
        result = right(x, z)
        eps = 20 * np.finfo(x.dtype).eps
        if not report.BCE[name]:
            return result * (1 + eps)
        value, grad = result
        return value, grad * (1 + eps)

    monkeypatch.setattr(cyma, name, wrong)
    report.exact_bce.cache_clear()
    assert report.main([name, "--dtype", dtype_, "--quick"]) == 1
    assert f"BOUND EXCEEDED: {name} {dtype_}: " in capsys.readouterr().out


def a_measurement(dtype="float32", error=0.5, jax=2.0):
    return report.Measurement(
        function="tanh",
        dtype=dtype,
        bound=1.0,
        reference=None if error is None else "mpmath",
        points=7,
        worst_at=["3.0"],
        errors={} if error is None else {"cyma": error, "jax": 3.0},
        times={"cyma": 2.0, "jax": 2.0 * jax},
    )


@pytest.mark.parametrize(
    ("measurements", "text"),
    [
        ([a_measurement()] * 3, "all 3 within their bounds; a peer is faster in 0 of 3"),
        (
            [a_measurement(jax=0.5), a_measurement(jax=0.9996), a_measurement(jax=0.994)],
            "all 3 within their bounds; a peer is faster in 2 of 3 (marked *)",
        ),
        (
            [a_measurement(error=1.001), a_measurement(error=np.inf), a_measurement()],
            "1 of 3 within their bounds, 2 NOT; a peer is faster in 0 of 3",
        ),
        (
            [a_measurement(), a_measurement("longdouble", None), a_measurement("float64", None)],
            "1 of 3 within their bounds, 2 unknown without mpmath (longdouble, float64); "
            "a peer is faster in 0 of 3",
        ),
        (
            [a_measurement(error=2.0), a_measurement("longdouble", None, jax=0.5)],
            "0 of 2 within their bounds, 1 NOT, 1 unknown without mpmath (longdouble); "
            "a peer is faster in 1 of 2 (marked *)",
        ),
    ],
)
def test_verdicts(measurements, text):
    assert report.verdict(measurements) == text


def test_numbers_are_short():
    numbers = [0.5, 0.0512, 1, 12.34, 132.1, 5432, 1.84e19, np.inf]
    texts = ["0.5", "0.0512", "1", "12.3", "132", "5.43e3", "1.84e19", "inf"]
    assert [report.three_digits(x) for x in numbers] == texts


@pytest.mark.parametrize("peer", _peers.PEERS)
def test_peers_compute_the_same_functions(peer):
    peers, missing = report.load_peers()
    if peer not in peers:
        pytest.skip(f"not usable here: {', '.join(missing)}")
    assert set(peers[peer]) <= set(FUNCTIONS)
    for name, f in peers[peer].items():
        operands = [np.linspace(0.1, 0.9, 9)] * UFUNCS[name].nin
        np.testing.assert_allclose(f(*operands), UFUNCS[name](*operands), rtol=1e-12)


@pytest.mark.parametrize("peer", _peers.BCE_PEERS)
@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_peers_compute_the_same_bce(peer, dtype_):
    peers, missing = report.load_peers()
    if peer not in peers:
        pytest.skip(f"not usable here: {', '.join(missing)}")
    rng = np.random.default_rng(0)
    x, z = rng.normal(0, 3, 100).astype(dtype_), rng.integers(0, 2, 100).astype(dtype_)
    rtol = {"float32": 1e-5, "float64": 1e-13}[dtype_]
    value, grad = cyma.bce_with_logits_value_and_grad(x, z)
    results = report.arrays_of(_peers.BCE_PEERS[peer](x, z, True)())
    assert [y.dtype for y in results] == [np.dtype(dtype_)] * 2
    for got, want in zip(results, (value, grad), strict=True):
        np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * np.max(np.abs(want)))
    np.testing.assert_allclose(_peers.BCE_PEERS[peer](x, z, False)(), value, rtol=rtol)


def test_functions_on_other_arrays_are_called_by_blocks():
    sizes = []

    def double(x):
        sizes.append(len(x))
        return [2 * y for y in x]

    for block, shape, called in [(4, (9,), [4] * 3), (4, (2, 4), [4] * 2), (None, (9,), [9])]:
        sizes.clear()
        x = np.arange(np.prod(shape), dtype=float).reshape(shape)
        np.testing.assert_array_equal(_peers.Converted(double, list, block)(x), 2 * x)
        assert sizes == called


@pytest.mark.parametrize("flags", [None, "--xla_cpu_enable_fast_math=false"])
def test_peers_leave_the_environment_alone(flags):
    code = """
import os
from cyma import __main__ as report
before = dict(os.environ)
peers, _ = report.load_peers()
assert dict(os.environ) == before
if "jax" in peers:
    import jax, numpy
    assert jax.config.jax_enable_x64
if "torch" in peers:
    import torch
    assert torch.get_num_threads() == 1
if "numexpr" in peers:
    import numexpr
    assert numexpr.get_num_threads() == 1
"""
    process = run(how=("-c", code), **({"XLA_FLAGS": flags} if flags else {}))
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_the_two_references_of_bce_agree(dtype_):
    if not longdouble_is_exact_enough(np.dtype(dtype_)):
        pytest.skip("long double is no wider than float64 here")
    for x, z in report.bce_problems(np.dtype(dtype_), 200).values():
        pairs = (_accuracy.exact_mean_bce(x, z, mpmath=m) for m in (True, False))
        for exact, near in zip(*pairs, strict=True):
            np.testing.assert_array_equal(exact.exponent, near.exponent)
            difference = sum(exact.multiple) - np.asarray(near.multiple[0], float)
            assert np.max(np.abs(difference / np.maximum(np.abs(sum(exact.multiple)), 1))) < 1e-15
