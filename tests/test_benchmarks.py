"""The benchmarks: every function has them, on operands that are what they should be."""

import itertools
import subprocess

import numpy as np
import pytest
from benchmarks import accuracy, bce, calls, common, counts, footprint, peers, ufuncs

import cyma
from cyma._functions import FUNCTIONS
from cyma._peers import PEERS
from cyma._table import DOMAINS, DTYPES

# What each is to be over; None where it may choose.
OVER = {
    ufuncs.Ufuncs: {"function": FUNCTIONS, "dtype": DTYPES, "n": (4_096, 65_536, 1_048_576)},
    ufuncs.Layouts: {"function": FUNCTIONS, "layout": ufuncs.LAYOUTS},
    calls.Calls: {"function": FUNCTIONS, "operands": ("n = 1", "n = 100", "float")},
    accuracy.Accuracy: {"function": FUNCTIONS, "dtype": DTYPES},
    counts.Counts: {"function": FUNCTIONS, "dtype": DTYPES},
    peers.Peers: {"peer": PEERS, "function": FUNCTIONS, "dtype": ("float32", "float64")},
}


@pytest.mark.parametrize("benchmark", OVER)
def test_everything_has_a_benchmark(benchmark):
    parameters = dict(zip(benchmark.param_names, benchmark.params, strict=True))
    assert set(parameters) == set(OVER[benchmark])
    for what, names in OVER[benchmark].items():
        missing = [name for name in names if name not in parameters[what]]
        assert not missing, f"{benchmark.__name__}: no benchmark for the {what} {missing}"


def test_every_scalar_function_has_a_benchmark():
    assert {name for name, f in FUNCTIONS.items() if f.nin == 1} <= set(calls.Scalars.params)


def test_no_scalar_function_is_skipped():
    for name in (name for name, f in FUNCTIONS.items() if f.nin == 1):
        benchmark = calls.Scalars()
        benchmark.setup(name)
        benchmark.time_1000_calls(name)


def test_every_form_of_bce_has_a_benchmark():
    functions = {f"bce_with_logits{suffix}" for suffix, _ in bce.FORMS.values()}
    assert functions == {name for name in cyma.__all__ if name.startswith("bce_with_logits")}


@pytest.mark.parametrize(
    "benchmark", [ufuncs.Ufuncs, ufuncs.Layouts, calls.Calls, bce.BceWithLogits, footprint.Bce]
)
def test_nothing_is_skipped(benchmark, monkeypatch):
    monkeypatch.setattr(ufuncs.Layouts, "n", 1024)
    parameters = benchmark.params if benchmark.param_names[1:] else [benchmark.params]
    for combination in itertools.product(*parameters):
        if combination[-1] in common.SIZES[1:]:
            continue
        benchmark().setup(*combination)  # would raise NotImplementedError


def test_what_a_commit_lacks_is_skipped():
    with pytest.raises(NotImplementedError, match="no arctan yet"):
        ufuncs.Ufuncs().setup("arctan", "float32", 4_096)
    with pytest.raises(NotImplementedError, match="no arctan yet"):
        accuracy.Accuracy().track_largest_error("arctan", "float32")


def test_operands(function, dtype):
    inputs = common.operands(function.name, dtype, 1000)
    assert len(inputs) == function.nin + 1
    assert {x.dtype for x in inputs} == {np.dtype(dtype)}
    assert len({x.ctypes.data % 4096 for x in inputs}) == len(inputs)
    assert {x.ctypes.data % 64 for x in inputs} == {0}
    ends = DOMAINS[function.domain] if function.nin == 2 else None
    if ends:
        assert (inputs[1].min(), inputs[1].max()) == pytest.approx(ends, abs=0.01)


@pytest.mark.parametrize("layout", ufuncs.LAYOUTS)
def test_layouts_differ_in_layout_only(layout, monkeypatch):
    monkeypatch.setattr(ufuncs.Layouts, "n", 1024)
    benchmark = ufuncs.Layouts()
    benchmark.setup("sigmoid", layout)
    benchmark.time_layout("sigmoid", layout)
    assert benchmark.out.size == 1024
    (x,) = benchmark.inputs
    strides = {"contiguous": (4,), "stride 2": (8,), "negative": (-4,), "broadcast": (4, 0)}
    if layout == "in place":
        assert x is benchmark.out
    else:
        assert x.strides == strides[layout]
        np.testing.assert_array_equal(benchmark.out, cyma.sigmoid(x))


def test_counts_are_differences(monkeypatch):
    # 7 for each element, 100 for each call, 1,000 around it all.
    fake = {
        counts.key("tanh", "float32", times, n): 1000 + times * (100 + 7 * n)
        for times, n in (counts.FEW_CALLS, counts.MANY_CALLS, counts.SHORT, counts.LONG)
    }
    benchmark = counts.Counts()
    benchmark.setup(fake, "tanh", "float32")
    assert benchmark.track_per_element(fake, "tanh", "float32") == 7
    assert benchmark.track_per_call(fake, "tanh", "float32") == 107
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert counts.count() == {}
    with pytest.raises(NotImplementedError, match="no valgrind"):
        benchmark.setup({}, "tanh", "float32")


def test_size_of_the_extension():
    assert 100_000 < footprint.track_extension_size() < 10_000_000


# Growth in a history, and whether its page is to show it.
HISTORY = {
    "ufuncs.Ufuncs.time_ufunc": (1.15, True),
    "ufuncs.Layouts.time_layout": (1.06, False),
    "calls.Calls.time_1000_calls": (0.8, False),
    "accuracy.Accuracy.track_largest_error": (1.01, True),
    "counts.Counts.track_per_element": (1.01, True),
    "counts.Counts.track_per_call": (1.01, False),
}


def test_published_history_shows_regressions(tmp_path, monkeypatch):
    """Results of eight commits, which change with the sixth."""
    pytest.importorskip("asv", reason="what measures history, in the extra 'bench'")
    from asv.commands.publish import Publish
    from asv.config import Config
    from asv.util import load_json, write_json

    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, text=True, capture_output=True
        ).stdout.strip()

    git("init", "-q")
    monkeypatch.chdir(common.ROOT / "asv_bench")
    conf = Config.load()
    conf.repo, conf.results_dir, conf.html_dir = (
        str(tmp_path / name) for name in ("", "results", "html")
    )
    machine = {"machine": "m", "os": "", "arch": "", "cpu": "", "num_cpu": "1", "ram": ""}
    (tmp_path / "results/m").mkdir(parents=True)
    write_json(conf.results_dir + "/m/machine.json", machine, 1)
    benchmark = {
        "params": [], "param_names": [], "unit": "", "type": "track", "version": "1", "code": "",
    }  # fmt: skip
    benchmarks = {name: {"name": name, **benchmark} for name in HISTORY}
    write_json(conf.results_dir + "/benchmarks.json", benchmarks, 2)
    for k in range(8):
        date = f"2026-01-0{k + 1}T00:00:00"
        monkeypatch.setenv("GIT_COMMITTER_DATE", date)
        git("commit", "-q", "--allow-empty", "-m", str(k), "--date", date)
        commit = git("rev-parse", "HEAD")
        results = {
            name: [[growth if k >= 5 else 1.0], [], "1"] for name, (growth, _) in HISTORY.items()
        }
        document = {
            "commit_hash": commit, "env_name": "e", "date": 1767225600000 + k * 86400000,
            "params": {**machine, "python": "3.13"}, "python": "3.13", "requirements": {},
            "env_vars": {}, "result_columns": ["result", "params", "version"],
            "results": results, "durations": {},
        }  # fmt: skip
        write_json(f"{conf.results_dir}/m/{commit[:8]}-e.json", document, 2)
    Publish.run(conf, pull=False)
    regressions = load_json(conf.html_dir + "/regressions.json")["regressions"]
    assert {row[0] for row in regressions} == {
        name for name, (_, shown) in HISTORY.items() if shown
    }
