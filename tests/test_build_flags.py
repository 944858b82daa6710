"""No option of the user's changes a result, or the floating-point environment; or the build stops.

Single options are tried on a few functions, of which compilers make the same code; all of them at
once in whole builds, whose results are compared.
"""

import ctypes
import itertools
import json
import os
import pathlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import INFO, assert_same_bits, newest_clang

import cyma

pytest.importorskip("Cython", reason="setup.py needs Cython")
pytest.importorskip("setuptools", "77", reason="setup.py needs it")

ROOT = pathlib.Path(__file__).parents[1]
SETUP = runpy.run_path(str(ROOT / "setup.py"), run_name="flags")
TIERS = [tier for tier in INFO["supported_tiers"] if tier in SETUP["TIERS"]]


COMPILERS = [
    pytest.param(
        compiler,
        marks=pytest.mark.skipif(shutil.which(compiler) is None, reason=f"no {compiler}"),
        id=compiler.partition("-")[0],
    )
    for compiler in ("gcc", newest_clang())
]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or "x86_64_v3" not in TIERS, reason="not Linux on x86-64"
)

# Options that would change results, alone or together with others; those that a compiler does not
# know are left out.
FLOATING = """
-ffast-math
-Ofast
-funsafe-math-optimizations
-ffinite-math-only
-fno-honor-nans
-fno-honor-infinities
-fno-signed-zeros
-freciprocal-math
-fassociative-math -fno-signed-zeros -fno-trapping-math
-fapprox-func
-fno-math-errno
-ffp-contract=fast
-ffp-contract=on
-ffp-model=fast
-ffp-model=aggressive
-ffp-model=strict
-ffp-exception-behavior=strict
-fdenormal-fp-math=preserve-sign
-fsingle-precision-constant
-mfpmath=387
-mfpmath=both
-mno-ieee-fp
-mrecip
-mrecip=all -ffast-math
-mdaz-ftz
-frounding-math
-fexcess-precision=fast
-fcx-limited-range
-fcx-fortran-rules
""".strip().splitlines()
# Those that would make a tier another one.
TARGET = """
-march=native
-mfma
-mavx512f
-mno-fma
-mno-avx2
-mavx2 -mno-sse4.2
""".strip().splitlines()

# What comes too late to be undone, or works otherwise.
FATAL = ["-mpc32", "-mpc64", "-mlong-double-64", "-mlong-double-128", "-mno-80387", "-mno-x87"]
FATAL += [
    "-ffp-eval-method=double",
    "-Xclang -ffast-math",
    "-Xclang -freciprocal-math",
    "-Xclang -fno-signed-zeros",
]

# A few functions, each one that options have changed, in loops that are vectorised.
SOURCE = """
#include "cyma/cyma.h"
#define LOOP(function, real) \\
    void loop_##function(const real *x, real *y) \\
    { \\
        for (int i = 0; i < 4096; i++) \\
            y[i] = cyma_##function(x[i]); \\
    }
LOOP(tanh_f32, float) LOOP(tanh_f64, double) LOOP(softplus_f32, float)
LOOP(sigmoid_f64, double) LOOP(sigmoid_deriv_f32, float) LOOP(tanh_deriv_f64, double)
"""


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch):
    """Where setup.py runs, with no options about."""
    monkeypatch.chdir(ROOT)
    for name in SETUP["VARIABLES"]:
        monkeypatch.delenv(name, raising=False)


def commands_of(compiler, **values):
    return SETUP["customized"]({"CC": compiler, **values})


def assembly(commands, flags, tmp_path):
    """What is made of the few functions."""
    source, result = tmp_path / "loops.c", tmp_path / "loops.s"
    source.write_text(SOURCE)
    fault = commands.run(
        [*commands.compiler, "-S", str(source), "-o", str(result), "-Iinclude", *flags]
    )
    return fault or result.read_text()


def known(compiler, candidates):
    """Those options that a compiler takes."""
    commands = commands_of(compiler, CFLAGS="-O1")
    return [o for o in candidates if not commands.compile(SETUP["PLAIN"], shlex.split(o))]


def wrapper(folder, compiler, text):
    """A command that calls the compiler as a line of shell says."""
    path = folder / "wrapper"
    path.write_text(f"#!/bin/sh\ncc={shutil.which(compiler)}\n{text}\n")
    path.chmod(0o755)
    return str(path)


def refusing(*patterns):
    """Shell for a compiler that does not know some options."""
    cases = "|".join(patterns)
    return (
        f'for a; do case $a in {cases}) echo "error: unknown option $a" >&2; exit 1;; esac; done\n'
        'exec $cc "$@"'
    )


def build(folder, *arguments, **values):
    """Run setup.py with these values of variables; its last line, and the folder with cyma."""
    command = [sys.executable, "setup.py", "-q", "build_ext", "--force", *arguments]
    command += ["--build-temp", str(folder / "temp"), "--build-lib", str(folder / "lib")]
    process = subprocess.run(
        command,
        env={**os.environ, **values},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout.strip().splitlines()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_an_option_alone_is_undone(compiler, tmp_path):
    clean = commands_of(compiler, CFLAGS="-O1")
    undo, link_flags = clean.undo()
    common = [*undo, *SETUP["COMMON_FLAGS"]["unix"], "-g0"]
    tiers = {tier: SETUP["TIERS"][tier]["unix"][0] for tier in ("baseline", "x86_64_v3")}
    expected = {tier: assembly(clean, common + tiers[tier], tmp_path) for tier in tiers}
    assert "vfmadd" in expected["x86_64_v3"]
    options = known(compiler, FLOATING + TARGET)
    assert len(options) >= 24
    for option in options:
        commands = commands_of(compiler, CFLAGS=option, LDFLAGS=option)
        fault = commands.broken_fact("x86_64_v3", common + tiers["x86_64_v3"], link_flags)
        assert not fault, option
        for tier, flags in tiers.items():
            assert assembly(commands, common + flags, tmp_path) == expected[tier], option


@pytest.mark.parametrize("compiler", COMPILERS)
def test_what_cannot_be_undone_is_named(compiler, monkeypatch):
    clean = commands_of(compiler)
    undo, link_flags = clean.undo()
    flags = [*undo, *SETUP["COMMON_FLAGS"]["unix"], *SETUP["TIERS"]["x86_64_v3"]["unix"][0]]
    options = known(compiler, FATAL)
    assert len(options) >= 4
    monkeypatch.setenv("CC", f"{compiler} -DNDEBUG")
    for option, name in zip(options, itertools.cycle(("CFLAGS", "CPPFLAGS")), strict=False):
        monkeypatch.setenv(name, f"-O2 {option} -Wall")
        fault = commands_of(compiler, CFLAGS=option).broken_fact("x86_64_v3", flags, link_flags)
        assert fault, option
        culprit = SETUP["find_culprit"](("x86_64_v3", flags, link_flags))
        assert culprit == f"{option} in {name}"
        monkeypatch.delenv(name)


# By what a wrapper adds after our options: what is said of it.
ADDED = {
    "-ffast-math": "-ffast-math",
    "-Ofast": "-Ofast",
    "-ffinite-math-only": "-ffinite-math-only",
    "-freciprocal-math": "-freciprocal-math",
    "-fno-signed-zeros": "-fno-signed-zeros",
    "-fassociative-math -fno-signed-zeros": "-fassociative-math",
    "-fno-honor-nans": "-fno-honor-nans",
    "-ffp-contract=fast": "-ffp-contract=fast",
    "-fsingle-precision-constant": "-fsingle-precision-constant",
    "-mfpmath=387": "-mfpmath=387",
    "-ffp-eval-method=double": "-ffp-eval-method",
    "-mdaz-ftz": "-mdaz-ftz",
    "-mpc32": "-mpc32",
    "-mno-fma": "-mfma",
    "-mavx512f": "-mavx",
}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_what_a_wrapper_adds(compiler, tmp_path):
    undo, link_flags = commands_of(compiler).undo()
    flags = [*undo, *SETUP["COMMON_FLAGS"]["unix"], *SETUP["TIERS"]["x86_64_v3"]["unix"][0]]
    options = known(compiler, ADDED)
    assert len(options) >= 9
    for option in options:
        before = commands_of(wrapper(tmp_path, compiler, f'exec $cc {option} "$@"'))
        if option not in FATAL:
            assert before.broken_fact("x86_64_v3", flags, link_flags) is None, option
        after = commands_of(wrapper(tmp_path, compiler, f'exec $cc "$@" {option}'))
        fault = after.broken_fact("x86_64_v3", flags, link_flags)
        if option == "-fsingle-precision-constant" and compiler != "gcc":
            assert fault is None  # clang takes it, without effect
        else:
            assert fault is not None, option
            assert ADDED[option] in fault, option


def test_a_wrapper_that_cannot_be_undone_stops_the_build(tmp_path):
    command = wrapper(tmp_path, "gcc", 'exec $cc "$@" -mpc32')
    code, lines = build(tmp_path, CC=command, CFLAGS="-O2")
    assert code == 1
    assert lines[-1].startswith("error: cyma's results would change: loading it changes rounding")
    assert lines[-1].endswith(f"at fault: the command {command!r} itself")


def test_an_option_that_cannot_be_undone_stops_the_build(tmp_path):
    code, lines = build(tmp_path, CFLAGS="-O2 -mlong-double-64", LDFLAGS="-mpc64")
    assert code == 1
    assert lines[-1].startswith("error: cyma's results would change: ")
    assert lines[-1].endswith("at fault: -mlong-double-64 in CFLAGS and -mpc64 in LDFLAGS")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "'/no/such/cc' cannot be run: No such file or directory"),
        ("echo no licence >&2; exit 1", "no licence"),
    ],
)
def test_no_compiler(text, said, tmp_path):
    command = wrapper(tmp_path, "gcc", text) if text else "/no/such/cc"
    code, lines = build(tmp_path, CC=command)
    assert code == 1
    lines = [line for line in lines if "ythoniz" not in line and not line.startswith("Compiling")]
    assert len(lines) == 1
    assert lines[0].startswith("error: cyma needs a C compiler")
    assert command in lines[0]
    assert said in lines[0]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_features_of_a_level_are_the_level(compiler):
    clean = commands_of(compiler, CFLAGS="-O1")

    def macros(flags):
        command = [*clean.compiler, *flags, "-dM", "-E", "-x", "c", os.devnull]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        # clang also has macros for the CPU that it schedules for.
        return {line for line in lines.splitlines() if "k8" not in line}

    for tier, level in (("x86_64_v3", "x86-64-v3"), ("x86_64_v4", "x86-64-v4")):
        with_level, by_features = SETUP["TIERS"][tier]["unix"]
        assert macros([f"-march={level}"]) == macros(with_level) == macros(by_features)


HEADER_OPTIONS = [
    *FLOATING,
    "-ffp-eval-method=double",
    "-O3",
    "-fno-trapping-math",
    "-O1 -ffp-contract=off",
]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_headers_give_the_same_bits_or_refuse(compiler, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.uniform(-20, 20, 4096)
    x[:5] = np.nan, np.inf, -np.inf, -0.0, 0.0
    # Contracted, tanh in float32 is another number there.
    x[5:7] = np.multiply(float.fromhex("0x1.b2b4ccp0"), (1, -1))
    x[7:12] = -100, -103.5, 90, -740, 1e-40
    expected = {}
    with cyma.tier("x86_64_v3"):
        for name in re.findall(r"LOOP\((\w+_f\d\d), ", SOURCE):
            function, precision = name.rsplit("_", 1)
            dtype = {"f32": np.float32, "f64": np.float64}[precision]
            expected[name] = getattr(cyma, function)(x.astype(dtype))

    source, objects = tmp_path / "loops.c", [tmp_path / "loops.o"]
    source.write_text(SOURCE)
    command = [compiler, "-O2", "-ftree-vectorize", "-march=x86-64-v3", "-fPIC", "-Iinclude"]
    refused = []
    for number, option in enumerate(known(compiler, HEADER_OPTIONS)):
        words = shlex.split(option)
        process = subprocess.run(
            [*command, *words, "-c", source, "-o", *objects],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            error = next(line for line in process.stderr.splitlines() if "cyma: " in line)
            assert any(word.partition("=")[0] in error for word in words), error
            refused.append(option)
            continue
        library = tmp_path / f"loops_{number}.so"  # one of another name, as loaded ones stay
        subprocess.run([compiler, "-shared", *objects, "-o", library, "-lm"], check=True)
        loaded = ctypes.CDLL(str(library))
        for name, results in expected.items():
            given, out = x.astype(results.dtype), np.empty_like(results)
            loaded[f"loop_{name}"](given.ctypes, out.ctypes)
            assert_same_bits(out, results)
    assert {"-ffast-math", "-Ofast", "-ffinite-math-only"} <= set(refused)
    if compiler == "gcc":  # which tells of each; clang's are undone
        assert {"-fno-signed-zeros", "-freciprocal-math", "-fsingle-precision-constant"} < set(
            refused
        )
    assert {"-O3", "-O1", "-fno-trapping-math", "-fno-math-errno"}.isdisjoint(refused)


# Prints what must not depend on options: hashes of all results, and what importing cyma left.
REPORT = """
import hashlib, json, sys
import numpy as np
sys.path.insert(0, "")
import cyma
from tools.accuracy import same_bits
from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS
eps = np.finfo(np.longdouble).eps
assert np.float64(5e-324) * np.float64(1.0) != 0, "subnormal numbers are flushed to 0"
assert np.longdouble(1) + eps != 1, "long double has lost precision"
info = cyma.runtime_info()
found = {}
for tier in info["supported_tiers"]:
    found[tier] = same_bits.hashes(tier, "contiguous")
    with np.errstate(all="ignore"):
        cyma.set_tier(tier)
        z = np.random.default_rng(0).random(100_001)
        x = 20 * z[::-1] - 5
        losses = [cyma.bce_with_logits(x, z, weight=w, reduction=r) for w in (None, z)
                  for r in ("sum", "mean")]
        found[tier]["bce"] = [float(loss).hex() for loss in losses]
        wide = [f(*[x.astype(np.longdouble)] * f.nin) for f in UFUNCS.values()]
        found[tier]["long double"] = same_bits.digest(np.array(wide, float))
specials = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
found["specials"] = [str(f(specials)) for f in UFUNCS.values() if f.nin == 1]
print(json.dumps({"found": found, "info": info}))
"""


def report(folder=None):
    """What the cyma in a folder prints, or the one that is installed."""
    paths = {"PYTHONPATH": str(folder)} if folder else {}
    process = subprocess.run(
        [sys.executable, "-c", REPORT],
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def library_of(folder):
    """The extension with the core in the folder, which gets the Python files too."""
    (library,) = (folder / "lib" / "cyma").glob("_ufuncs*.so")
    for path in (ROOT / "python" / "cyma").glob("*.py"):
        shutil.copy(path, library.parent)
    return library


# All options at once, in all places, and a compiler that does not know the levels of x86-64, or not
# even AVX-512: each takes as long as a build.
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_build_with_all_options_is_the_same(compiler, tmp_path):
    plain = report()
    gcc = compiler == "gcc"
    unknown = ["-march=x86-64-v*"] + ([] if gcc else ["-mavx512*"])
    options = [o for o in known(compiler, FLOATING + TARGET) if gcc or "avx512" not in o]
    half = len(options) // 2
    code, lines = build(
        tmp_path,
        CC=wrapper(tmp_path, compiler, refusing(*unknown).replace("$cc", "$cc -Ofast")),
        CFLAGS=" ".join([*options[half:], "-mtune=native", *(["-g", "-flto"] if gcc else [])]),
        CPPFLAGS=" ".join(options[:half]),
        LDFLAGS=" ".join(["-Ofast -ffast-math", *(["-flto"] if gcc else [])]),
    )
    assert code == 0, lines[-1]
    library = library_of(tmp_path)
    # Only where the user asks for it.
    assert (b".debug_info" in library.read_bytes()) == gcc

    built = report(library.parents[1])
    for tier in set(built["found"]) - set(plain["found"]["x86_64_v3"]):
        assert built["found"][tier] == plain["found"][tier], tier
    left_out = built["info"]["left_out_tiers"]
    if gcc:
        assert built["info"]["compiled_tiers"] == ["baseline", "x86_64_v3", "x86_64_v4"]
        assert left_out == {}
        return
    assert built["info"]["compiled_tiers"] == ["baseline", "x86_64_v3"]
    assert list(left_out) == ["x86_64_v4"]
    assert left_out["x86_64_v4"].startswith("the compiler rejects -mavx512f -mavx512bw")
    head = subprocess.run(
        [sys.executable, "-m", "cyma", "--quick", "--dtype", "float16", "tanh"],
        env={**os.environ, "PYTHONPATH": str(library.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"x86_64_v4 was left out of this build: {left_out['x86_64_v4']}" in head


def test_no_tier_is_left_out_here():
    assert INFO["left_out_tiers"] == {}
