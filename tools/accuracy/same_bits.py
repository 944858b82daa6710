"""Check that every build and every way to call a function give the same bits.

A fixed set of 2^20 operands a function and dtype goes through the installed cyma on each tier with
hardware FMA, as contiguous, strided and reversed arrays and as scalars; and through the kernels as
each given compiler builds them, for each such tier, under an emulator where the CPU is another.
The SHA-256 of the results must be those in same_bits.json: for portable kernels one for all tiers,
for hand-written ones that of their tier.

Usage: ``python -m tools.accuracy.same_bits gcc clang-19 aarch64-linux-gnu-gcc:qemu-aarch64``:
compilers, each with the command that runs its programs if the system does not. ``--write`` writes
the hashes of the installed cyma; CONTRIBUTING.md says when that is right. Exit code: 0; 1 if hashes
differ, each of which is named; 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import pathlib
import runpy
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

import cyma
from cyma._functions import FUNCTIONS
from cyma._table import Function
from cyma._ufuncs import UFUNCS

ROOT = pathlib.Path(__file__).parents[2]
HASHES = pathlib.Path(__file__).with_suffix(".json")
DTYPES = ("float16", "float32", "float64")  # long double is the C library's
COUNT = 2**20
PORTABLE = "portable"  # kernels: beside tiers, which have hand-written ones

# Prints whether the compiler's target has hardware FMA.
PROBE = '#include "cyma/config.h"\nCYMA_HAVE_FMA\n'


def operands(function: Function, dtype: str) -> tuple[np.ndarray, ...]:
    """The fixed operands of a function."""
    return make_operands(function.domain if function.nin == 2 else None, dtype)


@functools.cache
def make_operands(domain: str | None, dtype: str) -> tuple[np.ndarray, ...]:
    """Operands, the second one in a domain if there is one.

    They come from raw bits of a generator, which NumPy guarantees, and exact arithmetic.
    """
    raw = np.random.PCG64(20261123).random_raw((4, COUNT))
    width = 8 * np.dtype(dtype).itemsize
    any_number = [(row >> np.uint64(64 - width)).astype(f"uint{width}").view(dtype) for row in raw]
    # Every float16 is there; else half of the operands are moderate, in [-128, 128).
    moderate = (raw[2].astype(np.int64) / 2.0**56).astype(dtype)
    first = np.where(np.arange(COUNT) % 2 == 0, any_number[0], moderate)
    if dtype == "float16":
        first = np.resize(np.arange(2**16, dtype=np.uint16), COUNT).view(dtype)
    if domain is None:
        return (first,)
    unit = (raw[3] >> np.uint64(11)) / 2.0**53
    second = {
        "REAL": np.where(np.arange(COUNT) % 3 == 0, any_number[1], np.roll(moderate, 1)),
        "SIGN": 2 * unit - 1,
        "UNIT": unit,
        # and, as an absolute error is bounded there too, what is between
        "LABEL": np.where(np.arange(COUNT) % 4 == 0, unit, np.round(unit)),
    }
    return first, second[domain].astype(dtype)


def digest(results: np.ndarray) -> str:
    """SHA-256 of results in little-endian byte order, with one nan."""
    canonical = np.where(np.isnan(results), results.dtype.type(np.nan), results)
    return hashlib.sha256(canonical.astype(canonical.dtype.newbyteorder("<")).tobytes()).hexdigest()


def contiguous(ufunc: np.ufunc, x: tuple[np.ndarray, ...]) -> np.ndarray:
    """Results of contiguous arrays."""
    return ufunc(*x)


def strided(ufunc: np.ufunc, x: tuple[np.ndarray, ...]) -> np.ndarray:
    """Results of arrays with gaps, written to one with gaps."""
    out = np.empty(3 * COUNT, x[0].dtype)[::3]
    return ufunc(*(np.repeat(a, 2)[::2] for a in x), out=out)


def reversed_(ufunc: np.ufunc, x: tuple[np.ndarray, ...]) -> np.ndarray:
    """Results of arrays with negative strides."""
    return ufunc(*(a[::-1] for a in x))[::-1]


def scalars(ufunc: np.ufunc, x: tuple[np.ndarray, ...]) -> np.ndarray:
    """Results of calls with one element each."""
    return np.array([ufunc(*row) for row in zip(*x, strict=True)])


WAYS: dict[str, Callable] = {
    "contiguous": contiguous,
    "strided": strided,
    "reversed": reversed_,
    "scalars": scalars,
}


def usable_tiers() -> list[str]:
    """Tiers whose portable kernels give the same bits and that this CPU can run."""
    info = cyma.runtime_info()
    return [tier for tier in info["fma_tiers"] if tier in info["supported_tiers"]]


def hashes(tier: str, way: str) -> dict[str, dict[str, str]]:
    """Hashes of the installed cyma on a tier, called in one of WAYS; by function and dtype."""
    with cyma.tier(tier):
        return {
            name: {
                dtype: digest(WAYS[way](UFUNCS[name], operands(function, dtype)))
                for dtype in DTYPES
            }
            for name, function in FUNCTIONS.items()
        }


def compiler_hashes(
    compiler: str, flags: list[str], tier: str, emulator: list[str]
) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Kinds of kernels, and their hashes as a compiler builds them for a tier."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "kernel_pipe")
        sources = ["tools/accuracy/kernel_pipe.c", "pyx/core/clamp_limits.c"]
        sources += ["pyx/core/kernels.c", "pyx/core/scalars.c"]
        subprocess.run(
            [compiler, *flags, f"-DCYMA_TIER={tier}", *sources, "-o", program, "-lm"],
            cwd=ROOT,
            check=True,
        )
        for kind in (PORTABLE, tier):
            found = {
                name: {
                    dtype: pipe([*emulator, program, name, dtype, kind], FUNCTIONS[name], dtype)
                    for dtype in row
                }
                for name, row in read_hashes().get(kind, {}).items()
            }
            yield kind, found


def pipe(command: list[str], function: Function, dtype: str) -> str:
    """Hash of what a program makes of the operands of a function."""
    data = b"".join(x.tobytes() for x in operands(function, dtype))
    process = subprocess.run(command, input=data, capture_output=True, check=True)
    return digest(np.frombuffer(process.stdout, dtype))


def builds(compiler: str) -> Iterator[tuple[str, list[str]]]:
    """Tiers with FMA that a compiler can build for its target, and their flags."""
    setup = runpy.run_path(str(ROOT / "setup.py"), run_name="flags")
    common = [*setup["COMMON_FLAGS"]["unix"], "-Iinclude", "-Ipyx/core"]

    def target(flags: list[str]) -> str:
        """What the probe says with these flags; empty if the compiler does not take them."""
        command = [compiler, *common, *flags, "-E", "-P", "-x", "c", "-"]
        process = subprocess.run(
            command, cwd=ROOT, input=PROBE, capture_output=True, text=True, check=False
        )
        return "" if process.returncode else process.stdout.split()[-1]

    for tier, variants in setup["TIERS"].items():
        flags = setup["first_accepted"](variants["unix"], target)
        if flags is not None and target(flags) == "1":
            yield tier, [*common, *flags]


def differences(found: dict[str, dict[str, str]], expected: dict[str, dict[str, str]]) -> list[str]:
    """Functions and dtypes whose hashes differ or that only one side has."""
    keys = {(name, dtype) for side in (found, expected) for name in side for dtype in side[name]}
    return sorted(
        f"{name} {dtype}"
        for name, dtype in keys
        if found.get(name, {}).get(dtype) != expected.get(name, {}).get(dtype)
    )


def read_hashes() -> dict[str, dict[str, dict[str, str]]]:
    """The hashes that are checked in: of portable kernels, and by tier of hand-written ones."""
    return json.loads(HASHES.read_text())


def expected_hashes(tier: str) -> dict[str, dict[str, str]]:
    """The hashes that are checked in of the kernels that a tier runs."""
    kinds = read_hashes()
    own = kinds.get(tier, {})
    return {name: {**row, **own.get(name, {})} for name, row in kinds[PORTABLE].items()}


def write_hashes(tiers: list[str]) -> None:
    """Write those of the installed cyma; of a tier that this CPU cannot run, they remain."""
    hand_written = cyma.runtime_info()["hand_written"]
    found = {tier: hashes(tier, "contiguous") for tier in tiers}
    portable = next(found[tier] for tier in tiers if tier not in hand_written)
    kinds = {**read_hashes(), PORTABLE: portable}
    for tier in set(tiers) & set(hand_written):
        kinds[tier] = {}
        for name, dtype in hand_written[tier]:
            kinds[tier].setdefault(name, {})[dtype] = found[tier][name][dtype]
    HASHES.write_text(json.dumps(kinds, indent=1) + "\n")


def main() -> int:
    """Compare or write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "compilers", nargs="*", metavar="COMPILER[:EMULATOR]", help="C compilers to build with"
    )
    parser.add_argument("--write", action="store_true", help="write the installed cyma's hashes")
    options = parser.parse_args()
    compilers = [compiler.partition(":")[::2] for compiler in options.compilers]
    for compiler, emulator in compilers:
        for tool in (compiler, *shlex.split(emulator)[:1]):
            if shutil.which(tool) is None:
                parser.error(f"{tool!r} is not installed")
    tiers = usable_tiers()
    if options.write:
        if not tiers:
            parser.error("this CPU has no tier with hardware FMA")
        write_hashes(tiers)
    failed = False

    def report(
        what: str, found: dict[str, dict[str, str]], expected: dict[str, dict[str, str]]
    ) -> None:
        nonlocal failed
        wrong = differences(found, expected)
        failed = failed or bool(wrong)
        count = sum(map(len, expected.values()))
        print(f"{what}: {count - len(wrong)} of {count} hashes agree", flush=True)
        for what_differs in wrong:
            print(f"{what}: DIFFERS: {what_differs}")

    if not tiers:
        print("installed: this CPU has no tier with hardware FMA, so nothing is compared")
    for tier in tiers:
        for way in WAYS:
            report(f"installed, {tier}, {way}", hashes(tier, way), expected_hashes(tier))
    for compiler, emulator in compilers:
        built = list(builds(compiler))
        compared = 0
        for tier, flags in built:
            if not emulator and tier not in tiers:
                print(f"{compiler}, {tier}: skipped: this CPU cannot run it")
                continue
            for kind, found in compiler_hashes(compiler, flags, tier, shlex.split(emulator)):
                if found:
                    what = "portable" if kind == PORTABLE else "hand-written"
                    report(f"{compiler}, {tier}, {what}", found, read_hashes()[kind])
            compared += 1
        if not compared:
            print(f"{compiler}: FAILED: nothing could be built for hardware FMA and run")
            failed = True
    return 1 if failed or not (tiers or compilers) else 0


if __name__ == "__main__":
    raise SystemExit(main())
