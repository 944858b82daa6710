"""The headers: every standard of C and C++, warnings, and compilers for other machines."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from conftest import newest_clang

import cyma
from cyma._functions import FUNCTIONS

DOCUMENT = pathlib.Path(__file__).parents[1] / "docs" / "headers.md"
INCLUDE = f"-I{cyma.get_include()}"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Werror"

# A program that calls every function, of float and of double; {} stands for what is included.
CALLS = "\n".join(
    f"    y += ({real})cyma_{name}_{suffix}({', '.join(['x'] * function.nin)});"
    for name, function in FUNCTIONS.items()
    for suffix, real in (("f32", "double"), ("f64", "double"))
)
PROGRAM = f"""
#include <cyma/api.h>
#include <cyma/cyma.h>
#include <stdio.h>

#if CYMA_VERSION_NUMBER < 100
#error CYMA_VERSION_NUMBER
#endif

double all(float x);

double
all(float x)
{{
    double y = 0;
{CALLS}
    return y;
}}
"""
MAIN = """
int
main(void)
{
    printf("%s %.9g\\n", CYMA_VERSION, all(0.5f));
    return 0;
}
"""

# Not all products: each standard, level of optimisation and target option comes up.
BUILDS = [
    ("c", "c11", "-O0"),
    ("c", "gnu11", "-O2 -march=native"),
    ("c", "c17", "-O3 -march=native"),
    ("c++", "c++17", "-O1"),
    ("c++", "c++20", "-O3 -march=native"),
    ("c++", "c++23", "-O2 -fno-math-errno -fno-trapping-math"),
]

# Targets of `zig cc`.
TARGETS = [
    "aarch64-linux-gnu",
    "riscv64-linux-gnu",
    "aarch64-macos",
    "x86_64-macos",
    "x86_64-windows-gnu",
    "aarch64-windows-gnu",
]


def compile_program(folder, *command, text=PROGRAM + MAIN, name="program.c"):
    (folder / name).write_text(text)
    process = subprocess.run(
        [*command, INCLUDE, str(folder / name)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr


def expected():
    """What the program prints, but for the last digits."""
    x = np.float32(0.5)
    return sum(
        float(getattr(cyma, name)(*[real(x)] * function.nin))
        for name, function in FUNCTIONS.items()
        for real in (np.float32, np.float64)
    )


@pytest.mark.parametrize("compiler", ["gcc", newest_clang()])
@pytest.mark.parametrize(("language", "standard", "options"), BUILDS)
def test_standards_and_warnings(compiler, language, standard, options, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    probe = [compiler, "-x", language, f"-std={standard}", "-fsyntax-only", os.devnull]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"{compiler} does not know {standard}")
    program = tmp_path / "program"
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS.split(), *options.split()]
    compile_program(tmp_path, *command, "-o", str(program), "-lm")
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == cyma.__version__
    # Without FMA, float functions differ by a unit or two of their last place.
    np.testing.assert_allclose(float(said[1]), expected(), rtol=2 * 2**-23)


LOOPS = """
#include <cyma/cyma.h>
#include <stddef.h>
#define LOOP(name, suffix, real, ...) \\
    void name##_##suffix(const real *x, const real *y, real *restrict out, size_t n) \\
    { \\
        (void)y; \\
        for (size_t i = 0; i < n; i++) { \\
            out[i] = cyma_##name##_##suffix(__VA_ARGS__); \\
        } \\
    }
#define CYMA_UNARY(name, ...) LOOP(name, f32, float, x[i]) LOOP(name, f64, double, x[i])
#define CYMA_BINARY(name, ...) \\
    LOOP(name, f32, float, x[i], y[i]) LOOP(name, f64, double, x[i], y[i])
#include <cyma/functions.def>
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="not x86-64")
@pytest.mark.parametrize(
    ("compiler", "options"),
    [("gcc", "-O3 -fno-trapping-math"), (newest_clang(), "-O2")],
    ids=["gcc", "clang"],
)
def test_loops_of_callers_become_vectors(compiler, options, tmp_path):
    """With the flags that docs/headers.md names."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    assert f"`{options}`" in DOCUMENT.read_text()
    command = [compiler, *options.split(), "-march=x86-64-v3", "-S"]
    compile_program(tmp_path, *command, "-o", str(tmp_path / "loops.s"), text=LOOPS)
    text = (tmp_path / "loops.s").read_text()
    bodies = dict(re.findall(r"^(\w+):(.*?)\.size\s+\1,", text, re.S | re.M))
    for name in FUNCTIONS:
        for suffix, packed in (("f32", "ps"), ("f64", "pd")):
            body = bodies[f"{name}_{suffix}"]
            assert re.search(rf"\bv(mul|fn?madd\d+){packed}\b.*%ymm", body), f"{name}_{suffix}"


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_two_files_of_a_program(tmp_path):
    """Inline functions do not clash, nor do those of C with those of C++."""
    compile_program(tmp_path, "cc", "-c", "-o", str(tmp_path / "one.o"), text=PROGRAM, name="one.c")
    text = textwrap.dedent("""
        extern "C" double all(float x);
        namespace cyma { inline double twice(double x) { return 2 * cyma_tanh_f64(x); } }
        int main() { return !(all(0.5f) > cyma::twice(0.5)); }
    """)
    command = [shutil.which("c++") or "c++", "-x", "c++", "-std=c++17", "-c"]
    text = "#include <cyma/cyma.h>\n#include <cyma/api.h>\n" + text
    compile_program(tmp_path, *command, "-o", str(tmp_path / "two.o"), text=text, name="two.cpp")
    objects = [tmp_path / "one.o", tmp_path / "two.o"]
    subprocess.run(["c++", *objects, "-o", tmp_path / "both", "-lm"], check=True)
    subprocess.run([tmp_path / "both"], check=True)


@pytest.fixture(scope="session")
def zig():
    """A C compiler for many machines."""
    pytest.importorskip("ziglang", reason="ziglang, which compiles for other machines, is missing")
    return [sys.executable, "-m", "ziglang", "cc"]


@pytest.mark.parametrize("target", TARGETS)
def test_other_machines(target, zig, tmp_path):
    command = [*zig, "-target", target, "-std=c11", "-O2", *WARNINGS.split(), "-c"]
    compile_program(tmp_path, *command, "-o", str(tmp_path / "program.o"), text=PROGRAM)
    machine = {"aarch64": b"\xb7\x00", "riscv64": b"\xf3\x00"}
    if "linux" in target:
        object_file = (tmp_path / "program.o").read_bytes()
        assert object_file[18:20] == machine[target.split("-")[0]]


def test_every_public_name_is_documented():
    text = DOCUMENT.read_text()
    for name in FUNCTIONS:
        assert f"`cyma_{name}_f32`" in text
