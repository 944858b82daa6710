"""Check in the object code that compilers vectorised every kernel loop in every tier.

Builds the extension with each compiler and disassembles the kernels of each x86-64 tier: none may
hold scalar floating-point arithmetic, and each must compute in the tier's widest registers.

Usage: ``python -m tools.speed.check_vectorized gcc clang-19`` (needs the build requirements,
objdump and an installed cyma, whose table lists the kernels). Exit code 1 names the kernels that
failed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from cyma._functions import FUNCTIONS

ROOT = pathlib.Path(__file__).parents[2]

# The widest registers of each tier.
REGISTERS = {"baseline": "xmm", "x86_64_v3": "ymm", "x86_64_v4": "zmm"}

KERNELS = {f"{name}_{real}" for name in FUNCTIONS for real in ("f16", "f32", "f64")}
KERNELS |= {"bce_f32", "bce_f64"}

# Scalar instructions on what a kernel is given once: the factors of binary cross-entropy.
FACTORS = {f"{v}{name}" for v in ("", "v") for name in ("cvtsd2ss", "ucomisd", "cmpneqsd")}
ONCE = {"bce_f32": FACTORS, "bce_f64": FACTORS}

# Instructions on one number: arithmetic, comparisons and conversions, not moves and broadcasts.
SCALAR = re.compile(
    r"v?(fn?m(add|sub)\d+|add|sub|mul|div|sqrt|min|max|u?comi|cmp\w*|scalef|rndscale)s[sd]$"
    r"|v?cvt\w*(s[sd]|2s[sd][lq]|2u?si[lq]?)$"
)
# What a kernel may call; a mathematical function would be a scalar one.
CALLS = {"memcpy", "memset", "__stack_chk_fail"}
# Instructions on vectors: floating-point, or those that the conversions of float16 consist of.
PACKED = re.compile(
    r"v?(fn?m(add|sub)\d+|add|sub|mul|div)p[sd]$|v?p(add|sub|s[rl]l)[wd]$|vcvtp(h2ps|s2ph)$"
)


def build(compiler: str, folder: pathlib.Path) -> None:
    """Build the extension in a folder."""
    command = [sys.executable, "setup.py", "-q", "build_ext", "--force"]
    command += ["--build-temp", str(folder), "--build-lib", str(folder / "lib")]
    environment = {**os.environ, "CC": compiler, "LDSHARED": f"{compiler} -shared"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def disassemble(path: pathlib.Path) -> dict[str, list[tuple[str, str]]]:
    """Instructions and operands of each function of an object file; calls by relocation."""
    command = ["objdump", "-dr", "--no-show-raw-insn", str(path)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions: dict[str, list[tuple[str, str]]] = {}
    for line in listing.splitlines():
        if match := re.match(r"[0-9a-f]+ <([\w.]+)>:", line):
            instructions = functions.setdefault(match[1], [])
        elif match := re.search(r"R_X86_64_(?:PLT32|PC32|GOTPCRELX?)\s+([a-z_]\w*)", line):
            instructions.append(("relocation", match[1]))
        elif match := re.match(r"\s+[0-9a-f]+:\s+(\S+)\s*(.*)", line):
            instructions.append((match[1], match[2]))
    return functions


def faults(tier: str, functions: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """What is wrong with each kernel that is not vectorised."""
    wrong = {}
    for kernel in sorted(KERNELS):
        instructions = functions.get(f"cyma_kernel_{kernel}_{tier}")
        if instructions is None:
            wrong[kernel] = "not in the object file"
            continue
        scalar = {name for name, _ in instructions if SCALAR.match(name)}
        scalar = sorted(scalar - ONCE.get(kernel, set()))
        calls = {name for kind, name in instructions if kind == "relocation"} - CALLS
        width = REGISTERS[tier]
        if calls:
            wrong[kernel] = f"calls {', '.join(sorted(calls))}"
        elif scalar:
            wrong[kernel] = f"scalar {', '.join(scalar)}"
        elif not any(PACKED.match(name) and width in operands for name, operands in instructions):
            wrong[kernel] = f"no arithmetic in {width} registers"
    return wrong


def main() -> int:
    """Run the check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compilers", nargs="+", help="C compilers, such as gcc and clang")
    compilers = parser.parse_args().compilers
    for tool in ["objdump", *compilers]:
        if shutil.which(tool) is None:
            parser.error(f"{tool} is not installed")
    failed = False
    for compiler in compilers:
        with tempfile.TemporaryDirectory() as folder:
            build(compiler, pathlib.Path(folder))
            for tier in REGISTERS:
                path = pathlib.Path(folder, tier, "pyx", "core", "kernels.o")
                if not path.exists():
                    print(f"{compiler} {tier}: FAILED: the tier was not built")
                    failed = True
                    continue
                wrong = faults(tier, disassemble(path))
                good = len(KERNELS) - len(wrong)
                print(f"{compiler} {tier}: {good} of {len(KERNELS)} kernels vectorised")
                for kernel, fault in wrong.items():
                    print(f"{compiler} {tier}: FAILED: {kernel}: {fault}")
                failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
