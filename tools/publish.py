"""Write what is generated from the function table and the runs in ``docs/runs``.

That is the table of worst cases, the tables of the README, ``docs/accuracy.md`` and
``docs/speed.md``, and the worst inputs in the kernels' comments. ``accuracy/sweep.py --peers
--json`` makes ``docs/runs/sweep.json``, ``accuracy/hunt.py --json`` makes ``docs/runs/hunt.json``,
``speed/side_by_side.py --json`` makes ``docs/runs/speed.json`` and, with ``--tier x86_64_v3``,
``docs/runs/speed_avx2.json``, with ``--dtype longdouble`` ``docs/runs/speed_longdouble.json``,
``speed/floor.py --json`` makes ``docs/runs/floor.json``, ``speed/embedding_speed.py --json``
``docs/runs/embedding_speed.json``,
``speed/bce_speed.py --json`` makes ``docs/runs/bce_speed.json``.

Usage: ``python -m tools.publish``; ``--check`` only compares (exit code 1 names what differs).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import pathlib
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator

from cyma._accuracy import hexadecimal
from cyma._docstrings import TEXTS
from cyma._functions import FUNCTIONS
from cyma._table import DTYPES
from tools.runs import FAULTS, facts, markdown
from tools.speed import embedding_speed, floor, side_by_side

ROOT = pathlib.Path(__file__).parents[1]
WORST = ROOT / "include" / "cyma" / "worst.def"
HEADERS = [
    *sorted((ROOT / "include" / "cyma").glob("*.h")),
    ROOT / "pyx" / "core" / "avx512" / "exp.h",
]
SWEEP = json.loads((ROOT / "docs" / "runs" / "sweep.json").read_text())
HUNT = json.loads((ROOT / "docs" / "runs" / "hunt.json").read_text())
SPEED = json.loads((ROOT / "docs" / "runs" / "speed.json").read_text())
SPEED_LONGDOUBLE = json.loads((ROOT / "docs" / "runs" / "speed_longdouble.json").read_text())
SPEED_AVX2 = json.loads((ROOT / "docs" / "runs" / "speed_avx2.json").read_text())
FLOOR = json.loads((ROOT / "docs" / "runs" / "floor.json").read_text())
EMBEDDING_SPEED = json.loads((ROOT / "docs" / "runs" / "embedding_speed.json").read_text())
BCE_SPEED = json.loads((ROOT / "docs" / "runs" / "bce_speed.json").read_text())


@dataclasses.dataclass(frozen=True)
class Worst:
    """The largest error known of a function in a dtype on some tiers."""

    error: float
    operands: tuple[float, ...]
    got: float
    above: bool  # whether the result is above the exact value in magnitude
    tiers: str
    inputs: str


def worst_of_sweep(kernels: tuple[bool, ...]) -> dict[tuple[str, str, bool], Worst]:
    """Largest errors over all inputs, by function, dtype and whether the tier has FMA.

    ``kernels`` says whether hand-written ones count (True), portable ones (False), or both.
    """
    result: dict[tuple[str, str, bool], Worst] = {}
    portable: dict[tuple[str, str, bool], Worst] = {}
    for row in SWEEP["results"]:
        hand_written = [row["function"], row["dtype"]] in SWEEP["hand_written"].get(row["by"], [])
        if row["by"] not in SWEEP["tiers"] or hand_written not in kernels:
            continue
        key = row["function"], row["dtype"], row["by"] in SWEEP["fma_tiers"]
        extreme = max(row["normal"], row["subnormal"], key=lambda e: e["error"])
        x, got, want = (float.fromhex(extreme[k]) for k in ("x", "got", "want"))
        worst = Worst(extreme["error"], (x,), got, abs(got) > abs(want), row["by"], "all")
        if not hand_written and key in portable:
            before = portable[key]
            if dataclasses.replace(before, tiers=row["by"]) != worst:
                raise SystemExit(f"docs/runs/sweep.json: {row['by']} differs from {before.tiers}")
            worst = dataclasses.replace(worst, tiers=f"{before.tiers}, {row['by']}")
        if not hand_written:
            portable[key] = worst
        result[key] = max(worst, result.get(key, worst), key=lambda w: w.error)
    return result


def worst_of_hunt(
    kernels: tuple[bool, ...], *, absolute: bool
) -> dict[tuple[str, str, bool], Worst]:
    """Largest errors found, or largest absolute ones, likewise."""
    result: dict[tuple[str, str, bool], Worst] = {}
    for row in HUNT["errors"]:
        if row["absolute"] is absolute and row["hand_written"] in kernels:
            witness = row["worst"][0]
            key = row["function"], row["dtype"], row["fma"]
            worst = Worst(
                witness["error"],
                tuple(map(float.fromhex, witness["operands"])),
                float.fromhex(witness["got"]),
                witness["above"],
                row["tier"],
                f"{row['points'] / 1e8:.1f} · 10^8",
            )
            result[key] = max(worst, result.get(key, worst), key=lambda w: w.error)
    return result


def in_order(records: dict[tuple[str, str, bool], Worst]) -> list[tuple[tuple, Worst]]:
    """In the order of the function table, then of the dtypes, those with FMA first."""
    names = list(FUNCTIONS)

    def place(item: tuple[tuple, Worst]) -> tuple:
        name, dtype, fma = item[0]
        return names.index(name), DTYPES.index(dtype), not fma

    return sorted(records.items(), key=place)


def with_relatives(records: dict[tuple, Worst]) -> dict[tuple, Worst]:
    """Take what was found of a function for others with the same results but for signs."""
    result = dict(records)
    for key, worst in records.items():
        for name, operands, got in relatives(key[0], worst):
            relative = (name, *key[1:])
            if relative in result and worst.error > result[relative].error:
                result[relative] = dataclasses.replace(worst, operands=operands, got=got)
    return result


def relatives(name: str, worst: Worst) -> Iterator[tuple[str, tuple[float, ...], float]]:
    """Functions, operands and results that come with a result."""
    function, x = FUNCTIONS[name], worst.operands[0]
    if function.nin == 1:
        yield function.mirror, (-x,), function.sign * worst.got
    if name == "sigmoid":
        yield "sigmoid_bce_grad", (x, 0.0), worst.got
    elif name == "sigmoid_bce_grad":
        # The label decides between sigmoid(x) and -sigmoid(-x).
        same, other = ("sigmoid", "logsigmoid_deriv")[:: 1 if worst.operands[1] == 0 else -1]
        yield same, (x,), abs(worst.got)
        yield other, (-x,), abs(worst.got)


def all_records(*kernels: bool) -> dict[tuple[str, str, bool], Worst]:
    """All largest errors known, in order; of which kernels, as for `worst_of_sweep`."""
    records = worst_of_sweep(kernels) | worst_of_hunt(kernels, absolute=False)
    return dict(in_order(with_relatives(with_relatives(records))))


RECORDS = all_records(True, False)
PORTABLE = all_records(False)
HAND_WRITTEN = all_records(True)


def worst_def() -> str:
    """Text of worst.def."""
    text = "/* The largest errors known. Made by tools/publish.py from docs/runs; do not edit. */\n"
    for (name, dtype, fma), worst in RECORDS.items():
        operands = [hexadecimal(x) for x in (*worst.operands, 0.0)[:2]]
        row = [name, dtype, str(int(fma)), rounded_up(worst.error), *operands]
        text += f"CYMA_WORST({', '.join(row)})\n"
    return text


def rounded_up(error: float) -> str:
    """An error with four digits after the point, not less than it is."""
    return f"{math.ceil(error * 1e4) / 1e4:.4f}"


def functions() -> str:
    """The functions with their bounds and what was found, and what the table has no column for."""
    rows = []
    for name, function in FUNCTIONS.items():
        operands = ", ".join(operand for operand, _ in TEXTS[name]["operands"])
        cells = []
        for dtype, bound in function.bounds.items():
            worst = RECORDS.get((name, dtype, True))
            cells.append(f"{bound:g} ({rounded_up(worst.error)})" if worst else f"{bound:g}")
        rows.append([f"`{name}({operands})`", f"`{TEXTS[name]['formula']}`", *cells])
    text = markdown(["function", "computes", *DTYPES], rows)
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


def largest() -> str:
    """Largest errors by function, dtype and tier."""
    rows = []
    for (name, dtype, fma), worst in RECORDS.items():
        bound = FUNCTIONS[name].bound(dtype, fma=fma)
        rows.append([f"`{name}`", dtype, worst.tiers, f"{bound:g}", rounded_up(worst.error)])
        rows[-1] += [cell_of(worst.operands), cell_of([worst.got]), worst.inputs]
    header = ["function", "dtype", "tiers", "bound", "largest", "at", "result", "inputs"]
    return markdown(header, rows)


def absolute() -> str:
    """Largest absolute errors where results may cancel."""
    rows = []
    for (name, dtype, _), worst in in_order(worst_of_hunt((True, False), absolute=True)):
        bound = FUNCTIONS[name].absolute[dtype]
        rows.append([f"`{name}`", dtype, worst.tiers, f"{bound:.3g}", f"{worst.error:.3g}"])
        rows[-1] += [cell_of(worst.operands), cell_of([worst.got]), worst.inputs]
    header = ["function", "dtype", "tiers", "bound", "largest", "at", "result", "inputs"]
    return markdown(header, rows)


def cell_of(numbers: Iterable[float]) -> str:
    """Numbers in hexadecimal."""
    return ", ".join(f"`{hexadecimal(x)}`" for x in numbers)


def number(error: float | None) -> str:
    """An error; null is infinite."""
    return "∞" if error is None else f"{error:.3g}"


def float32() -> str:
    """Errors and counts over all float32 inputs, ours beside the peers'."""
    merged: dict[tuple, list[str]] = {}
    for row in SWEEP["results"]:
        if row["dtype"] != "float32":
            continue
        counts = [row[count] for count in FAULTS.values()]
        cells = (
            f"`{row['function']}`",
            number(row["normal"]["error"]),
            number(row["subnormal"]["error"]),
            f"{100 * row['misrounded'] / row['inputs']:.3g} %",
            f"{row['steps_back']:,}",
            number(row["step"]["error"]),
            *(f"{count:,}" for count in counts),
        )
        ours = row["by"] in SWEEP["tiers"]
        merged.setdefault(cells, []).append(f"cyma {row['by']}" if ours else row["by"])
    rows = [
        [cells[0], ", ".join(by).replace(", cyma ", ", "), *cells[1:]]
        for cells, by in merged.items()
    ]
    header = ["function", "by", "normal", "subnormal", "misrounded", "steps back", "largest step"]
    return markdown([*header, *FAULTS], rows)


def float64() -> str:
    """Counts among neighbours in float64."""
    rows = [
        [
            f"`{row['function']}`",
            f"cyma {row['by']}" if row["by"] in SWEEP["tiers"] else row["by"],
            f"{row['steps_back']:,}",
            number(row["largest_step"]),
            *(f"{row[count]:,}" for count in FAULTS.values()),
        ]
        for row in HUNT["neighbours"]
    ]
    return markdown(["function", "by", "steps back", "largest step", *FAULTS], rows)


def machines() -> str:
    """On what the runs of accuracy were made."""
    runs = {"sweep": SWEEP, "hunt": HUNT}
    lines = [f"- `tools/accuracy/{tool}.py`: {facts(run)}\n" for tool, run in runs.items()]
    worst = max(SWEEP["reference_errors"].values())
    lines.append(f"- Largest error of the sweep's reference: {worst:.2g} ULP of float32\n")
    return "".join(lines)


def speed_sections() -> dict[str, Callable[[], str]]:
    """Tables of the speed of all functions."""

    def table(rows: Callable, *arguments) -> Callable[[], str]:
        return lambda: markdown(*rows(*arguments))

    floats = ("float32", "float64")
    return {
        "speed": table(side_by_side.summary, SPEED, floats),
        "speed machine": lambda: f"{facts(SPEED)}\n",
        "speed float16": table(side_by_side.summary, SPEED, ("float16",)),
        "speed longdouble": table(side_by_side.summary, SPEED_LONGDOUBLE, ("longdouble",)),
        "speed longdouble machine": lambda: f"{facts(SPEED_LONGDOUBLE)}\n",
        "speed avx2": table(side_by_side.summary, SPEED_AVX2, floats),
        "speed avx2 machine": lambda: f"{facts(SPEED_AVX2)}\n",
        "faster peers": table(side_by_side.faster_peers, SPEED),
        "faster peers longdouble": table(side_by_side.faster_peers, SPEED_LONGDOUBLE),
        "faster peers avx2": table(side_by_side.faster_peers, SPEED_AVX2),
        "yardstick": table(side_by_side.against_the_yardstick, SPEED),
        "scalars": table(side_by_side.scalars, SPEED),
        "floor": table(floor.table, FLOOR),
        "embedding arrays": table(embedding_speed.arrays_table, EMBEDDING_SPEED),
        "embedding numbers": table(embedding_speed.numbers_table, EMBEDDING_SPEED),
        "embedding machine": lambda: f"{facts(EMBEDDING_SPEED)}\n",
    }


def three_digits(x: float) -> str:
    """A number to three digits, without an exponent."""
    return f"{float(f'{x:.3g}'):,g}"


def bce() -> str:
    """Times of binary cross-entropy, and ratios."""
    rows: dict[tuple[str, int], dict[str, dict[str, float]]] = {}
    for row in BCE_SPEED["results"]:
        rows.setdefault((row["form"], row["n"]), {})[row["dtype"]] = row["times"]
    dtypes = ("float32", "float64")
    peers = [name for name in BCE_SPEED["results"][0]["times"] if name != "cyma"]
    cells = [
        [
            form,
            f"{n:,}",
            " / ".join(three_digits(times[d]["cyma"]) for d in dtypes),
            *(" / ".join(f"{times[d][p] / times[d]['cyma']:.1f}" for d in dtypes) for p in peers),
        ]
        for (form, n), times in rows.items()
    ]
    return markdown(["form", "elements", "cyma, ns an element", *peers], cells)


def bce_machine() -> str:
    """On what they were measured."""
    return f"{facts(BCE_SPEED)}\n"


def header_functions() -> str:
    """The inline functions of the headers, and their bounds."""
    rows = []
    for name, function in FUNCTIONS.items():
        for suffix, real, dtype in (("f32", "float", "float32"), ("f64", "double", "float64")):
            operands = ", ".join(f"{real} {x}" for x in "xy"[: function.nin])
            bounds = (f"{function.bound(dtype, fma=fma):g}" for fma in (True, False))
            rows.append([f"`cyma_{name}_{suffix}`", f"`{real} ({operands})`", *bounds])
    return markdown(["function", "type", "with FMA, ULP", "without, ULP"], rows)


def with_sections(text: str, sections: dict) -> str:
    """Text with what is between the marks of each section made anew."""
    for name, make in sections.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        for mark in (begin, end):
            if mark not in text:
                raise SystemExit(f"there is no {mark.strip()}")
        text = re.sub(f"(?<={begin}).*(?={end})", lambda _, m=make: m(), text, flags=re.DOTALL)
    return text


def comment_of(name: str, records: dict[tuple[str, str, bool], Worst]) -> str:
    """What a kernel's comment says of its worst inputs."""
    parts = []
    for c_type, dtype in (("float", "float32"), ("double", "float64")):
        worst = records[name, dtype, True]
        operands = ", ".join(map(hexadecimal, worst.operands))
        operands = f"({operands})" if len(worst.operands) > 1 else operands
        sign = "-" if worst.above else "+"
        result = f"{hexadecimal(worst.got)} {sign} {worst.error:.3f} ulp"
        parts.append(f"{worst.error:.3f} in {c_type}, {operands} -> {result}")
    lines = textwrap.wrap(f"Worst: {'; '.join(parts)}. */", 97, break_on_hyphens=False)
    return "\n * ".join(lines)


def with_comments(text: str) -> str:
    """Text of a header with the worst inputs made anew."""
    comment = re.compile(
        r"Worst: \d(?:(?!\*/).)*\*/"
        r"(?=\nCYMA_INLINE (CYMA_REAL|void)\nCYMA_F\(cyma_(\w+?)(?:_avx512)?\))",
        re.S,
    )
    records = {"CYMA_REAL": PORTABLE, "void": HAND_WRITTEN}
    return comment.sub(lambda match: comment_of(match[2], records[match[1]]), text)


def generated() -> dict[pathlib.Path, str]:
    """Every file that has generated parts, as it should be."""
    texts = {WORST: worst_def()}
    speed = speed_sections()
    in_readme = ("speed", "speed machine")
    pages = {
        "README.md": {"functions": functions, **{name: speed.pop(name) for name in in_readme}},
        "docs/accuracy.md": {
            "largest": largest,
            "absolute": absolute,
            "float32": float32,
            "float64": float64,
            "machines": machines,
        },
        "docs/headers.md": {"functions": header_functions},
        "docs/speed.md": speed | {"bce": bce, "bce machine": bce_machine},
    }
    for name, sections in pages.items():
        path = ROOT / name
        texts[path] = with_sections(path.read_text(encoding="utf-8"), sections)
    for path in HEADERS:
        texts[path] = with_comments(path.read_text(encoding="utf-8"))
    return texts


def main() -> int:
    """Write or compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    differing = [
        (path, text)
        for path, text in generated().items()
        if path.read_text(encoding="utf-8") != text
    ]
    for path, text in differing:
        what = "differs: run python -m tools.publish" if check else "written"
        print(f"{path.relative_to(ROOT)}: {what}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
