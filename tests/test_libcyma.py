"""libcyma, built by CMake: the ufuncs' bits without Python, and what other builds need of it."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import INFO, assert_same_bits, inputs, newest_clang, ufunc_of

import cyma
from cyma._functions import FUNCTIONS

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "embedding"
SYMBOLS = pathlib.Path(__file__).with_name("libcyma_symbols.txt")
DTYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64}

if shutil.which("cmake") is None or shutil.which("cc") is None:
    pytest.skip("CMake or a C compiler is not installed", allow_module_level=True)


def run(*command, code=0, **keywords):
    process = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **keywords
    )
    assert process.returncode == code, process.stdout + process.stderr
    return process.stdout + process.stderr


def cmake(source, build, *options):
    """Configure, and build."""
    run("cmake", "-S", source, "-B", build, *options)
    run("cmake", "--build", build, "--parallel", "2")
    return build


@pytest.fixture(scope="session")
def prefixes(tmp_path_factory):
    """Where libcyma is installed, as a shared and as a static library."""
    found = {kind: tmp_path_factory.mktemp(kind) / "prefix" for kind in ("shared", "static")}
    for kind, prefix in found.items():
        options = ["-DBUILD_SHARED_LIBS=ON"]
        if kind == "static":  # some distributions give whole paths
            options = [f"-DCMAKE_INSTALL_{x}DIR={prefix}/{x.lower()}" for x in ("LIB", "INCLUDE")]
            options += [f"-DCMAKE_INSTALL_PREFIX={prefix}"]
        build = cmake(ROOT, prefix.with_name("build"), *options)
        if kind == "static":
            run("cmake", "--install", build)
        else:  # and is moved afterwards
            run("cmake", "--install", build, "--prefix", prefix.with_name("first"))
            prefix.with_name("first").rename(prefix)
    return found


def shared_library(prefix):
    (path,) = (path for path in prefix.rglob("libcyma.so"))
    return path


@pytest.fixture(scope="session")
def library(prefixes):
    """The shared library, for ctypes."""
    library = ctypes.CDLL(str(shared_library(prefixes["shared"])))
    library.cyma_tier.restype = library.cyma_version.restype = ctypes.c_char_p
    for suffix, grad in ((s, g) for s in ("f32", "f64") for g in ("", "_and_grad")):
        function = getattr(library, f"cyma_bce_with_logits_{suffix}_sum{grad}")
        function.restype = ctypes.c_double
        doubles = [ctypes.c_double] * (1 if grad == "" else 2)
        out = [] if grad == "" else [ctypes.c_void_p]
        function.argtypes = [*[ctypes.c_void_p] * 3, *doubles, *out, ctypes.c_size_t]
    return library


def call(library, name, *operands, out):
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (*operands, out)]
    getattr(library, f"cyma_{name}_array")(*pointers, ctypes.c_size_t(out.size))
    return out


@pytest.mark.parametrize("suffix", DTYPES)
def test_arrays(function, suffix, tier, library):
    library.cyma_set_tier(tier.encode())
    name = f"{function.name}_{suffix}"
    for n in (0, 1, 7, 8, 63, 1000):
        # One element off an aligned address.
        operands = [x[1 : n + 1] for x in inputs(function, DTYPES[suffix], 1001)]
        expected = ufunc_of(function)(*operands)
        assert_same_bits(call(library, name, *operands, out=np.empty_like(expected)), expected)
        copies = [x.copy() for x in operands]
        assert_same_bits(call(library, name, *copies, out=copies[-1]), expected)
    nothing = [ctypes.c_void_p(None)] * (function.nin + 1)
    getattr(library, f"cyma_{name}_array")(*nothing, ctypes.c_size_t(0))
    library.cyma_set_tier(INFO["tier"].encode())


@pytest.mark.parametrize("suffix", ["f32", "f64"])
@pytest.mark.parametrize("keywords", [{}, {"weight": 1e-44}, {"pos_weight": 0.1}])
def test_losses(suffix, keywords, library):
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(0, 9, 3000).astype(DTYPES[suffix]), rng.random(3000)
    targets = targets.astype(logits.dtype)
    keywords = dict(keywords)
    weight = None
    if "weight" in keywords:
        weight = keywords["weight"] = (keywords["weight"] * rng.random(3000)).astype(logits.dtype)
    loss, grad = cyma.bce_with_logits_value_and_grad(logits, targets, reduction="sum", **keywords)
    pointers = [None if x is None else x.ctypes.data for x in (logits, targets, weight)]
    pos_weight = keywords.get("pos_weight", 1.0)
    found = np.empty_like(logits)
    name = f"cyma_bce_with_logits_{suffix}_sum"
    value = getattr(library, name)(*pointers, pos_weight, 3000)
    both = getattr(library, f"{name}_and_grad")(*pointers, pos_weight, 1.0, found.ctypes.data, 3000)
    assert value == both
    assert_same_bits(logits.dtype.type(value), loss)
    assert_same_bits(found, grad)
    assert getattr(library, name)(None, None, None, 1.0, 0) == 0


def test_tiers(library):
    assert library.cyma_tier() == INFO["tier"].encode()
    for name in (None, b"", b"mmx", b"baseline2"):
        assert library.cyma_set_tier(name) == -1
        assert library.cyma_tier() == INFO["tier"].encode()
    for name in INFO["supported_tiers"][::-1]:
        assert library.cyma_set_tier(name.encode()) == 0
        assert library.cyma_tier() == name.encode()
    assert cyma.runtime_info()["tier"] == INFO["tier"]  # that of Python is another one
    assert library.cyma_set_tier(INFO["tier"].encode()) == 0


def test_versions(library):
    assert library.cyma_version() == cyma.__version__.encode()
    assert library.cyma_abi_version() == abi_version()


def abi_version():
    return int(re.search(r"CYMA_ABI_VERSION (\d+)", (ROOT / "include/cyma/api.h").read_text())[1])


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
def test_symbols(prefixes):
    """The ABI only grows, and nothing else is exported."""
    listing = run("nm", "-D", "--defined-only", shared_library(prefixes["shared"]))
    exported = {line.split()[-1] for line in listing.splitlines()}
    lines = SYMBOLS.read_text().splitlines()
    recorded = {line for line in lines if not line.startswith("#")}
    vanished, new = sorted(recorded - exported), sorted(exported - recorded)
    assert not vanished, f"the ABI must not shrink, but these are gone: {vanished}"
    assert not new, f"raise CYMA_ABI_VERSION, and add to {SYMBOLS.name} (also that number): {new}"
    assert lines[0] == f"# What libcyma exports; CYMA_ABI_VERSION {abi_version()}"
    assert {f"cyma_{name}_{s}_array" for name in FUNCTIONS for s in DTYPES} < exported


@pytest.fixture(scope="session")
def first_calls(tmp_path_factory):
    """The program libcyma.c and all of the library, under ThreadSanitizer."""
    folder = tmp_path_factory.mktemp("first_calls")
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.19)\n"
        "project(first LANGUAGES C)\n"
        f'add_subdirectory("{ROOT.as_posix()}" cyma)\n'
        "find_package(Threads REQUIRED)\n"
        f'add_executable(first "{ROOT.as_posix()}/tests/libcyma.c")\n'
        "target_link_libraries(first cyma::cyma Threads::Threads)\n"
    )
    sanitize = "-DCMAKE_C_FLAGS=-fsanitize=thread -g"
    return cmake(folder, folder / "build", sanitize) / "first"


def test_threads_and_the_floating_point_environment(first_calls):
    for name in INFO["supported_tiers"]:
        environment = {**os.environ, "CYMA_TIER": name}
        for _ in range(5):
            said = run(first_calls, env=environment)
            assert said == f"0 failures, tier {name}\n"  # and no report


def test_environment_variable_of_no_tier(first_calls):
    for name in ("", "mmx", *set(INFO["compiled_tiers"]) - set(INFO["supported_tiers"])):
        said = run(first_calls, env={**os.environ, "CYMA_TIER": name})
        assert said.split()[-1] == INFO["supported_tiers"][-1]


# Other builds.


def write_files(folder):
    rng = np.random.default_rng(0)
    logits, labels = (5 * rng.normal(size=10_003)).astype("f4"), rng.random(10_003) < 0.3
    logits.tofile(folder / "logits")
    labels.astype("f4").tofile(folder / "labels")
    return logits, labels


def check_program(program, folder, **environment):
    """Run one of the examples, and compare."""
    logits, labels = write_files(folder)
    files = [folder / name for name in ("logits", "labels", "probabilities")]
    said = run(program, *files, env={**os.environ, **environment})
    found = np.fromfile(files[2], "f4")
    assert_same_bits(found, cyma.sigmoid(logits))
    mean = re.search(r"mean loss ([^,]+)", said)[1]
    total = np.float32(float(mean) * logits.size)
    assert total == cyma.bce_with_logits(logits, labels, reduction="sum")
    assert said.endswith(f"kernels for {INFO['tier']}\n")
    if "worst" in said:
        worst = float(re.search(r"the worst ([^,]+)", said)[1])
        expected = cyma.sigmoid_bce(logits, labels.astype("f4")).max()
        np.testing.assert_allclose(worst, expected, rtol=3e-7)  # compiled without FMA


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_find_package(kind, prefixes, tmp_path):
    build = cmake(EXAMPLES, tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefixes[kind]}")
    check_program(build / "score_c", tmp_path)
    check_program(build / "score_cpp", tmp_path)
    # Errors name the file.
    missing = run(build / "score_c", tmp_path / "no", tmp_path / "labels", tmp_path / "p", code=1)
    assert f"{tmp_path / 'no'}: No such file or directory" in missing
    missing = run(build / "score_cpp", tmp_path / "no", tmp_path / "labels", tmp_path / "p", code=1)
    assert f"{tmp_path / 'no'}: No such file or directory" in missing
    (tmp_path / "labels").write_bytes(b"1234")
    assert "labels has 4" in run(
        build / "score_c", tmp_path / "logits", tmp_path / "labels", tmp_path / "p", code=1
    )


def test_find_package_of_another_version(prefixes, tmp_path):
    text = (EXAMPLES / "CMakeLists.txt").read_text().replace("cyma 0.1 ", "cyma 99 ")
    (tmp_path / "CMakeLists.txt").write_text(text)
    prefix = f"-DCMAKE_PREFIX_PATH={prefixes['static']}"
    said = run("cmake", "-S", tmp_path, "-B", tmp_path / "build", prefix, code=1)
    assert f"version: {cyma.__version__}" in said


def build_in_a_project(folder, way, *options):
    """Build the examples in a project that takes cyma in; what that has set is not for cyma."""
    way = f"""
set(CMAKE_C_STANDARD 90)
set(CMAKE_UNITY_BUILD ON)
add_compile_options(-std=c11 -std=c90)
{way}
unset(CMAKE_C_STANDARD)
set(CMAKE_UNITY_BUILD OFF)
set_property(DIRECTORY PROPERTY COMPILE_OPTIONS)
"""
    text = (EXAMPLES / "CMakeLists.txt").read_text()
    (folder / "CMakeLists.txt").write_text(text.replace("find_package(cyma 0.1 REQUIRED)", way))
    for name in ("score.c", "score.cpp"):
        shutil.copy(EXAMPLES / name, folder)
    return cmake(folder, folder / "build", *options)


@pytest.fixture(scope="session")
def fetched(tmp_path_factory):
    """The build of a project that fetches cyma, with options that would change results."""
    way = f"""
include(FetchContent)
FetchContent_Declare(cyma SOURCE_DIR "{ROOT.as_posix()}")
FetchContent_MakeAvailable(cyma)
"""
    flags = "-Ofast -ffast-math -march=native"  # gcc takes the first back where -O3 follows
    options = ["-DBUILD_SHARED_LIBS=ON", f"-DCMAKE_C_FLAGS={flags}"]
    return build_in_a_project(tmp_path_factory.mktemp("fetched"), way, *options)


def test_add_subdirectory(tmp_path):
    build = build_in_a_project(tmp_path, f'add_subdirectory("{ROOT.as_posix()}" cyma)')
    check_program(build / "score_c", tmp_path)
    check_program(build / "score_cpp", tmp_path)


def test_fetch_content(fetched, tmp_path):
    check_program(fetched / "score_c", tmp_path)
    check_program(fetched / "score_cpp", tmp_path)


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
@pytest.mark.parametrize("kind", ["shared", "static"])
def test_pkg_config(kind, prefixes, tmp_path):
    (folder,) = prefixes[kind].rglob("pkgconfig")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    ask = ["pkg-config", *(["--static"] if kind == "static" else []), "--cflags", "--libs", "cyma"]
    assert run("pkg-config", "--modversion", "cyma", env=environment) == f"{cyma.__version__}\n"
    options = run(*ask, env=environment).split()
    run("cc", "-O2", EXAMPLES / "score.c", *options, "-o", tmp_path / "score")
    libraries = str(shared_library(prefixes[kind]).parent) if kind == "shared" else ""
    check_program(tmp_path / "score", tmp_path, LD_LIBRARY_PATH=libraries)


def test_headers_of_the_package_by_cmake(tmp_path):
    """cyma::headers, from where the Python package is installed."""
    (tmp_path / "main.c").write_text(
        "#include <cyma/cyma.h>\n#include <stdio.h>\n"
        'int main(void) { printf("%.17g\\n", cyma_sigmoid_f64(0)); return 0; }\n'
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.19)\nproject(inline LANGUAGES C)\n"
        f"find_package(cyma {cyma.__version__} EXACT REQUIRED)\n"
        "add_executable(inline main.c)\ntarget_link_libraries(inline cyma::headers m)\n"
    )
    folder = run("cyma-config", "--cmakedir").strip()
    build = cmake(tmp_path, tmp_path / "build", f"-Dcyma_DIR={folder}")
    assert run(build / "inline") == "0.5\n"


def test_headers_without_optimisation(prefixes, tmp_path):
    """cyma::headers of libcyma, with the library that has fma where the compiler calls it."""
    (tmp_path / "main.c").write_text(
        "#include <cyma/cyma.h>\n"
        "int main(int n, char **v) { (void)v; return !(cyma_tanh_f64(n) > 0.7); }\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.19)\nproject(inline LANGUAGES C)\n"
        "find_package(cyma 0.1 REQUIRED)\n"
        "add_executable(inline main.c)\ntarget_link_libraries(inline cyma::headers)\n"
    )
    options = [f"-DCMAKE_PREFIX_PATH={prefixes['static']}", "-DCMAKE_C_FLAGS=-O0 -march=native"]
    run(cmake(tmp_path, tmp_path / "build", *options) / "inline")


# Options of the user's.


def test_options_change_nothing(fetched):
    operands = {name: f.nin for name, f in FUNCTIONS.items()}
    code = f"""
import ctypes, numpy as np
library = ctypes.CDLL({str(shared_library(fetched))!r})
assert np.float64(5e-324) * np.float64(1.0) != 0
x = np.array([np.nan, np.inf, -np.inf, -0.0, -100.0, 0.3], np.float32)
out = np.empty_like(x)
for name, count in {operands}.items():
    function = getattr(library, f"cyma_{{name}}_f32_array")
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in [*[x] * count, out]]
    function(*pointers, ctypes.c_size_t(x.size))
    print(*out)
"""
    lines = run(sys.executable, "-c", code).splitlines()
    x = np.array([np.nan, np.inf, -np.inf, -0.0, -100.0, 0.3], np.float32)
    for function, line in zip(FUNCTIONS.values(), lines, strict=True):
        expected = ufunc_of(function)(*[x] * function.nin)
        assert line == " ".join(map(str, expected)), function.name


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ("CMAKE_C_FLAGS=-mpc32", "loading it changes rounding"),
        ("CMAKE_C_FLAGS=-O1 -mlong-double-64", "long double is not that of NumPy or the C library"),
        ("CMAKE_SHARED_LINKER_FLAGS=-mpc64", "loading it changes rounding"),
    ],
)
def test_an_option_that_would_is_an_error(option, fault, tmp_path):
    options = ["-DBUILD_SHARED_LIBS=ON", f"-D{option}"]
    said = " ".join(run("cmake", "-S", ROOT, "-B", tmp_path, *options, code=1).split())
    assert f"cyma's results would change: {fault}" in said
    name, value = option.split("=")
    assert f'{name} "{value}' in said.partition("at fault: something in ")[2]


@pytest.mark.skipif(shutil.which(newest_clang()) is None, reason="clang is not installed")
def test_warnings_of_the_compiler_leave_no_tier_out(tmp_path):
    flags = "-Ofast -Wno-such-warning -Werror"  # clang warns of the first two
    command = ["cmake", "-S", ROOT, "-B", tmp_path, f"-DCMAKE_C_COMPILER={newest_clang()}"]
    said = run(*command, f"-DCMAKE_C_FLAGS={flags}", "-DCMAKE_BUILD_TYPE=Release")
    assert "left out" not in said
    targets = run("cmake", "--build", tmp_path, "--target", "help")
    assert all(f"cyma_{tier}" in targets for tier in INFO["compiled_tiers"])
