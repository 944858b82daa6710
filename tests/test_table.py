"""The table is complete: a function that lacks something is named."""

import ast
import inspect
import pathlib

import numpy as np
import pytest

import cyma
from cyma import _docstrings, _table
from cyma._functions import ALIASES, FUNCTIONS
from cyma._reference import REFERENCES
from cyma._ufuncs import UFUNCS

OTHER_NAMES = {"__version__", "get_include", "objectives", "runtime_info", "scalar", "set_tier"}
OTHER_NAMES |= {"tier"} | {
    f"bce_with_logits{suffix}" for suffix in ("", "_grad", "_hess", "_value_and_grad")
}


def test_every_row_is_a_ufunc():
    assert list(UFUNCS) == list(FUNCTIONS)


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("docstrings", set(_docstrings.TEXTS)),
        ("references", set(REFERENCES)),
        ("__all__", set(cyma.__all__) - OTHER_NAMES - set(ALIASES)),
        ("module", {n for n, f in vars(cyma).items() if isinstance(f, np.ufunc)} - set(ALIASES)),
    ],
)
def test_every_row_has_its(what, names):
    missing, unknown = set(FUNCTIONS) - names, names - set(FUNCTIONS)
    assert not missing, f"{what}: no entry for {sorted(missing)}"
    assert not unknown, f"{what}: no row in functions.def for {sorted(unknown)}"


def test_stubs_define_what_is_exported():
    package = pathlib.Path(cyma.__file__).parent
    for module, stub in ((cyma, "__init__.pyi"), (cyma.scalar, "scalar.pyi")):
        nodes = ast.parse((package / stub).read_text()).body
        values = {node.targets[0].id: node.value for node in nodes if isinstance(node, ast.Assign)}
        assert sorted(ast.literal_eval(values.pop("__all__"))) == sorted(module.__all__)
        names = {node.target.id for node in nodes if isinstance(node, ast.AnnAssign)}
        names |= {node.name for node in nodes if hasattr(node, "name")}
        names |= {alias.asname for node in nodes for alias in getattr(node, "names", ())}
        assert set(module.__all__) <= names | set(values)


def test_the_thirteen_functions_of_the_design():
    assert len(UFUNCS) + ("softplus_deriv" in ALIASES) == 13


def test_rows_are_sound(function):
    assert set(function.bounds) == set(_table.DTYPES)
    assert all(0.5 <= bound <= 8 for bound in function.bounds.values())
    assert function.bound("float32", fma=False) >= function.bound("float32", fma=True)
    assert function.domain in _table.DOMAINS
    if function.nin == 1:
        mirror = FUNCTIONS[function.mirror]
        assert (mirror.mirror, mirror.sign) == (function.name, function.sign)
    assert function.slope in (-1, 0, 1)
    assert function.least < function.greatest
    assert all(len(operands) == function.nin for operands, _ in function.specials)


def test_contract_of_the_design(function):
    # One-argument functions within 1 ULP, the others within 2, float16 correctly rounded or 0.51.
    assert function.bounds["float16"] <= 0.51
    limit = 1.0 if function.nin == 1 else 2.0
    assert max(function.bounds["float32"], function.bounds["float64"]) <= limit


def test_docstring_tells_the_bounds(function):
    doc = inspect.getdoc(UFUNCS[function.name])
    for dtype, bound in function.bounds.items():
        assert f"{bound:g} ({dtype})" in " ".join(doc.split())
    for section in ("Parameters", "Returns", "Raises", "See Also", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in doc
    assert max(map(len, doc.splitlines()[1:])) < 80


def test_see_also_names_exist(function):
    doc = inspect.getdoc(UFUNCS[function.name])
    names = doc.split("See Also\n--------\n")[1].split("\n\n")[0].split(", ")
    for name in names:
        owner = np if name.startswith("numpy.") else cyma
        assert hasattr(owner, name.removeprefix("numpy.")), name
