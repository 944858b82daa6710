"""cyma.cython_api: functions in C with the ufuncs' bits; a mismatch of versions is named."""

import ctypes
import importlib.metadata
import importlib.util
import pathlib
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest
from conftest import INFO, assert_same_bits, inputs, ufunc_of

import cyma
import cyma.cython_api
from cyma import _config
from cyma._functions import FUNCTIONS

PACKAGE = pathlib.Path(cyma.__file__).parent
EXAMPLES = pathlib.Path(__file__).parents[1] / "examples" / "embedding"
CAPSULES = cyma.cython_api.__pyx_capi__
DECLARATIONS = (PACKAGE / "cython_api.pxd").read_text()

NUMBERS = {"float": ctypes.c_float, "double": ctypes.c_double}
NUMBERS |= {"int": ctypes.c_int, "Py_ssize_t": ctypes.c_ssize_t}
DTYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64}

ctypes.pythonapi.PyCapsule_GetPointer.restype = ctypes.c_void_p
ctypes.pythonapi.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
ctypes.pythonapi.PyCapsule_GetName.restype = ctypes.c_char_p
ctypes.pythonapi.PyCapsule_GetName.argtypes = [ctypes.py_object]


def type_of(name):
    """The type of a function, as its capsule tells it: the result and the arguments."""
    text = ctypes.pythonapi.PyCapsule_GetName(CAPSULES[name]).decode()
    result, arguments = re.fullmatch(r"(.+?) ?\((.*)\)", text).groups()
    return result, [] if arguments == "void" else arguments.split(", ")


def function_of(name):
    """A function of a capsule, for ctypes."""
    result, arguments = type_of(name)
    address = ctypes.pythonapi.PyCapsule_GetPointer(
        CAPSULES[name], ctypes.pythonapi.PyCapsule_GetName(CAPSULES[name])
    )

    def in_ctypes(c_type):
        if c_type == "char const *":
            return ctypes.c_char_p
        return ctypes.c_void_p if c_type.endswith("*") else NUMBERS[c_type]

    restype = None if result == "void" else in_ctypes(result)
    return ctypes.CFUNCTYPE(restype, *map(in_ctypes, arguments))(address)


def run(name, *operands, out):
    function_of(name)(*(x.ctypes.data for x in operands), out.ctypes.data, out.size)
    return out


def test_every_row_has_its_functions():
    wanted = {
        f"{name}_{suffix}"
        for name in FUNCTIONS
        for suffix in ("f32", "f64", "f16_array", "f32_array", "f64_array")
    }
    others = {name for name in CAPSULES if name not in wanted}
    assert wanted <= set(CAPSULES)
    assert others == {"abi_version", "set_tier", "tier", "version"} | {
        f"bce_with_logits_{suffix}_sum{kind}"
        for suffix in ("f32", "f64")
        for kind in ("", "_and_grad")
    }


def test_declarations_are_those_of_the_capsules():
    text = re.sub(r"\s+", " ", DECLARATIONS)
    declared = dict(re.findall(r"cdef [\w* ]+?(\w+)\( ?([^)]*?) ?\) noexcept nogil", text))
    assert set(declared) == set(CAPSULES)


@pytest.mark.parametrize("suffix", ["f32", "f64"])
def test_numbers_are_those_of_the_ufuncs(function, suffix, tier):
    operands = inputs(function, DTYPES[suffix], 300)
    number = function_of(f"{function.name}_{suffix}")
    found = np.array([number(*map(float, row)) for row in zip(*operands, strict=True)])
    assert_same_bits(found.astype(DTYPES[suffix]), ufunc_of(function)(*operands))


def test_numbers_follow_the_tier_of_the_thread():
    x = np.linspace(-3, 3, 200)
    number, array = function_of("softplus_f64"), cyma.softplus

    def check():
        assert_same_bits(np.array([number(v) for v in x.tolist()]), array(x))
        return array(x)

    widest = check()
    for name in INFO["supported_tiers"]:
        with cyma.tier(name):
            plain = check()
            with cyma.tier(INFO["tier"]):
                assert_same_bits(check(), widest)
            assert_same_bits(check(), plain)
    assert_same_bits(check(), widest)


@pytest.mark.parametrize("suffix", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 7, 64, 1001])
def test_arrays_are_those_of_the_ufuncs(function, suffix, n, tier):
    operands = [x[:n] for x in inputs(function, DTYPES[suffix], 1001)]
    name = f"{function.name}_{suffix}_array"
    expected = ufunc_of(function)(*operands)
    assert_same_bits(run(name, *operands, out=np.empty_like(expected)), expected)
    for k in range(function.nin):
        copies = [x.copy() for x in operands]
        assert_same_bits(run(name, *copies, out=copies[k]), expected)


@pytest.mark.parametrize("suffix", ["f32", "f64"])
def test_large_arrays_whose_results_go_past_the_caches(suffix):
    dtype = DTYPES[suffix]
    x = np.linspace(-1, 1, 8 * 2**20 // np.dtype(dtype).itemsize + 77, dtype=dtype)
    y = x[::-1].copy()
    out = run(f"tanh_backward_{suffix}_array", x, y, out=np.empty_like(x))
    assert_same_bits(out, cyma.tanh_backward(x, y))


def test_nothing_to_do(function):
    for suffix in DTYPES:
        array = function_of(f"{function.name}_{suffix}_array")
        for n in (0, -1):
            array(*[None] * (function.nin + 1), n)


OPERANDS = {
    "plain": {},
    "weights": {"weight": 1.0},
    "tiny weights": {"weight": 1e-44},
    "huge weights": {"weight": 1e37},
    "pos_weight of float32": {"pos_weight": 2.5},
    "pos_weight of float64": {"pos_weight": 0.1, "weight": 1.0},
    "pos_weight out of the range of float32": {"pos_weight": 1e-300},
}


@pytest.mark.parametrize("suffix", ["f32", "f64"])
@pytest.mark.parametrize("n", [0, 1, 100, 5000])
@pytest.mark.parametrize("kind", OPERANDS)
def test_losses_are_those_of_bce_with_logits(kind, suffix, n, tier):
    rng = np.random.default_rng(n)
    dtype = DTYPES[suffix]
    logits, targets = (20 * rng.normal(size=n)).astype(dtype), rng.random(n).astype(dtype)
    keywords = dict(OPERANDS[kind])
    weight = None
    if "weight" in keywords:
        weight = keywords["weight"] = (keywords["weight"] * rng.random(n)).astype(dtype)
    pos_weight = keywords.get("pos_weight", 1.0)
    operands = [x if x is None else x.ctypes.data for x in (logits, targets, weight)]
    loss, grad = cyma.bce_with_logits_value_and_grad(logits, targets, reduction="sum", **keywords)
    value = function_of(f"bce_with_logits_{suffix}_sum")(*operands, pos_weight, n)
    with np.errstate(over="ignore"):  # the value is a double
        assert_same_bits(dtype(value), loss)
    found = np.full(n, np.nan, dtype)
    value = function_of(f"bce_with_logits_{suffix}_sum_and_grad")(
        *operands, pos_weight, 1.0, found.ctypes.data, n
    )
    with np.errstate(over="ignore"):
        assert_same_bits(dtype(value), loss)
    assert_same_bits(found, grad)


def test_scale_multiplies_the_gradient():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=1000), rng.random(1000)
    found = np.empty(1000)
    value = function_of("bce_with_logits_f64_sum_and_grad")(
        logits.ctypes.data, targets.ctypes.data, None, 1.0, 1 / 1000, found.ctypes.data, 1000
    )
    loss, grad = cyma.bce_with_logits_value_and_grad(logits, targets)
    assert_same_bits(np.float64(value) / 1000, loss)
    assert_same_bits(found, grad)
    # A float cannot hold the products: they are computed in a wider type.
    found = np.empty(1000, np.float32)
    logits, targets = logits.astype(np.float32), targets.astype(np.float32)
    function_of("bce_with_logits_f32_sum_and_grad")(
        logits.ctypes.data, targets.ctypes.data, None, 1.0, 1e-40, found.ctypes.data, 1000
    )
    exact = cyma.bce_with_logits_grad(logits.astype(np.float64), targets, reduction="sum") * 1e-40
    np.testing.assert_allclose(found, exact, rtol=0, atol=2**-149)


def test_tiers():
    tier, set_tier = function_of("tier"), function_of("set_tier")
    assert tier() == INFO["tier"].encode()
    for name in (None, b"", b"mmx", *(t.encode() for t in INFO["left_out_tiers"])):
        assert set_tier(name) == -1
        assert tier() == INFO["tier"].encode()
    assert set_tier(b"baseline") == 0
    try:
        assert cyma.runtime_info()["tier"] == tier().decode() == "baseline"
        with cyma.tier(INFO["tier"]):
            assert tier() == INFO["tier"].encode()
    finally:
        cyma.set_tier(INFO["tier"])


def test_versions():
    assert function_of("version")() == cyma.__version__.encode()
    assert function_of("abi_version")() == cyma.cython_api.ABI_VERSION
    assert f"cyma.cython_api.Abi{cyma.cython_api.ABI_VERSION} " in DECLARATIONS


def test_a_newer_abi_is_an_import_error_that_names_both():
    newer = cyma.cython_api.ABI_VERSION + 1
    with pytest.raises(
        ImportError, match=rf"for ABI {newer} of cyma, but cyma .* has ABI {newer - 1}"
    ):
        getattr(cyma.cython_api, f"Abi{newer}")
    for name in ("Abi", "Abi0x", "sigmoid"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(cyma.cython_api, name)


def test_modules_of_two_versions_do_not_mix():
    code = """
import ctypes, pathlib, sys, types
package = sys.modules["cyma"] = types.ModuleType("cyma")
package.__path__ = [sys.argv[1]]
from cyma import _ufuncs
new = ctypes.pythonapi.PyCapsule_New
new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
core = (ctypes.c_char_p * 3)(b"9.9.9")
_ufuncs.CORE = new(ctypes.addressof(core), b"cyma._ufuncs.CORE", None)
import cyma._losses
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(PACKAGE)], capture_output=True, text=True, check=False
    )
    message = f"cyma._losses is of cyma {cyma.__version__}, but cyma._ufuncs is of 9.9.9"
    assert f"ImportError: {message}" in process.stderr


# Modules that are built against the installed cyma.

needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None or importlib.util.find_spec("Cython") is None,
    reason="a C compiler or Cython is not installed",
)


def build(folder, name, source, *options, include=None):
    """Build an extension module from Cython, in a folder; returns its path."""
    pyx = folder / f"{name}.pyx"
    pyx.write_text(source)
    where = [f"-I{include}"] if include else []
    subprocess.run([sys.executable, "-m", "cython", "-3", *where, pyx], check=True)
    path = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    python = sysconfig.get_path("include")
    command = ["cc", "-shared", "-fPIC", "-O1", f"-I{python}", *options]
    subprocess.run([*command, folder / f"{name}.c", "-o", path], check=True)
    return path


def load(path):
    name = path.name.partition(".")[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_compiler
def test_every_function_can_be_cimported(tmp_path):
    lines = [f"from cyma.cython_api cimport {', '.join(CAPSULES)}", "def call():", "    return ["]
    for name in CAPSULES:
        result, arguments = type_of(name)
        values = ["NULL" if a.endswith("*") else "0" for a in arguments]
        call = f"{name}({', '.join(values)})"
        lines.append(f"        {call}," if result != "void" else f"        ({call}, None)[1],")
    module = load(build(tmp_path, "everything", "\n".join([*lines, "    ]\n"])))
    found = dict(zip(CAPSULES, module.call(), strict=True))
    assert found["sigmoid_f64"] == 0.5
    assert found["set_tier"] == -1


@needs_compiler
def test_a_module_for_a_newer_abi_does_not_load(tmp_path):
    newer = cyma.cython_api.ABI_VERSION + 1
    package = tmp_path / "newer" / "cyma"
    package.mkdir(parents=True)
    (package / "__init__.pxd").touch()
    text = DECLARATIONS.replace(f"Abi{newer - 1}", f"Abi{newer}")
    (package / "cython_api.pxd").write_text(text)
    source = "from cyma.cython_api cimport sigmoid_f64\ndef call(): return sigmoid_f64(0)\n"
    assert load(build(tmp_path, "present", source)).call() == 0.5
    path = build(tmp_path, "future", source, include=package.parent)
    with pytest.raises(
        ImportError, match=rf"for ABI {newer} of cyma, but cyma .* has ABI {newer - 1}"
    ):
        load(path)


# The examples.


@needs_compiler
def test_example_in_cython(tmp_path):
    source = (EXAMPLES / "cython" / "scoring.pyx").read_text()
    scoring = load(build(tmp_path, "scoring", source, "-fopenmp"))
    rng = np.random.default_rng(0)
    logits, labels = 5 * rng.normal(size=(7, 1003)), (rng.random(1003) < 0.3).astype(float)
    probabilities, losses = scoring.score(logits, labels)
    assert_same_bits(probabilities, cyma.sigmoid(logits))
    sums = [cyma.bce_with_logits(x, labels, reduction="sum") for x in logits]
    np.testing.assert_array_equal(losses, np.array(sums) / 1003)
    expected = cyma.bce_with_logits(np.full(1003, 0.3), labels)
    np.testing.assert_allclose(scoring.loss_of_constant(0.3, labels.mean()), expected, rtol=1e-14)
    with pytest.raises(ValueError, match=r"labels of shape \(3,\) for logits of \(7, 1003\)"):
        scoring.score(logits, labels[:3])


@needs_compiler
def test_example_in_cython_builds_with_its_setup(tmp_path):
    for path in (EXAMPLES / "cython").glob("*.py*"):
        shutil.copy(path, tmp_path)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.glob("scoring*.so"))


def test_example_with_scipy(capsys):
    example = runpy.run_path(str(EXAMPLES / "scipy_quad.py"))
    for low, high in ((-1.0, 1.0), (-700.0, -600.0), (0.0, 30.0)):
        exact = cyma.scalar.softplus(high) - cyma.scalar.softplus(low)
        np.testing.assert_allclose(example["area"](low, high), exact, rtol=1e-12)
    example["main"]()
    assert "from 0 to 10: 9.30689821833927" in capsys.readouterr().out


def test_example_with_ctypes():
    from array import array

    sigmoid = runpy.run_path(str(EXAMPLES / "ctypes_arrays.py"))["sigmoid"]
    x = np.linspace(-90, 90, 1001, dtype=np.float32)
    found = np.array(sigmoid(array("f", x.tobytes())), np.float32)
    assert_same_bits(found, cyma.sigmoid(x))
    with pytest.raises(TypeError, match="x must be an array of the type 'f', not 'd'"):
        sigmoid(array("d", [0.0]))


# Where the headers are.


def test_headers_are_found():
    folder = pathlib.Path(cyma.get_include())
    version = (folder / "cyma" / "version.h").read_text()
    assert f'#define CYMA_VERSION "{cyma.__version__}"\n' in version
    major, minor, patch = map(int, re.match(r"(\d+)\.(\d+)\.(\d+)", cyma.__version__).groups())
    assert f"#define CYMA_VERSION_NUMBER {10000 * major + 100 * minor + patch} " in version
    assert (folder / "cyma" / "functions.def").is_file()


def test_config(capsys):
    _config.main(["--version", "--cflags", "--includedir", "--pkgconfigdir", "--cmakedir"])
    version, cflags, include, pkgconfig, cmake = capsys.readouterr().out.splitlines()
    assert version == cyma.__version__
    assert include == cyma.get_include()
    assert cflags == f"-I{include}"
    assert f"Version: {version}\n" in (pathlib.Path(pkgconfig) / "cyma.pc").read_text()
    assert (pathlib.Path(cmake) / "cyma-config.cmake").is_file()
    with pytest.raises(SystemExit) as stop:
        _config.main([])
    assert stop.value.code == 2
    assert "one of --version, --cflags" in capsys.readouterr().err


def test_config_is_installed():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="cyma-config")
    assert script.load() is _config.main
    (package,) = importlib.metadata.entry_points(group="pkg_config", name="cyma")
    (folder,) = importlib.import_module(package.value).__path__
    assert (pathlib.Path(folder) / "cyma.pc").is_file()


@pytest.mark.thread_unsafe(reason="replaces a variable of the module")
def test_a_broken_installation_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_config, "_PACKAGE", tmp_path / "a" / "b" / "cyma")
    with pytest.raises(
        FileNotFoundError, match=r"headers are not in '.*cyma/include'.* install cyma anew"
    ):
        cyma.get_include()
    for option in ("--cflags", "--includedir", "--pkgconfigdir", "--cmakedir"):
        with pytest.raises(SystemExit) as stop:
            _config.main([option])
        assert stop.value.code == 1
        assert "install cyma anew" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_pkg_config_finds_the_headers(monkeypatch):
    monkeypatch.setenv("PKG_CONFIG_PATH", _config._share("pkgconfig"))

    def ask(what):
        command = ["pkg-config", what, "cyma"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert ask("--modversion") == cyma.__version__
    folder = pathlib.Path(ask("--cflags").removeprefix("-I"))
    assert folder.resolve() == pathlib.Path(cyma.get_include()).resolve()
