"""Write what the README tells of the function table: the functions and their bounds.

Usage: ``python tools/readme_tables.py``; ``--check`` only compares (exit code 1 if it differs).
"""

from __future__ import annotations

import argparse
import pathlib
import re

from cyma._docstrings import TEXTS
from cyma._table import DTYPES
from cyma._ufuncs import FUNCTIONS

README = pathlib.Path(__file__).parents[1] / "README.md"


def functions() -> str:
    """Table of the functions in Markdown, and what it has no column for."""
    rows = [["function", "computes", *DTYPES], ["---"] * (2 + len(DTYPES))]
    for name, function in FUNCTIONS.items():
        operands = ", ".join(operand for operand, _ in TEXTS[name]["operands"])
        bounds = [f"{bound:g}" for bound in function.bounds.values()]
        rows.append([f"`{name}({operands})`", f"`{TEXTS[name]['formula']}`", *bounds])
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    least = next(iter(FUNCTIONS.values())).bound_without_fma
    text += f"\n- Without FMA (old x86-64), in float32 and float64: at least {least:g}.\n"
    for name, function in FUNCTIONS.items():
        domain = function.domain_text(function.domain, "the second operand")
        if not domain:
            continue
        text += f"- `{name}`:{domain}."
        if function.absolute is not None:
            domain = function.domain_text(function.absolute_domain, "it")
            errors = ", ".join(f"{b:.3g} ({dtype})" for dtype, b in function.absolute.items())
            text += f" In general{domain}, where it may cancel, absolute error: {errors}."
        text += "\n"
    return text


def with_tables(text: str) -> str:
    """Text of the README with its table made anew."""
    begin, end = "<!-- begin functions -->\n", "<!-- end functions -->"
    return re.sub(f"(?<={begin}).*(?={end})", lambda _: functions(), text, flags=re.DOTALL)


def main() -> int:
    """Write or compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    text = README.read_text(encoding="utf-8")
    if not check:
        README.write_text(with_tables(text), encoding="utf-8")
    elif with_tables(text) != text:
        print("README.md differs from the function table: run tools/readme_tables.py")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
