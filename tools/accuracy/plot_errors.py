"""Plot the error of each one-argument function in float32 against x, beside the peers'.

Each curve is the largest error among some thousand inputs in each of many narrow intervals.

Usage: ``python -m tools.accuracy.plot_errors`` writes ``docs/errors/<function>.png``. It needs the
extras "bench" and "docs", and torch to show it.
"""

from __future__ import annotations

import argparse
import pathlib

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

import cyma
from cyma import _accuracy, _reference
from cyma.__main__ import progress
from cyma._functions import FUNCTIONS
from cyma._table import Function
from cyma._ufuncs import UFUNCS
from tools.runs import STYLES, unary_function, usable_peers

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "errors"
INTERVALS = 700
PER_INTERVAL = 4000
LARGEST_X = 120.0


def intervals() -> np.ndarray:
    """Ends of the intervals: even in asinh(4x), so that both 0 and the tails are seen."""
    end = np.arcsinh(4 * LARGEST_X)
    return np.sinh(np.linspace(-end, end, INTERVALS + 1)) / 4


def largest_errors(name: str, contenders: dict, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Largest error in each interval, in ULP, by contender."""
    low, high = intervals()[:-1, None], intervals()[1:, None]
    x = rng.uniform(low, high, (INTERVALS, PER_INTERVAL)).astype(np.float32).ravel()
    exact = _accuracy.exact_from_wide(_reference.in_numpy(name, (x,), np.float64), x.dtype)
    with np.errstate(all="ignore"):
        errors = {by: exact.error(call(x)) for by, call in contenders.items()}
    return {by: np.max(e.reshape(INTERVALS, -1), axis=1) for by, e in errors.items()}


def plot(function: Function, errors: dict[str, np.ndarray], versions: dict[str, str]) -> plt.Figure:
    """Curves of all contenders."""
    figure, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    middle = (intervals()[1:] + intervals()[:-1]) / 2
    for by, error in errors.items():
        axes.plot(middle, error, label=f"{by} {versions[by]}", **{"linewidth": 1, **STYLES[by]})
    axes.axhline(0.5, color="gray", linestyle=":", label="0.5: correctly rounded")
    # Linear as far as a good function errs, logarithmic beyond.
    axes.set_yscale("symlog", linthresh=4, linscale=4)
    largest = max(np.max(error[np.isfinite(error)]) for error in errors.values())
    small, large = [0, 0.5, 1, 2, 3, 4], [2, 4, 6, 8]
    axes.set_yticks(
        [*small, *(10.0**e for e in large)],
        labels=[*(f"{t:g}" for t in small), *(f"$10^{e}$" for e in large)],
    )
    axes.set_ylim(0, 20 * largest if largest > 4 else 1.5 * largest)
    axes.set_xscale("asinh", linear_width=0.25)
    ticks = [1, 3, 10, 30, 100]
    ticks = [*(-t for t in reversed(ticks)), 0, *ticks]
    axes.set_xticks(ticks, labels=map(str, ticks))
    axes.minorticks_off()
    axes.set_xlim(-LARGEST_X, LARGEST_X)
    axes.grid(alpha=0.3)
    axes.set_xlabel("x")
    axes.set_ylabel("largest error (ULP)")
    axes.set_title(f"{function.name}, float32")
    axes.legend(loc="upper center", ncols=5, fontsize=9)
    return figure


def main() -> int:
    """Make the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "functions", metavar="FUNCTION", nargs="*", type=unary_function, help="default: all"
    )
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER, help="where to write")
    options = parser.parse_args()
    names = options.functions or [n for n, f in FUNCTIONS.items() if f.nin == 1]
    peers = usable_peers()
    versions = {"cyma": cyma.__version__}
    versions |= {by: __import__(by).__version__.partition("+")[0] for by in peers}
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"cannot write to {options.folder}: {error.strerror}")
    with progress(len(names)) as step:
        for name in names:
            step(name)
            contenders = {"cyma": UFUNCS[name]}
            contenders |= {by: calls[name] for by, calls in peers.items() if name in calls}
            errors = largest_errors(name, contenders, np.random.default_rng(0))
            figure = plot(FUNCTIONS[name], errors, versions)
            figure.savefig(options.folder / f"{name}.png", dpi=110)
            plt.close(figure)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
