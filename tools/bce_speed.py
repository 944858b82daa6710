"""Compare the speed of `bce_with_logits` with torch, NumPy and jax, side by side.

One process, pinned to one CPU and one thread; all contenders take turns, and the least time of
each counts. Times of different runs cannot be compared, ratios of one run can. The contenders must
first agree on the result.

Usage: ``python tools/bce_speed.py [--json docs/runs/bce_speed.json]``; needs rich, and those of the
peers that are to be compared.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable

# Before jax is imported: one thread, and float64 where it is asked for.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("JAX_ENABLE_X64", "true")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
import runs
from rich.console import Console
from rich.progress import Progress

import cyma
from cyma.__main__ import print_table, time_interleaved, writable_file

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

Call = Callable[[], object]


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


def chosen(operands: dict, names: tuple[str, ...]) -> dict:
    """Keywords for a form."""
    return {name.removeprefix("class_"): operands[name] for name in names}


def ours(operands: dict, names: tuple[str, ...], gradient: bool) -> Call:
    """What is measured."""
    function = cyma.bce_with_logits_value_and_grad if gradient else cyma.bce_with_logits
    x, z, keywords = operands["logits"], operands["targets"], chosen(operands, names)
    return lambda: function(x, z, **keywords)


def formula(np_, x, z, weight=None, pos_weight=None):
    """The loss as it is usually written, for NumPy and jax."""
    if pos_weight is None:
        loss = np_.maximum(x, 0) - x * z + np_.log1p(np_.exp(-np_.abs(x)))
    else:
        softplus = np_.log1p(np_.exp(-np_.abs(x))) + np_.maximum(-x, 0)
        loss = (1 - z) * x + ((pos_weight - 1) * z + 1) * softplus
    return np_.mean(loss if weight is None else loss * weight)


def numpy_call(operands: dict, names: tuple[str, ...], gradient: bool) -> Call:
    """NumPy's formula, and its gradient."""
    x, z, keywords = operands["logits"], operands["targets"], chosen(operands, names)
    if not gradient:
        return lambda: formula(np, x, z, **keywords)
    weight, pos_weight = keywords.get("weight", 1), keywords.get("pos_weight", 1)

    def value_and_grad():
        s = 1 / (1 + np.exp(-x))
        if names:
            return formula(np, x, z, **keywords), weight / x.size * (
                s * (1 - z + pos_weight * z) - pos_weight * z
            )
        return formula(np, x, z), (s - z) / x.size

    return value_and_grad


def torch_call(operands: dict, names: tuple[str, ...], gradient: bool) -> Call:
    """The function of torch, eager, and its gradient by autograd."""
    import torch

    torch.set_num_threads(1)
    tensors = {k: torch.from_numpy(v) for k, v in operands.items()}
    x, z, keywords = tensors["logits"], tensors["targets"], chosen(tensors, names)
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    if not gradient:
        return lambda: loss(x, z, **keywords)

    def value_and_grad():
        leaf = x.detach().requires_grad_()
        value = loss(leaf, z, **keywords)
        value.backward()
        return value.detach(), leaf.grad

    return value_and_grad


def jax_call(operands: dict, names: tuple[str, ...], gradient: bool) -> Call:
    """The formula, jitted, and its gradient; arrays are jax's already."""
    import jax
    import jax.numpy as jnp

    arrays = {k: jnp.asarray(v) for k, v in operands.items()}
    x, z, keywords = arrays["logits"], arrays["targets"], chosen(arrays, names)

    def loss(x, z, keywords):
        return formula(jnp, x, z, **keywords)

    compiled = jax.jit(jax.value_and_grad(loss) if gradient else loss)
    return lambda: jax.block_until_ready(compiled(x, z, keywords))


CONTENDERS = {"cyma": ours, "torch": torch_call, "numpy": numpy_call, "jax": jax_call}


def agree(calls: dict[str, Call], dtype: str) -> None:
    """Check that all give the same loss and gradient."""
    rtol = 1e-4 if dtype == "float32" else 1e-12  # the formulas are inexact, long float32 sums too
    results = {name: call() for name, call in calls.items()}
    for result in results.values():
        for a, b in zip(_flat(result), _flat(results["cyma"]), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b)))


def _flat(result) -> list[np.ndarray]:
    return [np.asarray(x) for x in (result if isinstance(result, tuple) else (result,))]


def measure(form: str, n: int, dtype: str, names: list[str], seconds: float) -> dict[str, float]:
    """Least time of each contender in ns per element."""
    operands = problem(n, dtype)
    calls = {name: CONTENDERS[name](operands, *FORMS[form]) for name in names}
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
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for form, n, dtype in bar.track(cells):
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
