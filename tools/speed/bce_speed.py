"""Compare the speed of `bce_with_logits` with torch, NumPy and jax, side by side.

One process, pinned to one CPU and one thread; all contenders take turns, and the least time of
each counts. Times of different runs cannot be compared, ratios of one run can. The contenders must
first agree on the result.

Usage: ``python -m tools.speed.bce_speed [--json docs/runs/bce_speed.json]``; needs those of the
peers that are to be compared.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys

import numpy as np

import cyma
from cyma.__main__ import arrays_of, print_table, progress, time_interleaved, writable_file
from cyma._peers import BCE_PEERS, Call
from tools import runs

SIZES = (10, 100_000, 10_000_000)
CLASSES = 10
ELEMENTS_A_TURN = 1_000_000

# What is computed: keywords of which operands, and whether the gradient too.
FORMS = {
    "mean": ((), False),
    "mean, weighted": (("weight", "pos_weight"), False),
    "mean, weighted by class": (("class_weight", "class_pos_weight"), False),
    "value and gradient": ((), True),
    "value and gradient, weighted": (("weight", "pos_weight"), True),
}


def problem(n: int, dtype: str) -> dict[str, np.ndarray]:
    """Logits, targets and all weights; the last axis are classes."""
    rng = np.random.default_rng(0)
    shape = (n // CLASSES, CLASSES)
    return {
        "logits": rng.normal(0, 3, shape).astype(dtype),
        "targets": (rng.random(shape) < 0.3).astype(dtype),
        "weight": rng.random(shape).astype(dtype),
        "pos_weight": np.array([2.5], dtype),
        "class_weight": rng.random(CLASSES).astype(dtype),
        "class_pos_weight": (rng.random(CLASSES) + 0.5).astype(dtype),
    }


def ours(x, z, gradient: bool, **weights) -> Call:
    """What is measured."""
    function = cyma.bce_with_logits_value_and_grad if gradient else cyma.bce_with_logits
    return functools.partial(function, x, z, **weights)


# Those of the report that take weights.
CONTENDERS = {"cyma": ours} | {name: BCE_PEERS[name] for name in ("torch", "numpy", "jax")}


def agree(calls: dict[str, Call], dtype: str) -> None:
    """Check that all give the same loss and gradient."""
    rtol = 1e-4 if dtype == "float32" else 1e-12  # the formulas are inexact, long float32 sums too
    results = {name: call() for name, call in calls.items()}
    for result in results.values():
        for a, b in zip(arrays_of(result), arrays_of(results["cyma"]), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b)))


def measure(form: str, n: int, dtype: str, names: list[str], seconds: float) -> dict[str, float]:
    """Least time of each contender in ns per element."""
    operands = problem(n, dtype)
    weights, gradient = FORMS[form]
    weights = {weight.removeprefix("class_"): operands[weight] for weight in weights}
    x, z = operands["logits"], operands["targets"]
    calls = {name: CONTENDERS[name](x, z, gradient, **weights) for name in names}
    agree(calls, dtype)
    repeats = max(1, min(ELEMENTS_A_TURN // n, 1000))
    turns = {name: functools.partial(runs.repeat, call, repeats) for name, call in calls.items()}
    return {name: ns / (n * repeats) for name, ns in time_interleaved(turns, seconds).items()}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=4.0, help="for a row; default: 4")
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write the run")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    names = runs.installed(CONTENDERS)
    machine = runs.machine(name for name in names if name != "cyma")
    info = cyma.runtime_info()
    print(runs.facts({"machine": machine, "tier": info["tier"]}))
    results = []
    cells = [(f, n, d) for f in FORMS for n in SIZES for d in ("float32", "float64")]
    with progress(len(cells)) as step:
        for form, n, dtype in cells:
            step(f"{form} {dtype} {n:,}")
            times = measure(form, n, dtype, names, options.seconds)
            results.append({"form": form, "n": n, "dtype": dtype, "times": times})
    rows = [
        [
            f"{r['form']}, n = {r['n']:,}",
            r["dtype"],
            f"{r['times']['cyma']:.3g}",
            *(
                f"{r['times'][k]:.3g} {r['times'][k] / r['times']['cyma']:5.1f}x"
                for k in names
                if k != "cyma"
            ),
        ]
        for r in results
    ]
    title = "Time in ns per element, and relative (one thread, least of interleaved rounds)"
    print_table(title, ["bce_with_logits", "dtype", *names], rows)
    if options.json is not None:
        document = {"machine": machine, "tier": info["tier"], "results": results}
        runs.write(options.json, document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
