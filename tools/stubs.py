"""Write the stubs ``python/cyma/__init__.pyi`` and ``scalar.pyi`` from the function table.

A row of the table becomes a variable of the class for its number of operands and, with one
operand, a function of `cyma.scalar`. What does not depend on the table is in
``stub_template.pyi``; overloads are listed below.

Usage: ``python -m tools.stubs`` after a build; with ``--check`` to see whether the files are up to
date.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Iterable, Mapping

import cyma
from cyma._bce import REDUCTIONS
from cyma._docstrings import TEXTS
from cyma._functions import ALIASES, FUNCTIONS
from cyma._table import Function
from cyma._ufuncs import UFUNCS

PACKAGE = pathlib.Path(__file__).parents[1] / "python" / "cyma"
TEMPLATE = pathlib.Path(__file__).with_name("stub_template.pyi")
COMMAND = "python -m tools.stubs"
MADE_BY = f"# Made by `{COMMAND}` from the function table and tools/stub_template.pyi: edit those."
WIDTH = 100

# Calls of a ufunc: types of the operands, and of the result. Rows of two operands hold in both
# orders. The first row that fits is taken; as a checker tries a union first as a whole, a row that
# takes a scalar and an array gives the same for both. np.float64 is a float, too: it comes first.
UNARY = [
    (["_Dynamic"], "Any"),
    (["np.memmap[_ShapeT, np.dtype[_T]]"], "np.ndarray[_ShapeT, np.dtype[_T]]"),
    (["_FloatT"], "_FloatT"),
    (["_Narrow | bool"], "np.float32"),
    (["_Wide | float"], "np.float64"),
    (["_ArrayOf[np.float64, np.float64]"], "NDArray[np.float64]"),
    (["_ArrayOf[np.float16, np.float16]"], "NDArray[np.float16]"),
    (["_ArrayOf[np.float32 | _Narrow, bool]"], "NDArray[np.float32]"),
    (["_ArrayOf[np.float64 | _Wide, float]"], "NDArray[np.float64]"),
    (["_ArrayOf[np.longdouble, np.longdouble]"], "NDArray[np.longdouble]"),
]
BINARY = [
    (["_Dynamic | _Abstract | np.memmap[Any, Any]", "object"], "Any"),
    (["_Of[np.float16, np.float16]", "_ArrayOf[_To16, bool]"], "NDArray[np.float16]"),
    (["_Of[np.float32, np.float32]", "_ArrayOf[_To32, bool]"], "NDArray[np.float32]"),
    (["_Of[np.longdouble, np.longdouble]", "_ArrayOf[_To80, float]"], "NDArray[np.longdouble]"),
    (["_ArrayOf[_Narrow, bool]", "_Of[_Narrow, bool]"], "NDArray[np.float32]"),
    (["_Narrow | bool", "_Narrow | bool"], "np.float32"),
    (["_Float64T", "_To64 | float"], "_Float64T"),
    (["_ArrayOf[np.float64 | _Wide, float]", "_Of[_To64, float]"], "NDArray[np.float64]"),
    (["np.float64 | _Wide", "_ArrayOf[_To64, float]"], "NDArray[np.float64]"),
    (["_Wide", "_To64 | float"], "np.float64"),
    (["_Float16T", "_To16 | float"], "_Float16T"),
    (["_Float32T", "_To32 | float"], "_Float32T"),
    (["_LongDoubleT", "_To80 | float"], "_LongDoubleT"),
    (["float", "float"], "np.float64"),
]

# Calls of the losses: logits, reduction, axis, keepdims, types of the loss and of a derivative.
_ARRAY, _FLOAT64 = "np.ndarray[_ShapeT, np.dtype[_T]]", "NDArray[np.float64]"
_UNKNOWN = "np.ndarray[tuple[Never, Never, Never], np.dtype[{}]]"
_ROW = "np.ndarray[tuple[int], np.dtype[{}]]"
_ALL, _MEAN, _NONE = '_Reduction = "mean"', '_Reduced = "mean"', 'Literal["none"]'
_NO_AXIS, _ANY_AXIS = "None = None", "_Axis | None = None"
_KEPT, _NOT_KEPT, _ANY_KEPT = "Literal[True]", "Literal[False] = False", "bool = False"
LOSSES = [
    ("_T", _ALL, _NO_AXIS, _ANY_KEPT, "_T", "_T"),
    ("_Double | float", _ALL, _NO_AXIS, _ANY_KEPT, "np.float64", "np.float64"),
    (_ARRAY, _MEAN, _NO_AXIS, _NOT_KEPT, "_T", _ARRAY),
    ("_ArrayOf[_Double, float]", _MEAN, _NO_AXIS, _NOT_KEPT, "np.float64", _FLOAT64),
    (_ARRAY, _NONE, _NO_AXIS, _ANY_KEPT, _ARRAY, _ARRAY),
    ("_ArrayOf[_Double, float]", _NONE, _NO_AXIS, _ANY_KEPT, _FLOAT64, _FLOAT64),
    (_ARRAY, _MEAN, _NO_AXIS, _KEPT, "NDArray[_T]", _ARRAY),
    ("_ArrayOf[_Double, float]", _MEAN, _NO_AXIS, _KEPT, _FLOAT64, _FLOAT64),
    # An array of an unknown number of axes would match the others as well: it comes first.
    (_UNKNOWN.format("_T"), _MEAN, "_Axis", _ANY_KEPT, "NDArray[_T]", "NDArray[_T]"),
    (_UNKNOWN.format("_Double"), _MEAN, "_Axis", _ANY_KEPT, _FLOAT64, _FLOAT64),
    (_ROW.format("_T"), _MEAN, "_OneAxis", _NOT_KEPT, "_T", _ROW.format("_T")),
    (_ROW.format("_Double"), _MEAN, "_OneAxis", _NOT_KEPT, "np.float64", _FLOAT64),
    (_ARRAY, _MEAN, "_Axis", _ANY_KEPT, "NDArray[_T]", _ARRAY),
    ("NDArray[_Double]", _MEAN, "_Axis", _ANY_KEPT, _FLOAT64, _FLOAT64),
    ("_RealLike", _ALL, _ANY_AXIS, _ANY_KEPT, "Any", "Any"),
]


def signature(name: str, parameters: Iterable[str], result: str, indent: str = "") -> str:
    """Overload of a function, with as many parameters on a line as fit."""
    lines = [""]
    for parameter in parameters:
        if len(f"{indent}    {lines[-1]} {parameter},") > WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {parameter},".lstrip()
    whole = f"{indent}def {name}({' '.join(lines).removesuffix(',')}) -> {result}: ..."
    if len(whole) > WIDTH:
        body = "".join(f"{indent}    {line}\n" for line in lines)
        whole = f"{indent}def {name}(\n{body}{indent}) -> {result}: ..."
    return f"{indent}@overload\n{whole}\n"


def calls(names: list[str], rows: list[tuple[list[str], str]]) -> str:
    """``__call__`` of a ufunc."""
    n = len(names)
    free = ["out: Any = None", "**kwargs: Any"]
    plain = ["out: _NoOut = None", "**kwargs: Unpack[_Keywords]"]
    overloads = [(types, free if result == "Any" else plain, result) for types, result in rows]
    scalars = ["_Real | float"] * n
    arrays = ["_ArrayOf[_Real, float]", *["_Of[_Real, float]"] * (n - 1)]
    for dtype, result in [("_DType[_T]", "_T"), ("_AnyDType = None", "np.floating[Any]")]:
        keywords = ["*", f"dtype: {dtype}", "**kwargs: Unpack[_AllKeywords]"]
        overloads += [
            (scalars, ["out: _NoOut = None", *keywords], result),
            (scalars, ["out: EllipsisType", *keywords], f"NDArray[{result}]"),
            (arrays, ["out: _NewArray = None", *keywords], f"NDArray[{result}]"),
        ]
    convertible = ["_SupportsArray[_Real]", *["_RealLike"] * (n - 1)]
    overloads += [
        (["_RealLike"] * n, ["out: _ArrayT | tuple[_ArrayT]", *keywords], "_ArrayT"),
        (convertible, ["out: _NewArray = None", *keywords], "Any"),
    ]
    return "".join(
        signature(
            "__call__",
            ["self", *map(": ".join, zip(names, order, strict=True)), "/", *rest],
            result,
            indent="    ",
        )
        for types, rest, result in overloads
        for order in dict.fromkeys([tuple(types), tuple(reversed(types))])
    )


def loss(name: str, rows: Iterable[tuple]) -> str:
    """Overloads of a function for binary cross-entropy with logits."""
    return "".join(
        signature(
            name,
            [
                f"logits: {logits}",
                "targets: _RealLike",
                "*",
                "weight: _RealLike | None = None",
                "pos_weight: _RealLike | None = None",
                "label_smoothing: _Number = 0.0",
                "where: _Mask | None = None",
                f"reduction: {reduction}",
                f"axis: {axis}",
                f"keepdims: {keepdims}",
                f"out: {out}",
                "check_targets: bool = False",
            ],
            result,
        )
        for logits, reduction, axis, keepdims, out, result in rows
    )


def losses() -> str:
    """All functions for binary cross-entropy with logits."""
    whole = _ALL, _ANY_AXIS, _ANY_KEPT
    given = ("_RealLike", *whole, "_ArrayT", "_ArrayT")
    values = [(*how, "None = None", result) for *how, result, _ in LOSSES]
    # Of the shape of the logits, however the loss is reduced.
    slopes = dict.fromkeys(
        (logits, *whole, "None = None", result)
        for logits, _, axis, *_, result in LOSSES
        if axis in (_NO_AXIS, _ANY_AXIS)
    )
    both = [
        (*how, "tuple[None, None] | None = None", f"tuple[{value}, {slope}]")
        for *how, value, slope in LOSSES
    ]
    both += [
        ("_RealLike", *whole, out, out.replace("None", "Any"))
        for out in ("tuple[_ArrayT, _OtherArrayT]", "tuple[_ArrayT, None]", "tuple[None, _ArrayT]")
    ]
    return "".join(
        [
            loss("bce_with_logits", [*values, given]),
            loss("bce_with_logits_grad", [*slopes, given]),
            loss("bce_with_logits_hess", [*slopes, given]),
            loss("bce_with_logits_value_and_grad", both),
        ]
    )


def literal(values: Iterable[str]) -> str:
    """Type of one of several strings."""
    return f"Literal[{', '.join(map(repr, values))}]".replace("'", '"')


def exported(names: Iterable[str]) -> str:
    """Definition of ``__all__``."""
    return "__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n"


def package(
    functions: Mapping[str, Function], aliases: Mapping[str, str], texts: Mapping[str, dict]
) -> str:
    """Stub of `cyma`."""
    classes = {1: "_UnaryUFunc", 2: "_BinaryUFunc"}
    ufuncs = []
    for name, function in functions.items():
        if function.nin not in classes:
            raise ValueError(f"{name}: stub_template.pyi has no class for {function.nin} operands")
        ufuncs.append(f'{name}: {classes[function.nin]}[Literal["{name}"]]\n')
        operands = ", ".join(operand for operand, _ in texts[name]["operands"])
        ufuncs.append(f'"""{name}({operands}): {texts[name]["formula"]}"""\n')
    ufuncs += ["\n", *(f"{alias} = {name}\n" for alias, name in aliases.items())]
    others = [name for name in cyma.__all__ if name not in {*FUNCTIONS, *ALIASES}]
    (ntypes,) = {ufunc.ntypes for ufunc in UFUNCS.values()}
    parts = {
        "made by": MADE_BY + "\n",
        "names": exported([*others, *functions, *aliases]),
        "ufuncs": "".join(ufuncs),
        "losses": losses(),
        "reductions": f"_Reduction: TypeAlias = {literal(REDUCTIONS)}\n"
        f"_Reduced: TypeAlias = {literal(r for r in REDUCTIONS if r != 'none')}\n",
        "unary calls": calls(["x"], UNARY),
        "binary calls": calls(["x1", "x2"], BINARY),
    }
    text = TEMPLATE.read_text().replace("{ntypes}", str(ntypes))
    for name, part in parts.items():
        before, after = text.split(f"# {{{name}}}\n")
        text = before.rstrip(" ") + part + after
    return text


def scalar(functions: Mapping[str, Function], aliases: Mapping[str, str]) -> str:
    """Stub of `cyma.scalar`."""
    names = [name for name, function in functions.items() if function.nin == 1]
    others = {alias: name for alias, name in aliases.items() if name in names}
    parts = [
        [MADE_BY, "from typing import SupportsFloat, SupportsIndex\n"],
        [exported([*names, *others])],
        [f"def {name}(x: SupportsFloat | SupportsIndex, /) -> float: ..." for name in names],
        ["", *(f"{alias} = {name}" for alias, name in others.items()), ""],
    ]
    return "\n".join(line for part in parts for line in part)


def files(
    functions: Mapping[str, Function], aliases: Mapping[str, str], texts: Mapping[str, dict]
) -> dict[str, str]:
    """Texts of the stubs by their names."""
    return {
        "__init__.pyi": package(functions, aliases, texts),
        "scalar.pyi": scalar(functions, aliases),
    }


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files as they are")
    check = parser.parse_args().check
    old = []
    for name, text in files(FUNCTIONS, ALIASES, TEXTS).items():
        path = PACKAGE / name
        if check and not (path.exists() and path.read_text() == text):
            old.append(name)
        elif not check:
            path.write_text(text)
    if old:
        sys.exit(f"{', '.join(old)}: out of date; run `{COMMAND}` and commit what it writes")


if __name__ == "__main__":
    main()
