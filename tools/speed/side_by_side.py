"""Compare the speed of every function with NumPy, SciPy, torch, jax and numexpr, side by side.

One process, pinned to one CPU and one thread, contiguous operands, `out=` where a peer has it. All
contenders take turns in many rounds: a time is the median of its rounds, and a ratio the median of
the rounds' ratios, which a slow spell of the machine leaves alone. Each peer computes the shortest
expression that it has for the function, and must first agree with cyma's result.

Usage: ``python -m tools.speed.side_by_side --json docs/runs/speed.json --plots docs/speed``; needs
mpmath, matplotlib for the plots, and those of the peers that are to be compared.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import pathlib
import statistics
import sys
from collections.abc import Callable, Iterator

import numpy as np

import cyma
from cyma import _accuracy, _peers, _table
from cyma.__main__ import function_name, print_table, progress, time_rounds, writable_file
from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS
from tools import runs

SIZES = (1, 100, 4_096, 65_536, 1_048_576, 10_000_000)
LONG = 4_096  # from here on a call's overhead does not rule
SHOWN = 65_536  # the size whose times tables show
DTYPES = ("float16", "float32", "float64")  # that have kernels; long double is the C library's
ELEMENTS_A_TURN = 200_000
ERROR_POINTS = 4_096
YARDSTICK = "np.tanh"  # what every function is also compared with

Call = Callable[[], object]


def operands_of(name: str, n: int, dtype: str) -> tuple[np.ndarray, ...]:
    """What a function is measured on: the first two are logits, or what takes their place."""
    rng = np.random.default_rng(0)
    first = rng.uniform(-8, 8, n).astype(dtype)
    if FUNCTIONS[name].nin == 1:
        return (first,)
    if FUNCTIONS[name].domain == "REAL":
        return first, rng.uniform(-8, 8, n).astype(dtype)
    return first, rng.random(n).astype(dtype)


def cyma_call(name, operands, out):
    """What is measured."""
    return functools.partial(UFUNCS[name], *operands, out)


def _sigmoid(x, out):
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, 1, out)
    np.divide(1, out, out)


def _logsigmoid_deriv(x, out):
    np.exp(x, out)
    np.add(out, 1, out)
    np.divide(1, out, out)


def _log1p_exp(x, out):
    """log1p(exp(-|x|)), which is not as slow as `np.logaddexp`."""
    np.abs(x, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)


def _logsigmoid(x, out):
    _log1p_exp(x, out)
    np.subtract(np.minimum(x, 0), out, out)


def _softplus(x, out):
    _log1p_exp(x, out)
    np.add(np.maximum(x, 0), out, out)


def _sigmoid_deriv(x, out):
    _sigmoid(x, out)
    np.multiply(out, 1 - out, out)


def _tanh_deriv(x, out):
    np.tanh(x, out)
    np.multiply(out, out, out)
    np.subtract(1, out, out)


def _sigmoid_backward(grad, y, out):
    np.subtract(1, y, out)
    np.multiply(out, y, out)
    np.multiply(out, grad, out)


def _tanh_backward(grad, y, out):
    np.multiply(y, y, out)
    np.subtract(1, out, out)
    np.multiply(out, grad, out)


def _logsigmoid_backward(grad, x, out):
    np.exp(x, out)
    np.add(out, 1, out)
    np.divide(grad, out, out)


def _sigmoid_bce(x, z, out):
    _softplus(x, out)
    np.subtract(out, x * z, out)


def _sigmoid_bce_grad(x, z, out):
    _sigmoid(x, out)
    np.subtract(out, z, out)


NUMPY = {
    "sigmoid": _sigmoid,
    "logsigmoid": _logsigmoid,
    "softplus": _softplus,
    "tanh": np.tanh,
    "sigmoid_deriv": _sigmoid_deriv,
    "logsigmoid_deriv": _logsigmoid_deriv,
    "tanh_deriv": _tanh_deriv,
    "sigmoid_backward": _sigmoid_backward,
    "tanh_backward": _tanh_backward,
    "logsigmoid_backward": _logsigmoid_backward,
    "sigmoid_bce": _sigmoid_bce,
    "sigmoid_bce_grad": _sigmoid_bce_grad,
}


def numpy_call(name, operands, out):
    """The expression as NumPy users write it when they care: in place."""
    return functools.partial(NUMPY[name], *operands, out)


def scipy_call(name, operands, out):
    """The functions of SciPy."""
    from scipy.special import expit, log_expit

    def softplus(x, out):
        np.negative(x, out)
        log_expit(out, out)
        np.negative(out, out)

    functions = {"sigmoid": expit, "logsigmoid": log_expit, "softplus": softplus}
    return functools.partial(functions[name], *operands, out)


def torch_call(name, operands, out):
    """The functions of torch, eager, without autograd; where it has none, an expression."""
    import torch

    torch.set_num_threads(1)
    functional, aten = torch.nn.functional, torch.ops.aten
    tensors, result = tuple(map(torch.from_numpy, operands)), torch.from_numpy(out)

    def sigmoid_deriv(x):
        y = torch.sigmoid(x, out=result)
        return torch.mul(y, 1 - y, out=result)

    def tanh_deriv(x):
        y = torch.tanh(x, out=result)
        return torch.sub(1, torch.mul(y, y, out=result), out=result)

    functions = {
        "sigmoid": lambda x: torch.sigmoid(x, out=result),
        "logsigmoid": lambda x: torch._C._nn.log_sigmoid(x, out=result),
        "softplus": lambda x: torch._C._nn.softplus(x, out=result),
        "tanh": lambda x: torch.tanh(x, out=result),
        "sigmoid_deriv": sigmoid_deriv,
        "logsigmoid_deriv": lambda x: torch.sigmoid(torch.neg(x, out=result), out=result),
        "tanh_deriv": tanh_deriv,
        "sigmoid_backward": lambda g, y: aten.sigmoid_backward.grad_input(g, y, grad_input=result),
        "tanh_backward": lambda g, y: aten.tanh_backward.grad_input(g, y, grad_input=result),
        "logsigmoid_backward": lambda g, x: torch.mul(
            g, torch.sigmoid(torch.neg(x, out=result), out=result), out=result
        ),
        "sigmoid_bce": lambda x, z: functional.binary_cross_entropy_with_logits(
            x, z, reduction="none"
        ),
        "sigmoid_bce_grad": lambda x, z: torch.sub(torch.sigmoid(x, out=result), z, out=result),
    }
    return functools.partial(functions[name], *tensors)


def jax_call(name, operands, out):
    """The functions of jax, jitted; arrays are jax's already, and it takes no `out`."""
    return _peers.jax_peers()[name].on(*operands)


def numexpr_call(name, operands, out):
    """The expression in numexpr."""
    if out.dtype not in ("float32", "float64"):
        raise KeyError(f"numexpr has no {out.dtype}")
    return functools.partial(_peers.numexpr_peers()[name], *operands, out=out)


CONTENDERS: dict[str, Callable[[str, tuple[np.ndarray, ...], np.ndarray], Call]] = {
    "cyma": cyma_call,
    "numpy": numpy_call,
    "scipy": scipy_call,
    "torch": torch_call,
    "jax": jax_call,
    "numexpr": numexpr_call,
}


def calls_of(name: str, n: int, dtype: str, contenders: list[str]) -> dict[str, Call]:
    """A call for each contender that has the function in the dtype, checked to agree with ours."""
    operands = operands_of(name, n, dtype)
    want = UFUNCS[name](*operands).astype(np.float64)
    # Formulas cancel, and approximations of long standing err, but not by more.
    tolerance = {"float16": 2e-2, "float32": 1e-3}.get(dtype, 1e-10)
    out = np.empty_like(operands[0])  # the same memory for all
    calls = {}
    for contender in contenders:
        out.fill(np.nan)
        try:
            call = CONTENDERS[contender](name, operands, out)
            result = call()
        except (KeyError, TypeError, RuntimeError):  # it lacks the function, or the dtype
            continue
        got = np.asarray(result) if np.isnan(out).any() else out
        if got.dtype != out.dtype:
            continue
        np.testing.assert_allclose(got, want, atol=tolerance * np.abs(want).max(), rtol=tolerance)
        calls[contender] = call
    return calls


def measure(name: str, n: int, dtype: str, contenders: list[str], seconds: float) -> dict:
    """Times of all contenders in ns an element, and their ratios to ours."""
    repeats = max(1, ELEMENTS_A_TURN // max(n, 500))
    turns = {
        contender: functools.partial(runs.repeat, call, repeats)
        for contender, call in calls_of(name, n, dtype, contenders).items()
    }
    operands = operands_of(name, n, dtype)
    turns[YARDSTICK] = functools.partial(
        runs.repeat, functools.partial(np.tanh, operands[0], np.empty_like(operands[0])), repeats
    )
    ns, ratios = medians(time_rounds(turns, seconds), "cyma", n * repeats)
    return {"function": name, "dtype": dtype, "n": n, "ns": ns, "ratios": ratios}


def medians(
    rounds: dict[str, list[int]], base: str, count: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Median time of each contender, and median of its rounds' ratios to the base."""
    ns = {name: statistics.median(times) / count for name, times in rounds.items()}
    ratios = {
        name: statistics.median(a / b for a, b in zip(times, rounds[base], strict=True))
        for name, times in rounds.items()
    }
    return ns, ratios


def errors(name: str, dtype: str, contenders: list[str]) -> dict[str, float]:
    """Largest error in ULP over operands like those that are timed, by contender."""
    operands = operands_of(name, ERROR_POINTS, dtype)
    exact = _accuracy.exact(name, operands, mpmath=True)
    out = np.empty_like(operands[0])
    result = {}
    for contender in calls_of(name, ERROR_POINTS, dtype, contenders):
        out.fill(np.nan)
        returned = CONTENDERS[contender](name, operands, out)()
        got = np.asarray(returned) if np.isnan(out).any() else out
        result[contender] = float(np.max(exact.error(got)))
    return result


def measure_scalars(seconds: float) -> dict[str, dict[str, float]]:
    """A call of each function of `cyma.scalar` on a float: ns, and the ratio to `math.tanh`."""
    repeats = 2000
    functions = {"math.tanh": math.tanh} | {
        name: getattr(cyma.scalar, name) for name, f in FUNCTIONS.items() if f.nin == 1
    }
    turns = {
        name: functools.partial(runs.repeat, functools.partial(f, 0.7), repeats)
        for name, f in functions.items()
    }
    ns, ratios = medians(time_rounds(turns, seconds), "math.tanh", repeats)
    return {name: {"ns": ns[name], "ratio": ratios[name]} for name in functions}


def geometric_means(document: dict) -> dict[tuple[str, str], dict[str, float]]:
    """Of each contender's ratios over the long sizes, by function and dtype."""
    ratios: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in document["results"]:
        if row["n"] >= LONG:
            cell = ratios.setdefault((row["function"], row["dtype"]), {})
            for name, ratio in row["ratios"].items():
                cell.setdefault(name, []).append(ratio)
    return {
        key: {name: statistics.geometric_mean(values) for name, values in cell.items()}
        for key, cell in ratios.items()
    }


def summary(document: dict, dtypes: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table: our time, and how many times as long each peer takes."""
    means = geometric_means(document)
    times = {
        (row["function"], row["dtype"]): row["ns"]["cyma"]
        for row in document["results"]
        if row["n"] == SHOWN
    }
    peers = [name for name in document["contenders"] if name != "cyma"]

    def pair(values: Iterator[float | None], digits: str) -> str:
        cells = ["-" if value is None else format(value, digits) for value in values]
        return " / ".join(cells) if set(cells) != {"-"} else "-"

    rows = [
        [
            function,
            pair((times.get((function, dtype)) for dtype in dtypes), ".2f"),
            *(pair((means.get((function, d), {}).get(p) for d in dtypes), ".2f") for p in peers),
        ]
        for function in dict.fromkeys(row["function"] for row in document["results"])
    ]
    return [f"function, {' / '.join(dtypes)}", "cyma, ns an element", *peers], rows


def against_the_yardstick(document: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table: our time over that of `np.tanh`, by number of elements."""
    sizes = list(dict.fromkeys(row["n"] for row in document["results"]))
    cells: dict[tuple[str, str], list[str]] = {}
    for row in document["results"]:
        ratio = 1 / row["ratios"][YARDSTICK]
        cells.setdefault((row["function"], row["dtype"]), []).append(f"{ratio:.2f}")
    header = ["function", "dtype", *(f"{n:,}" for n in sizes)]
    return header, [[*key, *row] for key, row in cells.items()]


def faster_peers(document: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table: every cell in which a peer is faster; errors in ULP."""
    rows = []
    for row in document["results"]:
        known = document["errors"].get(row["function"], {}).get(row["dtype"], {})
        for name in sorted(set(document["contenders"]) & set(row["ratios"])):
            ratio = row["ratios"][name]
            if round(ratio, 2) < 1:  # by the digits that are shown
                cell = [row["function"], row["dtype"], f"{row['n']:,}", name, f"{ratio:.2f}"]
                rows.append([*cell, *(f"{known[by]:.3g}" for by in (name, "cyma"))])
    header = ["function", "dtype", "elements", "peer", "its time over ours", "its error", "ours"]
    return header, rows


def scalars(document: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table: calls of `cyma.scalar`."""
    rows = [[n, f"{v['ns']:.1f}", f"{v['ratio']:.2f}"] for n, v in document["scalars"].items()]
    return ["function of a float", "ns a call", "over math.tanh's"], rows


def plot(document: dict, dtype: str, path: pathlib.Path) -> None:
    """Draw ns per element against the number of elements, a panel a function."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(r["function"] for r in document["results"] if r["dtype"] == dtype))
    columns = 4
    lines = math.ceil(len(names) / columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(13, 2.9 * lines), layout="constrained", squeeze=False
    )
    handles = {}
    for panel, name in zip(axes.flat, names, strict=False):
        rows = [r for r in document["results"] if (r["function"], r["dtype"]) == (name, dtype)]
        for contender in document["contenders"]:
            points = [(r["n"], r["ns"][contender]) for r in rows if contender in r["ns"]]
            if points:
                style = {"linewidth": 1.3, **runs.STYLES[contender]}
                (line,) = panel.plot(*zip(*points, strict=True), marker=".", **style)
                handles.setdefault(f"{contender} {document['machine'][contender]}", line)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(name, fontsize=10)
        panel.grid(alpha=0.3)
    for panel in axes.flat[len(names) :]:
        panel.set_axis_off()
    for panel in axes[-1]:
        panel.set_xlabel("elements")
    figure.supylabel("ns per element")
    machine = f"{document['machine']['cpu']}, tier {document['tier']}"
    figure.suptitle(f"{dtype}, one thread, {machine}")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
    figure.savefig(path, dpi=100)
    plt.close(figure)


def environment_of(tier: str) -> dict[str, str]:
    """Variables that choose our tier, and that hold those peers that can be held to it to AVX2."""
    variables = {"CYMA_TIER": tier}
    if tier == "x86_64_v3":
        umath = np._core._multiarray_umath if hasattr(np, "_core") else np.core._multiarray_umath
        wide = [
            name
            for name in umath.__cpu_dispatch__
            if name.startswith(("AVX512", "X86_V4")) and umath.__cpu_features__.get(name)
        ]
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(wide)
        variables["ATEN_CPU_CAPABILITY"] = "avx2"
        variables["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_max_isa=AVX2"
    return variables


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "functions", metavar="FUNCTION", nargs="*", type=function_name, help="default: all"
    )
    parser.add_argument(
        "--dtype",
        action="append",
        choices=_table.DTYPES,
        help="may be repeated; default: all but longdouble",
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="for a cell; default: 1")
    parser.add_argument("--quick", action="store_true", help="three rounds of short arrays only")
    parser.add_argument(
        "--tier",
        choices=cyma.runtime_info()["supported_tiers"],
        help="run this tier of cyma; with x86_64_v3 the peers are held to AVX2, if they can be",
    )
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write the run")
    parser.add_argument("--markdown", metavar="FILE", type=writable_file, help="and the table")
    parser.add_argument(
        "--plots", metavar="FOLDER", type=pathlib.Path, help="also draw <dtype>.png there"
    )
    parser.add_argument(
        "--from", metavar="FILE", type=pathlib.Path, dest="run", help="show a run; measure nothing"
    )
    options = parser.parse_args(arguments)
    try:
        options.document = json.loads(options.run.read_text()) if options.run else None
        if options.plots is not None:
            options.plots.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return options


def run(options: argparse.Namespace) -> dict:
    """Measure everything that is asked for."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    contenders = runs.installed(CONTENDERS)
    functions = [name for name in FUNCTIONS if name in (options.functions or FUNCTIONS)]
    dtypes = [dtype for dtype in _table.DTYPES if dtype in (options.dtype or DTYPES)]
    sizes = [n for n in SIZES if n <= SHOWN or not options.quick]
    seconds = 0.0 if options.quick else options.seconds
    document = {
        "machine": runs.machine(name for name in contenders if name != "cyma"),
        "tier": cyma.runtime_info()["tier"],
        "contenders": contenders,
        "scalars": measure_scalars(seconds),
        "errors": {},
        "results": [],
    }
    cells = [(f, d, n) for f in functions for d in dtypes for n in sizes]
    with np.errstate(all="ignore"), progress(len(cells)) as step:
        for function, dtype, n in cells:
            step(f"{function} {dtype} {n:,}")
            if n == sizes[0]:
                known = document["errors"].setdefault(function, {})
                known[dtype] = errors(function, dtype, contenders)
            document["results"].append(measure(function, n, dtype, contenders, seconds))
    return document


def show(document: dict) -> None:
    """Print the tables."""
    print(runs.facts(document))
    measured = {row["dtype"] for row in document["results"]}
    dtypes = tuple(dtype for dtype in _table.DTYPES if dtype in measured)
    note = f"times with {SHOWN:,} elements; peers: time over ours, geometric mean from {LONG:,} on"
    print_table(f"One thread; {note}", *summary(document, dtypes))
    print_table(f"Our time over {YARDSTICK}'s", *against_the_yardstick(document))
    print_table("Where a peer is faster", *faster_peers(document))
    print_table("Python floats", *scalars(document))


def main(arguments: list[str] | None = None) -> int:
    """Measure and show; returns the exit code."""
    options = parse_arguments(arguments)
    if options.tier and os.environ.get("CYMA_TIER") != options.tier:
        # NumPy and the others read these when they are imported.
        os.environ.update(environment_of(options.tier))
        command = [sys.executable, "-m", "tools.speed.side_by_side"]
        os.execv(sys.executable, [*command, *(arguments or sys.argv[1:])])
    document = options.document or run(options)
    show(document)
    if options.json is not None:
        runs.write(options.json, document)
    if options.markdown is not None:
        dtypes = options.dtype or ("float32", "float64")
        options.markdown.write_text(runs.markdown(*summary(document, tuple(dtypes))))
    for dtype in sorted({row["dtype"] for row in document["results"]} if options.plots else ()):
        plot(document, dtype, options.plots / f"{dtype}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
