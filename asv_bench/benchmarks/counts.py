"""Instructions of every ufunc under valgrind's callgrind: what time is made of, without its noise.

A count tells nothing about caches, ports and latencies, but it is the same in every run. One
process runs all functions, in the tier x86_64_v3, as valgrind knows no AVX-512, and marks what is
to be counted by requests to callgrind, which need a little C.
"""

import ctypes
import gc
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from cyma._ufuncs import FUNCTIONS

from .common import DTYPES, NAMES, operands, ufunc

MARKS = """
#include <valgrind/callgrind.h>
void begin(void) { CALLGRIND_ZERO_STATS; }
void end(const char *what) { CALLGRIND_DUMP_STATS_AT(what); }
"""

# (calls, elements): differences between these are free of what surrounds them.
FEW_CALLS, MANY_CALLS = (10, 1), (210, 1)
SHORT, LONG = (20, 1_024), (20, 5_120)


def count():
    """Instructions by what `main` counts; nothing where valgrind or a compiler is missing."""
    valgrind, compiler = shutil.which("valgrind"), shutil.which("cc")
    if not (valgrind and compiler):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder, "marks.so")
        compile_marks = [compiler, "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", library]
        subprocess.run(compile_marks, input=MARKS, text=True, check=True)
        # Whatever differs in the environment, in a name or in its length moves what lies in memory,
        # and hash tables of addresses with it: so there is little, and the library has no name.
        with library.open() as stdin:
            subprocess.run(
                [
                    *(valgrind, "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/dump"),
                    *(sys.executable, "-m", "benchmarks.counts"),
                ],
                stdin=stdin,
                cwd=pathlib.Path(__file__).parents[1],
                env={"CYMA_TIER": "x86_64_v3", "PYTHONHASHSEED": "0"},
                check=True,
            )
        counts = {}
        for dump in pathlib.Path(folder).glob("dump*"):
            text = dump.read_text()
            if what := re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M):
                counts[what[1]] = int(re.search(r"^summary: (\d+)$", text, re.M)[1])
        return counts


def key(name, dtype, calls, n):
    """What is counted, as text."""
    return f"{name} {dtype} {calls} {n}"


def call(function, inputs, out, times):
    """What is counted."""
    for _ in range(times):
        function(*inputs, out=out)


def main():
    """Run what is to be counted; under callgrind."""
    marks = ctypes.CDLL("/dev/stdin")
    gc.disable()
    for name in filter(FUNCTIONS.__contains__, NAMES):
        for dtype in DTYPES:
            for calls, n in (FEW_CALLS, MANY_CALLS, SHORT, LONG):
                *inputs, out = operands(name, dtype, n)
                what = key(name, dtype, calls, n).encode()
                call(ufunc(name), inputs, out, 10)  # Python specialises what runs often
                marks.begin()
                call(ufunc(name), inputs, out, calls)
                marks.end(what)


class Counts:
    """Differences of counts."""

    params = (NAMES, DTYPES)
    param_names = ("function", "dtype")

    def setup_cache(self):
        return count()

    setup_cache.timeout = 600

    def setup(self, counts, name, dtype):
        if key(name, dtype, *LONG) not in counts:
            raise NotImplementedError(f"no valgrind, no compiler or no {name}")

    def track_per_element(self, counts, name, dtype):
        difference = counts[key(name, dtype, *LONG)] - counts[key(name, dtype, *SHORT)]
        return difference / (LONG[0] * (LONG[1] - SHORT[1]))

    track_per_element.unit = "instructions an element"

    def track_per_call(self, counts, name, dtype):
        difference = counts[key(name, dtype, *MANY_CALLS)] - counts[key(name, dtype, *FEW_CALLS)]
        return difference / (MANY_CALLS[0] - FEW_CALLS[0])

    track_per_call.unit = "instructions a call"


if __name__ == "__main__":
    main()
