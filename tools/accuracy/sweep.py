"""Check every one-argument function in float32 and float16 over all inputs, or a strided part.

Of each tier that this CPU can run, and with ``--peers`` of NumPy, SciPy and torch, it counts: the
largest error and where it is, results that are not correctly rounded, steps against the trend
between neighbouring inputs, and results out of range, asymmetric, or wrongly nan or not nan. The
exact values are those of the definitions in float64, whose own error it measures first.

Usage: ``python -m tools.accuracy.sweep``, or ``python -m tools.accuracy.sweep --stride 61``: a part
of the inputs and every one near a power of two or a seam of a kernel, in seconds. It needs a C
compiler and the extra "bench". Exit code: 0; 1 if a promise of the function table is broken, or a
part errs by more than the whole did; 2 for a wrong command line, or if the compiler or a package is
missing.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import ctypes
import dataclasses
import multiprocessing
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

import cyma
from cyma import _accuracy, _reference
from cyma.__main__ import cpu_name, load_peers, print_table, progress, writable_file
from cyma._functions import FUNCTIONS
from cyma._table import Function
from cyma._ufuncs import UFUNCS
from tools.runs import (
    FAULTS,
    cores,
    machine,
    on_tier,
    positive,
    unary_function,
    usable_peers,
    write,
)

SOURCE = pathlib.Path(__file__).with_suffix(".c")
UNARY = {name: f for name, f in FUNCTIONS.items() if f.nin == 1}

# Inputs at a time: what the caches hold, and what a process is given.
BLOCK = 2**14
TASK = 2**22


class Extreme(ctypes.Structure):
    """An input with a large error; as in sweep.c."""

    _fields_ = [(name, ctypes.c_double) for name in ("error", "x", "got", "want")]


class Statistics(ctypes.Structure):
    """What is counted; as in sweep.c."""

    COUNTS = ("inputs", "misrounded", "steps_back", *FAULTS.values())
    EXTREMES = ("normal", "subnormal", "step")
    _fields_ = [(name, ctypes.c_int64) for name in COUNTS] + [(name, Extreme) for name in EXTREMES]

    def add(self, other: Statistics) -> None:
        """Take the counts of other inputs in."""
        for name in self.COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in self.EXTREMES:
            if getattr(other, name).error > getattr(self, name).error:
                setattr(self, name, getattr(other, name))

    def as_dict(self) -> dict:
        """What is counted, for JSON: numbers in hexadecimal."""
        document = {name: getattr(self, name) for name in self.COUNTS}
        for name in self.EXTREMES:
            extreme = getattr(self, name)
            document[name] = {
                k: _accuracy.hexadecimal(getattr(extreme, k)) for k in ("x", "got", "want")
            }
            document[name]["error"] = extreme.error
        return document


class Promise(ctypes.Structure):
    """What the function table says; as in sweep.c."""

    _fields_ = [
        ("least", ctypes.c_double),
        ("greatest", ctypes.c_double),
        ("slope", ctypes.c_int32),
        ("mantissa", ctypes.c_int32),
        ("least_exponent", ctypes.c_int32),
    ]

    @classmethod
    def of(cls, function: Function, dtype: np.dtype) -> Promise:
        """The promise for results of a dtype."""
        info = np.finfo(dtype)
        return cls(function.least, function.greatest, function.slope, info.nmant, info.minexp)


@dataclasses.dataclass(frozen=True)
class Task:
    """Part of the inputs of a dtype: ``count`` of them, ``step`` apart in their order."""

    dtype: str
    start: int
    step: int
    count: int

    def blocks(self) -> Iterator[np.ndarray]:
        """Inputs in blocks, each with its predecessor before it."""
        for done in range(0, self.count, BLOCK):
            places = self.start + self.step * np.arange(done - 1, min(done + BLOCK, self.count))
            places[0] = max(places[0], 0)
            yield numbers_at(places, self.dtype)


def numbers_at(places: np.ndarray, dtype: str) -> np.ndarray:
    """Numbers of a dtype by their place from below; nan at both ends, -0.0 just before 0.0."""
    width = 8 * np.dtype(dtype).itemsize
    sign = 2 ** (width - 1)
    n = places.astype(f"uint{width}")
    return (n ^ (((n >> (width - 1)) - 1) | sign)).view(dtype)


def places_of(x: np.ndarray) -> np.ndarray:
    """The inverse of `numbers_at`."""
    width = 8 * x.dtype.itemsize
    sign = 2 ** (width - 1)
    bits = x.view(f"uint{width}").astype(np.int64)
    return np.where(bits < sign, bits + sign, 2**width - 1 - bits)


def tasks(dtype: str, stride: int) -> list[Task]:
    """All inputs of a dtype; or every stride-th, and all that are near a binade or a seam."""
    size = 2 ** (8 * np.dtype(dtype).itemsize)
    per_task = TASK * stride
    parts = [
        Task(dtype, start, stride, -(-(min(start + per_task, size) - start) // stride))
        for start in range(0, size, per_task)
    ]
    if stride > 1:
        reach = 500
        info = np.finfo(dtype)
        binades = np.ldexp(1.0, np.arange(info.minexp - info.nmant, info.maxexp))
        seams = _accuracy.reduction_boundaries(np.dtype(dtype))
        centres = np.concatenate(
            [[0, np.inf], binades, _accuracy.thresholds(np.dtype(dtype)), seams]
        )
        centres = np.concatenate([centres, -centres]).astype(dtype)
        starts = np.unique(places_of(centres)) - reach
        parts += [Task(dtype, int(start), 1, 2 * reach) for start in starts]
    return parts


def compiler() -> list[str]:
    """The C compiler: CC, or else cc."""
    return shlex.split(os.environ.get("CC", "")) or ["cc"]


def compile_library(folder: str) -> str:
    """Compile sweep.c to a shared library; returns its path."""
    library = os.path.join(folder, "sweep.so")
    flags = ["-std=c11", "-O3", "-march=native", "-fno-trapping-math", "-ffp-contract=off"]
    flags += ["-shared", "-fPIC"]
    subprocess.run([*compiler(), *flags, str(SOURCE), "-o", library, "-lm"], check=True)
    return library


class Worker:
    """A process that sweeps: the library and the contenders are loaded once."""

    instance: Worker

    def __init__(self, library: str, functions: list[str], peers: bool):
        self.sweep = ctypes.CDLL(library).cyma_sweep
        self.sweep.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_ssize_t] + [ctypes.c_void_p] * 2
        self.functions = functions
        self.contenders: dict[str, dict[str, Callable]] = {
            tier: {name: on_tier(tier, UFUNCS[name]) for name in UNARY}
            for tier in cyma.runtime_info()["supported_tiers"]
        }
        if peers:
            self.contenders.update(load_peers()[0])

    @classmethod
    def start(cls, *arguments) -> None:
        """Start the worker of this process."""
        cls.instance = cls(*arguments)

    @classmethod
    def run(cls, task: Task) -> dict[tuple[str, str], bytes]:
        """Statistics of a task, by function and contender."""
        with np.errstate(all="ignore"):
            return cls.instance.sweep_task(task)

    def sweep_task(self, task: Task) -> dict[tuple[str, str], bytes]:
        """Sweep a task."""
        result: dict = collections.defaultdict(Statistics)
        for x in task.blocks():
            x32 = x.astype(np.float32)
            for name in self.functions:
                function = FUNCTIONS[name]
                promise = Promise.of(function, x.dtype)
                want = _reference.in_numpy(name, (x,), np.float64)
                for (infinity,), value in function.specials:
                    want[x32 == infinity] = value
                for contender, callables in self.contenders.items():
                    if name not in callables:
                        continue
                    try:
                        got = callables[name](x)
                    except (TypeError, RuntimeError):  # a peer may lack the dtype
                        continue
                    if got.dtype != x.dtype:
                        continue
                    mirrored = got
                    # The other half of the inputs is that of the mirror, which is swept too.
                    if function.mirror in callables and not np.signbit(x[-1]):
                        mirrored = function.sign * callables[function.mirror](-x)
                    arrays = [x32, got, mirrored]
                    arrays = [np.ascontiguousarray(a, np.float32) for a in arrays] + [want]
                    self.sweep(
                        *(a.ctypes.data for a in arrays),
                        x.size,
                        ctypes.byref(promise),
                        ctypes.byref(result[name, contender]),
                    )
        return {key: bytes(statistics) for key, statistics in result.items()}


def error_of_the_reference(name: str) -> float:
    """Largest error of what the results are compared with, in ULP of float32."""
    operands = _accuracy.sample(FUNCTIONS[name], np.dtype("float32"), 3000)
    values = _reference.in_numpy(name, operands, np.float64)
    return float(np.max(_accuracy.exact(name, operands, mpmath=True).error(values)))


def broken_promises(
    function: Function, dtype: str, tier: str, s: Statistics, *, whole: bool
) -> list[str]:
    """What the table says of a function and these results on a tier do not keep.

    Part of the inputs must not err by more than the whole did when the table was made.
    """
    fma = tier in cyma.runtime_info()["fma_tiers"]
    bound = function.bound(dtype, fma=fma)
    if not whole and (dtype, fma) in function.worst:
        bound = min(bound, function.worst[dtype, fma].error + 1e-4)  # it is rounded there
    never_back = dtype == "float16" or not function.trend.startswith("NEARLY")
    faults = {
        f"an error of {s.normal.error:.4g} > {bound:.4g} ULP": s.normal.error > bound,
        f"an error of {s.subnormal.error:.4g} > {bound:.4g} ULP": s.subnormal.error > bound,
        f"a step back of {s.step.error:.4g} ULP": s.step.error > (0 if never_back else 1),
        **{f"{name}: {getattr(s, count)}": getattr(s, count) for name, count in FAULTS.items()},
    }
    return [text for text, broken in faults.items() if broken]


def show(dtype: str, results: dict[tuple[str, str], Statistics]) -> None:
    """Print the tables of a dtype; contenders with the same results in one line."""

    def extreme(e: Extreme) -> list[str]:
        return [f"{e.error:.4g}", *(_accuracy.hexadecimal(v) for v in (e.x, e.got, e.want))]

    same: dict = collections.defaultdict(list)
    for (name, by), statistics in results.items():
        same[name, bytes(statistics)].append(by)
    results = {
        (name, ", ".join(by)): Statistics.from_buffer_copy(statistics)
        for (name, statistics), by in same.items()
    }

    for part in ("normal", "subnormal"):
        print_table(
            f"{dtype}: largest error in ULP where the exact value is {part}",
            ["function", "by", "error", "x", "got", "want"],
            [[name, by, *extreme(getattr(s, part))] for (name, by), s in results.items()],
        )
    print_table(
        f"{dtype}: counts",
        ["function", "by", "inputs", "misrounded", "steps back", "largest, ULP", *FAULTS],
        [
            [
                name,
                by,
                f"{s.inputs:,}",
                f"{100 * s.misrounded / s.inputs:.4f} %",
                f"{s.steps_back:,}",
                f"{s.step.error:.4g}",
                *(f"{getattr(s, count):,}" for count in FAULTS.values()),
            ]
            for (name, by), s in results.items()
        ],
    )


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "functions", metavar="FUNCTION", nargs="*", type=unary_function, help="default: all"
    )
    parser.add_argument("--stride", type=positive, default=1, help="take every n-th input only")
    parser.add_argument("--peers", action="store_true", help="also the peers that are installed")
    parser.add_argument("--jobs", type=positive, default=cores(), help="default: all cores")
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write it as JSON")
    options = parser.parse_args(arguments)
    if shutil.which(compiler()[0]) is None:
        parser.error(f"there is no C compiler {compiler()[0]}; set CC")
    if not _reference.have_mpmath():
        parser.error("needs mpmath: install the extra 'bench'")
    wanted = set(options.functions or UNARY)
    # f(-x) is compared with the mirror, each for x >= 0: so both are swept.
    wanted |= {FUNCTIONS[name].mirror for name in wanted}
    options.functions = [name for name in UNARY if name in wanted]
    return options


def run(options: argparse.Namespace, dtype: str) -> dict[tuple[str, str], Statistics]:
    """Sweep a dtype in processes; statistics by function and contender."""
    todo = tasks(dtype, 1 if dtype == "float16" else options.stride)
    results: dict = collections.defaultdict(Statistics)
    with (
        tempfile.TemporaryDirectory() as folder,
        concurrent.futures.ProcessPoolExecutor(
            options.jobs,
            multiprocessing.get_context("spawn"),
            Worker.start,
            (compile_library(folder), options.functions, options.peers),
        ) as pool,
        progress(len(todo)) as step,
    ):
        for part in pool.map(Worker.run, todo, chunksize=-(-len(todo) // 4096)):
            step(dtype)
            for key, statistics in part.items():
                results[key].add(Statistics.from_buffer_copy(statistics))
    return dict(sorted(results.items(), key=lambda item: options.functions.index(item[0][0])))


def main(arguments: list[str] | None = None) -> int:
    """Run the sweep; returns the exit code."""
    options = parse_arguments(arguments)
    info = cyma.runtime_info()
    print(f"cyma {info['version']} on {cpu_name()}, tiers {', '.join(info['supported_tiers'])}")
    peers = usable_peers() if options.peers else ["numpy"]
    reference_errors = {name: error_of_the_reference(name) for name in options.functions}
    worst = max(reference_errors.values())
    print(f"largest error of the reference, against mpmath: {worst:.2g} ULP of float32\n")
    faults = [f"the reference errs by {worst:.2g} ULP"] if worst > 1e-6 else []
    rows = []
    for dtype in ("float16", "float32"):
        results = run(options, dtype)
        show(dtype, results)
        for (name, by), statistics in results.items():
            rows.append({"function": name, "dtype": dtype, "by": by, **statistics.as_dict()})
            if by in info["compiled_tiers"]:
                broken = broken_promises(
                    FUNCTIONS[name], dtype, by, statistics, whole=options.stride == 1
                )
                faults += [f"{name} {dtype} {by}: {fault}" for fault in broken]
    for fault in faults:
        print(f"BROKEN: {fault}")
    if options.json is not None:
        document = {
            "machine": machine(peers),
            "stride": options.stride,
            "tiers": info["supported_tiers"],
            "fma_tiers": [t for t in info["fma_tiers"] if t in info["supported_tiers"]],
            "hand_written": info["hand_written"],
            "reference_errors": reference_errors,
            "results": rows,
        }
        write(options.json, document)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
