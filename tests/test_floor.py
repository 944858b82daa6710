"""The tool that compares kernels with what the CPU's ports allow."""

import importlib.util
import json
import re
import shutil
import time

import pytest
from conftest import INFO

from cyma._functions import FUNCTIONS
from tools import runs
from tools.speed import floor

needs_gcc = pytest.mark.skipif(
    shutil.which("gcc") is None or not floor.TIERS, reason="no gcc, or no tier of x86-64"
)
needs_flags = pytest.mark.skipif(
    importlib.util.find_spec("Cython") is None, reason="setup.py, which has the flags, needs Cython"
)
needs_mca = pytest.mark.skipif(floor.llvm_mca() is None, reason="llvm-mca is not installed")


@pytest.fixture(scope="module", params=[t for t in INFO["fma_tiers"] if t.startswith("x86_64")])
def regions(request):
    """A tier, and its regions by name: number of elements and assembly."""
    found = floor.REGION.findall(floor.assembly("gcc", request.param))
    return request.param, {name: (int(count), body) for name, count, body in found}


@needs_gcc
@needs_flags
def test_every_kernel_is_marked(regions):
    compiled, by_name = regions
    for name in FUNCTIONS:
        for dtype, suffix in floor.DTYPES.items():
            own = runs.is_hand_written(compiled, name, dtype)
            assert by_name[f"{name}_avx512_{suffix}" if own else f"{name}_{suffix}"][0] >= 16


@needs_gcc
@needs_flags
def test_regions_are_what_most_blocks_run(regions):
    compiled, by_name = regions
    vector = {"x86_64_v3": 32, "x86_64_v4": 64}[compiled]
    for name, (count, body) in by_name.items():
        labels = set(re.findall(r"^(\S+):", body, re.MULTILINE))
        jumps = set(re.findall(r"^\s+j\w+\s+(\S+)", body, re.MULTILINE))
        assert not labels & jumps, f"{name} has a loop or a branch of its own"
        assert "scalef" not in body, f"{name} computes what is far"
        # A division a vector, of all vectors of a block, if any.
        divisions = len(re.findall(r"^\s+vdivp", body, re.MULTILINE))
        assert divisions in (0, count * (8 if name.endswith("f64") else 4) // vector), name


@needs_gcc
def test_the_clock_ticks_once_a_rotation(tmp_path):
    ticks = floor.clock("gcc", str(tmp_path))
    times = {}
    for rounds in (10_000, 40_000):
        spans = []
        for _ in range(20):
            start = time.perf_counter()
            ticks.run(rounds)
            spans.append(time.perf_counter() - start)
        times[rounds] = min(spans)
    assert 3 < times[40_000] / times[10_000] < 5
    gigahertz = 40_000 * floor.CHAIN / times[40_000] / 1e9
    assert 0.5 < gigahertz < 10


@needs_gcc
@needs_mca
def test_floors_are_of_all_vectors_of_a_block():
    text = "# LLVM-MCA-BEGIN some {count}\n{body}# LLVM-MCA-END"
    division = "\tvdivpd %ymm0, %ymm1, %ymm2\n"
    mca = floor.llvm_mca()
    one = floor.floors(text.format(count=4, body=division), mca)["some"]
    two = floor.floors(text.format(count=4, body=2 * division), mca)["some"]
    halved = floor.floors(text.format(count=8, body=2 * division), mca)["some"]
    assert one > 0.5
    assert two == pytest.approx(2 * one)
    assert halved == pytest.approx(one)


@needs_gcc
@needs_mca
@needs_flags
def test_a_run(tmp_path, capsys, monkeypatch):
    monkeypatch.delattr(floor.os, "sched_setaffinity", raising=False)
    path = tmp_path / "run.json"
    assert floor.main(["gcc", "--seconds", "0", "--json", str(path)]) == 0
    assert "sigmoid_bce_grad" in capsys.readouterr().out
    rows = json.loads(path.read_text())["results"]
    assert len(rows) == len(floor.TIERS) * len(FUNCTIONS) * len(floor.DTYPES)
    assert all(0 < row["floor"] < 2 * row["cycles"] for row in rows)


@needs_gcc
@needs_mca
def test_what_does_not_compile_is_named(tmp_path, capfd, monkeypatch):
    monkeypatch.delattr(floor.os, "sched_setaffinity", raising=False)
    monkeypatch.setattr(floor, "CLOCK", "no C")
    assert floor.main(["gcc"]) == 2
    assert "unknown type name" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["no-such-compiler"], ["gcc", "--seconds", "x"]])
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        floor.main(arguments)
    assert stop.value.code == 2
    assert "error" in capsys.readouterr().err
