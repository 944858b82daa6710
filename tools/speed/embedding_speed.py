"""Compare the speed of cyma in compiled code, by C, Cython and numba, with that of the ufuncs.

One process, pinned to one CPU and one thread; all contenders take turns, and the least time of
each counts. Times of different runs cannot be compared, ratios of one run can.

Usage: ``python -m tools.speed.embedding_speed [--json docs/runs/embedding_speed.json]``; needs a C
compiler, numba and SciPy.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable

import numpy as np

import cyma
import cyma.cython_api
from cyma.__main__ import print_table, progress, writable_file
from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS
from tools import runs

CAPSULES = cyma.cython_api.__pyx_capi__
SUFFIXES = {"float32": "f32", "float64": "f64"}

# Elements of arrays: those that count, and few.
LARGE, FEW = 65_536, (1, 10, 100)
ELEMENTS_A_TURN = 65_536
NUMBERS = 4096  # of a loop over numbers

SOURCE = pathlib.Path(__file__).with_name("embedding.c")

# How the inline functions are compiled: as Python compiles extension modules, and for this CPU.
# Without vectors, as a loop has none that does more with each number.
BUILDS = {"plain": ["-O3"], "native": ["-O3", "-march=native"]}
OPTIONS = ["-std=c11", "-shared", "-fPIC", "-fno-tree-vectorize", "-fno-math-errno"]

# Functions that SciPy has in cython_special.
SCIPY = {"sigmoid": "expit", "logsigmoid": "log_expit"}
C_TYPES = {"f32": b"float", "f64": b"double"}


_api = ctypes.pythonapi
_api.PyCapsule_GetName.restype, _api.PyCapsule_GetName.argtypes = (
    ctypes.c_char_p,
    [ctypes.py_object],
)
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def address(capsule) -> ctypes.c_void_p:
    """Address of the function in a capsule."""
    return ctypes.c_void_p(_api.PyCapsule_GetPointer(capsule, _api.PyCapsule_GetName(capsule)))


def scipy_function(name: str, suffix: str):
    """The capsule of SciPy's function: which of its names has which type depends on the build."""
    from scipy.special import cython_special

    for key, capsule in cython_special.__pyx_capi__.items():
        c_type = _api.PyCapsule_GetName(capsule).partition(b" (")[0]
        if re.fullmatch(rf"__pyx_fuse_\d{SCIPY[name]}", key) and c_type == C_TYPES[suffix]:
            return capsule
    raise LookupError(f"SciPy's cython_special has no {SCIPY[name]} of {suffix}")


def built(folder: str) -> dict[str, ctypes.CDLL]:
    """The loops in C, built in each way."""
    libraries = {}
    for name, flags in BUILDS.items():
        path = pathlib.Path(folder, f"{name}.so")
        command = ["cc", *OPTIONS, *flags, f"-I{cyma.get_include()}", str(SOURCE), "-o", str(path)]
        subprocess.run([*command, "-lm"], check=True)
        libraries[name] = ctypes.CDLL(str(path))
    return libraries


def loop_in_c(library: ctypes.CDLL, name: str, *arguments) -> float:
    """Time in ns that a loop measures of itself."""
    function = library[name]
    function.restype = ctypes.c_double
    return function(*arguments)


def loop_in_python(call, repeats: int) -> float:
    """Time in ns of calls."""
    start = time.perf_counter_ns()
    call(repeats)
    return time.perf_counter_ns() - start


def numba_loops(function):
    """Loops over arrays and numbers, compiled by numba."""
    import numba

    @numba.njit
    def arrays_1(x, out, repeats):
        for _ in range(repeats):
            function(x, out)

    @numba.njit
    def arrays_2(x, y, out, repeats):
        for _ in range(repeats):
            function(x, y, out)

    @numba.njit
    def new_1(x, repeats):
        last = x
        for _ in range(repeats):
            last = function(x)
        return last

    @numba.njit
    def new_2(x, y, repeats):
        last = x
        for _ in range(repeats):
            last = function(x, y)
        return last

    @numba.njit
    def numbers(x, repeats):
        total = x[0] - x[0]
        for _ in range(repeats):
            for i in range(x.size):
                total += function(x[i])
        return total

    return (arrays_1, arrays_2), (new_1, new_2), numbers


def operands_of(name: str, dtype: str, n: int) -> list[np.ndarray]:
    """Operands of a function, and room for the results."""
    rng = np.random.default_rng(0)
    x = [rng.normal(0, 4, n), rng.random(n)][: FUNCTIONS[name].nin]
    return [*(a.astype(dtype) for a in x), np.empty(n, dtype)]


def least(turns: dict, seconds: float) -> dict[str, float]:
    """Least time of each turn; all take turns."""
    for turn in turns.values():
        turn()
    best = dict.fromkeys(turns, np.inf)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, turn in turns.items():
            best[name] = min(best[name], turn())
    return best


def measure_arrays(name: str, dtype: str, n: int, loops, library, seconds: float) -> dict:
    """Least time of a call in ns, by each way to make it."""
    arrays = operands_of(name, dtype, n)
    nin = FUNCTIONS[name].nin
    repeats = max(1, min(ELEMENTS_A_TURN // n, 1000))
    function = address(CAPSULES[f"{name}_{SUFFIXES[dtype]}_array"])
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (arrays[0], arrays[nin - 1], arrays[-1])]
    into, new = loops
    call, call_new = (functools.partial(UFUNCS[name], *arrays[:k]) for k in (None, -1))

    def in_python(loop):
        return functools.partial(loop_in_python, loop, repeats)

    turns = {
        "ufunc": in_python(functools.partial(runs.repeat, call)),
        "ufunc, new": in_python(functools.partial(runs.repeat, call_new)),
        "c": functools.partial(
            loop_in_c, library, "time_array", function, nin, *pointers, ctypes.c_ssize_t(n), repeats
        ),
        "numba": in_python(functools.partial(into[nin - 1], *arrays)),
        "numba, new": in_python(functools.partial(new[nin - 1], *arrays[:-1])),
    }
    return {way: ns / repeats for way, ns in least(turns, seconds).items()}


def measure_numbers(name: str, dtype: str, loop, libraries, seconds: float) -> dict:
    """Least time of a number in ns, by each way to come to it."""
    suffix = SUFFIXES[dtype]
    (x, _) = operands_of(name, dtype, NUMBERS)
    array = (ctypes.c_void_p(x.ctypes.data), ctypes.c_ssize_t(x.size))

    def by_pointer(capsule):
        loop = f"time_numbers_{suffix}"
        return functools.partial(loop_in_c, libraries["plain"], loop, address(capsule), *array)

    turns = {
        "cython": by_pointer(CAPSULES[f"{name}_{suffix}"]),
        "numba": functools.partial(loop_in_python, functools.partial(loop, x), 1),
    }
    for build, library in libraries.items():
        turns[build] = functools.partial(loop_in_c, library, f"time_inline_{name}_{suffix}", *array)
    if name in SCIPY:
        turns["scipy"] = by_pointer(scipy_function(name, suffix))
    return {way: ns / x.size for way, ns in least(turns, seconds).items()}


def run(seconds: float, names: Iterable[str] = tuple(FUNCTIONS)) -> dict:
    """Measure functions."""
    results: dict[str, list] = {"arrays": [], "numbers": []}
    cells = [(name, dtype) for name in names for dtype in SUFFIXES]
    with tempfile.TemporaryDirectory() as folder, progress(len(cells)) as step:
        libraries = built(folder)
        for name, dtype in cells:
            step(f"{name} {dtype}")
            arrays, new, numbers = numba_loops(UFUNCS[name])
            for n in (LARGE, *FEW):
                times = measure_arrays(name, dtype, n, (arrays, new), libraries["plain"], seconds)
                results["arrays"].append({"function": name, "dtype": dtype, "n": n, "ns": times})
            if FUNCTIONS[name].nin == 1:
                times = measure_numbers(name, dtype, numbers, libraries, seconds)
                results["numbers"].append({"function": name, "dtype": dtype, "ns": times})
    machine = runs.machine(("numpy", "scipy", "numba"))
    return {"machine": machine, "tier": cyma.runtime_info()["tier"], **results}


def arrays_table(document: dict) -> tuple[list[str], list[list[str]]]:
    """Calls on arrays: ratios to the ufunc with many elements, times with few."""
    rows: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    for row in document["arrays"]:
        rows.setdefault((row["function"], row["dtype"]), {})[row["n"]] = row["ns"]
    header = ["function", "dtype", "C, 1 element, ns", f"C / ufunc, {LARGE:,}"]
    header += [f"numba / ufunc, {n:,}" for n in (LARGE, *FEW)] + [f"the same, new array, {LARGE:,}"]
    return header, [
        [
            name,
            dtype,
            f"{times[1]['c']:.1f}",
            f"{times[LARGE]['c'] / times[LARGE]['ufunc']:.3f}",
            *(f"{times[n]['numba'] / times[n]['ufunc']:.2f}" for n in (LARGE, *FEW)),
            f"{times[LARGE]['numba, new'] / times[LARGE]['ufunc, new']:.2f}",
        ]
        for (name, dtype), times in rows.items()
    ]


def numbers_table(document: dict) -> tuple[list[str], list[list[str]]]:
    """Numbers in a loop."""
    header = ["function", "dtype", "Cython, ns", "numba, ns", "inline, ns"]
    header += ["inline, -march=native, ns", "SciPy, ns"]
    return header, [
        [
            row["function"],
            row["dtype"],
            *(
                f"{row['ns'][way]:.1f}" if way in row["ns"] else "-"
                for way in ("cython", "numba", "plain", "native", "scipy")
            ),
        ]
        for row in document["numbers"]
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=1.0, help="for a row; default: 1")
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write the run")
    options = parser.parse_args()
    if shutil.which("cc") is None:
        parser.error("there is no C compiler: cc is not installed")
    missing = [
        name for name in ("numba", "scipy") if name not in runs.installed(["numba", "scipy"])
    ]
    if missing:
        parser.error(f"{' and '.join(missing)} must be installed")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    document = run(options.seconds)
    print(runs.facts(document))
    print_table("Calls on arrays, one thread", *arrays_table(document))
    print_table("Numbers in a loop", *numbers_table(document))
    if options.json is not None:
        runs.write(options.json, document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
