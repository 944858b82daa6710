"""What the tools that measure share: the command line, calls on a tier, the record of a run."""

from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import platform
import sys
from collections.abc import Callable, Iterable

import numpy as np

import cyma
from cyma.__main__ import cpu_name, function_name, load_peers
from cyma._functions import FUNCTIONS

# Counts of faults, which must be 0, and how they are called.
FAULTS = {"out of range": "out_of_range", "asymmetric": "asymmetric", "nan faults": "nan_faults"}


# How plots draw each contender: a thick line below thin ones, so that both are seen.
STYLES = {
    "cyma": {"color": "tab:red", "linewidth": 3},
    "numpy": {"color": "tab:blue"},
    "scipy": {"color": "tab:green", "linestyle": "--"},
    "torch": {"color": "tab:orange"},
    "jax": {"color": "tab:purple"},
    "numexpr": {"color": "tab:gray", "linestyle": "--"},
}


def positive(text: str) -> int:
    """A positive number, for argparse."""
    number = int(text)
    if not 1 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number below 2^31")
    return number


def unary_function(text: str) -> str:
    """Name of a function of one argument, for argparse."""
    name = function_name(text)
    if FUNCTIONS[name].nin != 1:
        raise argparse.ArgumentTypeError(f"{text} is not a function of one argument")
    return name


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def usable_peers() -> dict[str, dict[str, Callable]]:
    """The peers that are installed; says which are not."""
    peers, missing = load_peers()
    if missing:
        print(f"Not usable here, so left out: {', '.join(missing)}")
    return peers


def is_hand_written(tier: str, name: str, dtype: str) -> bool:
    """Whether a tier has a kernel of its own of a function in a dtype."""
    return (name, dtype) in cyma.runtime_info()["hand_written"].get(tier, [])


def on_tier(tier: str, ufunc: np.ufunc) -> Callable:
    """A ufunc of ours that runs on a tier, whichever is in use."""
    return cyma.tier(tier)(ufunc)


def machine(packages: Iterable[str]) -> dict[str, str]:
    """On what a run is made: the CPU, and versions of cyma, Python and packages in use."""
    versions = {name: sys.modules[name].__version__ for name in ("cyma", *packages)}
    return {"cpu": cpu_name(), "python": platform.python_version(), **versions}


def facts(run: dict) -> str:
    """On what a run was made, in a line."""
    machine = run["machine"].items()
    text = ", ".join(fact if name == "cpu" else f"{name} {fact}" for name, fact in machine)
    return f"{text}; tier {run['tier']}" if "tier" in run else text


def installed(contenders: Iterable[str]) -> list[str]:
    """Those whose package can be imported; says which cannot."""
    names = []
    for name in contenders:
        try:
            __import__(name)
            names.append(name)
        except ImportError:
            print(f"Not installed, so left out: {name}")
    return names


def repeat(call: Callable[[], object], times: int) -> None:
    """Call again and again, so that caches are as they are in a loop of a user."""
    for _ in range(times):
        call()


def markdown(header: list[str], rows: Iterable[list[str]]) -> str:
    """Table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(path: pathlib.Path, document: dict) -> None:
    """Write the record of a run; infinite numbers as null."""
    try:
        path.write_text(json.dumps(_finite(document), indent=1, allow_nan=False) + "\n")
    except OSError as error:
        print(f"cannot write {str(path)!r}: {error.strerror}", file=sys.stderr)
        raise SystemExit(2) from None


def _finite(document):
    """A document with None for what JSON cannot express."""
    if isinstance(document, dict):
        return {key: _finite(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_finite(value) for value in document]
    return None if isinstance(document, float) and not math.isfinite(document) else document
