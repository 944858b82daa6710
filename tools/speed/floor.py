"""Tell how far each kernel is from the floor: from what the ports of this CPU allow at best.

The floor is llvm-mca's reciprocal throughput of the instructions that a compiler makes of a block
of a kernel (but for the control of the loop over blocks, and the search for what few blocks have),
as if all latency were hidden and every load hit the nearest cache. The blocks are marked in the C.
The time is that of the ufunc on 16,384 elements, in cycles of a clock that is measured beside it.
llvm-mca models what is known of the CPU, not always all there is to it.

Usage: ``python -m tools.speed.floor gcc``, with the compiler that built the installed cyma; needs
llvm-mca and x86-64. Exit code: 0; 2 for a wrong command line or a missing program.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import cyma
from cyma.__main__ import print_table, time_interleaved, writable_file
from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS
from tools import runs
from tools.accuracy import same_bits
from tools.speed.side_by_side import operands_of

ELEMENTS = 16_384
CALLS = 15  # as one time
DTYPES = {"float16": "f16", "float32": "f32", "float64": "f64"}
TIERS = [t for t in cyma.runtime_info()["supported_tiers"] if t != "baseline"]

# A chain of rotations, one a cycle, and how often it is run. (Some CPUs add faster than that.)
CHAIN, ROUNDS = 20, 20_000
ROTATIONS = "ror $1, %0;" * CHAIN
CLOCK = f"""
void run(long n) {{
    long x = 0;
    while (n--) __asm__ volatile ("{ROTATIONS}" : "+r"(x));
}}
"""

REGION = re.compile(r"# LLVM-MCA-BEGIN (\w+) (\d+)\n(.*?)# LLVM-MCA-END", re.DOTALL)


def llvm_mca() -> str | None:
    """The newest of those with a version in their name, or else the program without one."""
    folders = map(pathlib.Path, os.environ.get("PATH", "").split(os.pathsep))
    named = {path.name for folder in folders for path in folder.glob("llvm-mca-[0-9]*")}
    newest = max(named, key=lambda name: int(name.rpartition("-")[2]), default="llvm-mca")
    return shutil.which(newest)


def assembly(compiler: str, tier: str) -> str:
    """What a compiler makes of the kernels of a tier, with marks."""
    flags = dict(same_bits.builds(compiler))[tier]
    macros = ["-DCYMA_WITH_MARKS", f"-DCYMA_TIER={tier}"]
    command = [compiler, *flags, *macros, "-S", "pyx/core/kernels.c", "-o", "-"]
    return subprocess.run(
        command, cwd=same_bits.ROOT, capture_output=True, text=True, check=True
    ).stdout


def floors(text: str, mca: str) -> dict[str, float]:
    """Cycles an element at best, by the name of a kernel."""
    result = {}
    for name, count, body in REGION.findall(text):
        instructions = [line for line in body.splitlines() if re.match(r"\s+[a-z]", line)]
        process = subprocess.run(
            [mca, "--mcpu=native", "--json", "-"],
            input="\n".join(instructions),
            capture_output=True,
            text=True,
            check=True,
        )
        summary = json.loads(process.stdout)["CodeRegions"][0]["SummaryView"]
        result[name] = summary["BlockRThroughput"] / int(count)
    return result


def clock(compiler: str, folder: str) -> ctypes.CDLL:
    """A library with a function that takes a known number of cycles."""
    library = os.path.join(folder, "clock.so")
    command = [compiler, "-O1", "-shared", "-fPIC", "-x", "c", "-", "-o", library]
    subprocess.run(command, input=CLOCK, capture_output=True, text=True, check=True)
    return ctypes.CDLL(library)


def measure(tier: str, best: dict[str, float], ticks: ctypes.CDLL, seconds: float) -> list[dict]:
    """Cycles an element of each kernel of the tier in use, at best and as measured."""
    rows = []
    for function in FUNCTIONS:
        for dtype, suffix in DTYPES.items():
            own = runs.is_hand_written(tier, function, dtype)
            operands = operands_of(function, ELEMENTS, dtype)
            call = functools.partial(UFUNCS[function], *operands, np.empty_like(operands[0]))
            times = time_interleaved(
                {
                    "cyma": functools.partial(runs.repeat, call, CALLS),
                    "clock": functools.partial(ticks.run, ROUNDS),
                },
                seconds,
            )
            cycles = times["cyma"] / times["clock"] * (ROUNDS * CHAIN) / (CALLS * ELEMENTS)
            floor = best[f"{function}_avx512_{suffix}" if own else f"{function}_{suffix}"]
            rows.append(
                {
                    "function": function,
                    "dtype": dtype,
                    "tier": tier,
                    "hand_written": own,
                    "floor": floor,
                    "cycles": cycles,
                }
            )
    return rows


def run(options: argparse.Namespace, mca: str) -> list[dict]:
    """Measure all kernels of all tiers."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        ticks = clock(options.compiler, folder)
        for tier in TIERS:
            best = floors(assembly(options.compiler, tier), mca)
            with cyma.tier(tier):
                rows += measure(tier, best, ticks, options.seconds)
    return rows


def table(document: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows: cycles an element, and which share of them the floor is."""
    cells: dict[tuple[str, str], list[str]] = {}
    for row in document["results"]:
        cell = [f"{row[key]:.2f}" for key in ("floor", "cycles")]
        cell.append(f"{row['floor'] / row['cycles']:.2f}")
        cells.setdefault((row["function"], row["dtype"]), []).extend(cell)
    tiers = dict.fromkeys(row["tier"] for row in document["results"])
    columns = [f"{tier}: {text}" for tier in tiers for text in ("floor", "cycles", "share")]
    return ["function", "dtype", *columns], [[*key, *row] for key, row in cells.items()]


def main(arguments: list[str] | None = None) -> int:
    """Measure and show; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("compiler", help="that built cyma, as gcc")
    parser.add_argument("--seconds", type=float, default=0.5, help="for a kernel; default: 0.5")
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write the run")
    options = parser.parse_args(arguments)
    mca = llvm_mca()
    if shutil.which(options.compiler) is None:
        parser.error(f"{options.compiler} is not installed")
    if mca is None or not TIERS:
        parser.error("llvm-mca is not installed" if TIERS else "this CPU has no tier to measure")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    document = {"machine": runs.machine(["numpy"]), "compiler": options.compiler, "results": []}
    try:
        document["results"] = run(options, mca)
    except subprocess.CalledProcessError as error:
        print(error, error.stderr, file=sys.stderr)
        return 2
    print_table("Cycles an element: the floor, measured, and the share", *table(document))
    if options.json is not None:
        runs.write(options.json, document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
