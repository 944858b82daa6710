"""What type checkers make of the stubs, and that values have the types that these tell."""

import ast
import dataclasses
import importlib.util
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import typing

import numpy as np
import pytest

import cyma
from cyma import _docstrings
from cyma._functions import ALIASES, FUNCTIONS
from cyma._ufuncs import UFUNCS
from tools import stubs

ROOT = pathlib.Path(__file__).parents[1]
EXPECTED = sorted((ROOT / "tests" / "typing").glob("*.py"))

newest_numpy = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="NumPy's stubs differ before 2.4"
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where mypy keeps what it found out of NumPy's stubs."""
    return tmp_path_factory.mktemp("mypy")


def check(module, *arguments, **environment):
    """Run a type checker in the root of the repository."""
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"needs {module}: the extra 'typing'")
    process = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout + process.stderr


def test_stubs_are_up_to_date():
    command = [sys.executable, "-m", "tools.stubs", "--check"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


def test_old_stubs_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(stubs, "PACKAGE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["stubs.py"])
    stubs.main()
    monkeypatch.setattr(sys, "argv", ["stubs.py", "--check"])
    stubs.main()
    path = tmp_path / "scalar.pyi"
    path.write_text(path.read_text().replace("sigmoid", "sigmo"))
    with pytest.raises(SystemExit, match=r"^scalar.pyi: out of date; run `python -m tools.stubs`"):
        stubs.main()


@newest_numpy
def test_mypy(cache):
    code, output = check("mypy", "--cache-dir", cache)
    assert code == 0, output


@newest_numpy
def test_pyright():
    code, output = check("pyright", "--pythonpath", sys.executable)
    assert code == 0, output


@newest_numpy
def test_stubs_are_sound_themselves(cache):
    paths = [stubs.PACKAGE / "__init__.pyi", stubs.PACKAGE / "scalar.pyi"]
    code, output = check("mypy", "--cache-dir", cache, "--follow-imports=silent", *paths)
    assert code == 0, output
    code, output = check("pyright", "--pythonpath", sys.executable, *paths)
    assert code == 0, output


@newest_numpy
def test_stubtest():
    settings = ["--mypy-config-file", "pyproject.toml", "--allowlist", "tests/typing/stubtest.txt"]
    code, output = check("mypy.stubtest", "cyma", *settings)
    assert code == 0, output


@newest_numpy
def test_a_new_row_needs_no_other_line_in_the_stubs(tmp_path, cache):
    unary = dataclasses.replace(FUNCTIONS["sigmoid"], name="gauss")
    binary = dataclasses.replace(FUNCTIONS["sigmoid_bce"], name="huber")
    functions = FUNCTIONS | {"gauss": unary, "huber": binary}
    aliases = ALIASES | {"normal": "gauss"}
    texts = _docstrings.TEXTS | {
        "gauss": {"formula": "exp(-x**2)", "operands": [("x", "Input.")]},
        "huber": {"formula": "sqrt(x**2 + y)", "operands": [("x", "One."), ("y", "Two.")]},
    }
    package = tmp_path / "cyma"
    shutil.copytree(
        pathlib.Path(cyma.__file__).parent, package, ignore=shutil.ignore_patterns("*.so")
    )
    for name, text in stubs.files(functions, aliases, texts).items():
        (package / name).write_text(text)
    assert '"""huber(x, y): sqrt(x**2 + y)"""' in (package / "__init__.pyi").read_text()
    use = tmp_path / "use.py"
    use.write_text(
        "from typing import Literal, assert_type\n"
        "import numpy as np\n"
        "import cyma\n"
        "assert_type(cyma.gauss(np.float32(1)), np.float32)\n"
        'assert_type(cyma.normal.__name__, Literal["gauss"])\n'
        "assert_type(cyma.huber(np.float16(1), 1.0), np.float16)\n"
        "assert_type(cyma.scalar.normal(1), float)\n"
        "cyma.scalar.huber(1)  # type: ignore[attr-defined]\n"
    )
    code, output = check(
        "mypy", "--cache-dir", cache, "--follow-imports=silent", use, MYPYPATH=str(tmp_path)
    )
    assert code == 0, output
    with pytest.raises(ValueError, match="trio: .* no class for 3 operands"):
        stubs.files({"trio": dataclasses.replace(unary, nin=3)}, {}, texts)


def literals(node):
    """Types of the properties of a class in the stub."""
    return {
        part.name: ast.unparse(part.returns)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and "property" in map(ast.unparse, part.decorator_list)
    }


def test_stubs_tell_the_attributes_of_every_ufunc():
    tree = ast.parse((stubs.PACKAGE / "__init__.pyi").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.target.id in UFUNCS:
            ufunc = UFUNCS[node.target.id]
            kind, name = node.annotation.value.id, ast.unparse(node.annotation.slice)
            told = literals(classes["_UFunc"]) | literals(classes[kind]) | {"__name__": name}
            for attribute, told_type in told.items():
                value = getattr(ufunc, attribute)
                assert told_type == ("None" if value is None else f"Literal[{value!r}]"), attribute


def test_runtime_info_is_as_told():
    tree = ast.parse((stubs.PACKAGE / "__init__.pyi").read_text())
    (told,) = (node for node in tree.body if getattr(node, "name", None) == "RuntimeInfo")
    types = {part.target.id: eval(ast.unparse(part.annotation)) for part in told.body}
    info = cyma.runtime_info()
    assert set(types) == set(info)
    assert all(has_type(value, types[key]) for key, value in info.items())


ALIAS = getattr(typing, "TypeAliasType", ())  # which Python 3.12 introduced


def expand(expected):
    """Type that an alias stands for."""
    if isinstance(expected, ALIAS):
        return expected.__value__
    origin = typing.get_origin(expected)
    if isinstance(origin, ALIAS):
        return origin.__value__[typing.get_args(expected)]
    return expected


def has_type(value, expected):
    """Whether a value has a type, as a type checker tells it; arrays of no dimensions have none."""
    expected = expand(expected)
    origin, arguments = typing.get_origin(expected) or expected, typing.get_args(expected)
    if expected is typing.Any:
        return True
    if expected is None:
        return value is None
    if origin is typing.Literal:
        return any(value == choice and type(value) is type(choice) for choice in arguments)
    if isinstance(origin, type) and issubclass(origin, np.ndarray):
        shape, dtype = arguments
        sizes = typing.get_args(expand(shape))
        return (
            type(value) is origin
            and (Ellipsis in sizes or value.ndim == len(sizes))
            and has_type(value.dtype.type(0), typing.get_args(dtype)[0])
        )
    if origin is np.floating:
        return isinstance(value, np.floating)
    if type(value) is not origin:
        return False
    if origin is tuple:
        return len(value) == len(arguments) and all(map(has_type, value, arguments))
    if origin is list:
        return all(has_type(item, arguments[0]) for item in value)
    if origin is dict:
        return all(has_type(item, tuple[arguments]) for item in value.items())
    return True


@newest_numpy
@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name)
def test_values_have_the_types_that_checkers_tell(path, tmp_path, monkeypatch):
    def assert_type(value, expected, /):
        assert has_type(value, expected), f"{value!r} is not of type {expected}"
        return value

    monkeypatch.setattr(typing, "assert_type", assert_type)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))
