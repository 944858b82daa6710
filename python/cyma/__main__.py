"""``python -m cyma``: what the functions are worth on this machine, measured."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import os
import pathlib
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

import cyma
from cyma import _accuracy, _reference
from cyma._peers import PEERS
from cyma._table import DTYPES, Function
from cyma._ufuncs import ALIASES, FUNCTIONS, UFUNCS

try:
    import rich.box
    import rich.console
    import rich.progress
    import rich.table
except ImportError:
    rich = None

TIMED_ELEMENTS = 65_536


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much to measure for a function and a dtype."""

    points: int  # inputs, where long double is the reference
    mpmath_points: int  # inputs, where mpmath is
    seconds: float  # of timing


FULL = Effort(points=300_000, mpmath_points=20_000, seconds=0.3)
QUICK = Effort(points=10_000, mpmath_points=500, seconds=0.02)


@dataclasses.dataclass
class Measurement:
    """A function in a dtype: errors in ULP and times in ns per element, by contender."""

    function: str
    dtype: str
    bound: float
    reference: str | None  # "long double", "mpmath", or None where neither can be
    points: int
    worst_at: list[str]  # operands of cyma's largest error
    errors: dict[str, float]
    times: dict[str, float]

    @property
    def kept(self) -> bool:
        """Whether cyma is within its bound, as far as that could be measured."""
        return self.errors.get("cyma", 0.0) <= self.bound


def load_peers() -> tuple[dict[str, dict[str, Callable]], list[str]]:
    """Peers that can be used, and the optional packages that cannot."""
    peers, missing = {}, []
    for name, load in PEERS.items():
        try:
            peers[name] = load()
        except ImportError:
            missing.append(name)
        except Exception as error:  # a broken installation may raise anything
            missing.append(f"{name} ({type(error).__name__}: {error})")
    if rich is None:
        missing.append("rich")
    if not _reference.have_mpmath():
        missing.append("mpmath")
    return peers, missing


def find_exact(
    function: Function, dtype: np.dtype, effort: Effort
) -> tuple[str | None, tuple[np.ndarray, ...], _accuracy.Exact | None]:
    """Choose the reference, the operands and the exact values there."""
    if _reference.longdouble_is_exact_enough(dtype):
        operands = _accuracy.sample(function, dtype, effort.points)
        return "long double", operands, _accuracy.exact(function.name, operands, mpmath=False)
    if _reference.have_mpmath():
        operands = _accuracy.sample(function, dtype, effort.mpmath_points)
        operands = tuple(x[: effort.mpmath_points] for x in operands)
        return "mpmath", operands, _accuracy.exact(function.name, operands, mpmath=True)
    return None, (), None


def time_rounds(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[int]]:
    """Times of each call in ns.

    In rounds, so that a slow spell of the machine hits all. After a call that is not timed, and in
    an order that changes, as the caches hold what the calls before left there.
    """
    times: dict[str, list[int]] = {name: [] for name in calls}
    rounds, stop = 0, time.perf_counter() + seconds
    shuffler = random.Random(0)
    while rounds < 3 or time.perf_counter() < stop:
        for name, call in shuffler.sample(list(calls.items()), len(calls)):
            call()
            start = time.perf_counter_ns()
            call()
            times[name].append(time.perf_counter_ns() - start)
        rounds += 1
    return times


def time_interleaved(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, int]:
    """Least time of each call in ns."""
    return {name: min(times) for name, times in time_rounds(calls, seconds).items()}


def measure(
    function: Function, dtype_name: str, peers: dict[str, dict[str, Callable]], effort: Effort
) -> Measurement:
    """Errors and times of cyma and of the peers that have the function in the dtype."""
    dtype = np.dtype(dtype_name)
    ufunc = UFUNCS[function.name]
    contenders = {"cyma": ufunc}
    small = _accuracy.sample(function, dtype, 10)
    small = tuple(x[:10] for x in small)
    for name, functions in peers.items():
        # A peer may lack the dtype, or answer in another.
        with contextlib.suppress(TypeError, RuntimeError):
            if function.name in functions and functions[function.name](*small).dtype == dtype:
                contenders[name] = functions[function.name]

    reference, operands, exact = find_exact(function, dtype, effort)
    errors, worst_at = {}, []
    if exact is not None:
        for name, contender in contenders.items():
            errors[name], witness = _accuracy.measure(contender, operands, exact)
            if name == "cyma":
                worst_at = [str(x) for x in witness]

    rng = np.random.default_rng(0)
    x = rng.uniform(-8, 8, TIMED_ELEMENTS).astype(dtype)
    arguments = (x,) if function.nin == 1 else (x, rng.random(TIMED_ELEMENTS).astype(dtype))
    out = np.empty_like(x)
    calls = {name: lambda f=f: f(*arguments) for name, f in contenders.items()}
    for name, f in contenders.items():
        if isinstance(f, np.ufunc):
            calls[name] = lambda f=f: f(*arguments, out=out)
    times = time_interleaved(calls, effort.seconds)
    info = cyma.runtime_info()
    return Measurement(
        function=function.name,
        dtype=dtype_name,
        bound=function.bound(dtype_name, fma=info["tier"] in info["fma_tiers"]),
        reference=reference,
        points=operands[0].size if operands else 0,
        worst_at=worst_at,
        errors=errors,
        times={name: ns / TIMED_ELEMENTS for name, ns in times.items()},
    )


def cpu_name() -> str:
    """Model of the CPU, as well as the platform tells it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """Progress bar on the terminal; yields what announces the next of ``total`` steps."""
    if rich is None:
        yield lambda text: None
        return
    console = rich.console.Console(stderr=True)
    with rich.progress.Progress(
        console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=total)
        done = -1

        def step(text: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=text, completed=done)

        yield step


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    """Print a table with its first two columns to the left."""
    if rich is not None:
        table = rich.table.Table(
            title=title,
            title_justify="left",
            box=rich.box.SIMPLE_HEAD,
            show_edge=False,
            padding=(0, 1, 0, 0),
        )
        for k, name in enumerate(header):
            table.add_column(name, justify="left" if k < 2 else "right", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        # Through print(), as everything else. A line that the terminal wraps loses nothing; one
        # that rich shortens does.
        text = io.StringIO()
        terminal = sys.stdout is not None and sys.stdout.isatty()
        console = rich.console.Console(file=text, force_terminal=terminal, highlight=False)
        console.width = max(console.width, 160)
        console.print(table)
        print(text.getvalue())
        return
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(title)
    for row in [header, *rows]:
        cells = [
            cell.ljust(width) if k < 2 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def show(measurements: list[Measurement], contenders: list[str]) -> None:
    """Print the two tables."""
    unknown = "-"
    rows = [
        [
            m.function,
            m.dtype,
            f"{m.bound:g}",
            *(f"{m.errors[c]:.3g}" if c in m.errors else unknown for c in contenders),
        ]
        for m in measurements
    ]
    points = [m.points for m in measurements if m.points]
    inputs = f", over {min(points):,} to {max(points):,} inputs each" if points else ""
    title = f"Largest error in units in the last place (ULP){inputs}"
    print_table(title, ["function", "dtype", "bound", *contenders], rows)
    print("Huge errors are results that are 0, or have no correct digit, in a tail.\n")

    def cell(m: Measurement, contender: str) -> str:
        if contender not in m.times:
            return unknown
        if contender == "cyma":
            return f"{m.times['cyma']:.3g}"
        return f"{m.times[contender]:.3g} {m.times[contender] / m.times['cyma']:5.1f}x"

    rows = [[m.function, m.dtype, *(cell(m, c) for c in contenders)] for m in measurements]
    title = f"Time in ns per element, and relative ({TIMED_ELEMENTS:,} elements, one thread)"
    print_table(title, ["function", "dtype", *contenders], rows)


def to_json(measurements: list[Measurement], machine: dict) -> str:
    """Report for machines. An infinite error (nan or infinity for a finite value) is null."""
    results = []
    for m in measurements:
        row = dataclasses.asdict(m)
        row["errors"] = {c: e if np.isfinite(e) else None for c, e in m.errors.items()}
        results.append(row)
    document = {
        "machine": machine,
        "runtime": cyma.runtime_info(),
        "units": {"errors": "ULP", "times": "ns per element"},
        "results": results,
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def function_name(text: str) -> str:
    """Name of a function, for argparse; resolves aliases."""
    name = ALIASES.get(text, text)
    if name not in FUNCTIONS:
        raise argparse.ArgumentTypeError(
            f"unknown function {text!r}; choose from {', '.join([*FUNCTIONS, *ALIASES])}"
        )
    return name


def writable_file(text: str) -> pathlib.Path:
    """Path of a file that can be written, for argparse: found out before the work, not after."""
    path = pathlib.Path(text)
    try:
        new = not path.exists()
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write {text!r}: {error.strerror}") from None
    return path


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m cyma",
        description="Report of this machine: the largest error of each function over structured "
        "inputs, and its time per element, beside NumPy, SciPy and torch.",
        epilog="Exit code: 0; 1 if an error exceeds its bound; 2 for a wrong command line or a "
        "file that cannot be written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "functions", metavar="FUNCTION", nargs="*", type=function_name, help="default: all"
    )
    parser.add_argument(
        "--dtype", action="append", choices=DTYPES, help="may be repeated; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="fewer inputs, in under 10 seconds")
    parser.add_argument("--json", metavar="FILE", type=writable_file, help="also write it as JSON")
    parser.add_argument("--version", action="version", version=f"cyma {cyma.__version__}")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the report; returns the exit code."""
    options = parse_arguments(arguments)
    effort = QUICK if options.quick else FULL
    functions = [f for f in FUNCTIONS.values() if f.name in (options.functions or FUNCTIONS)]
    dtypes = [d for d in DTYPES if d in (options.dtype or DTYPES)]
    peers, missing = load_peers()
    info = cyma.runtime_info()
    machine = {
        "cpu": cpu_name(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{name: sys.modules[name].__version__ for name in peers},
    }
    print(f"cyma {info['version']}, tier {info['tier']} of {', '.join(info['supported_tiers'])}")
    for tier, reason in info["left_out_tiers"].items():
        print(f"Tier {tier} was left out of this build: {reason}")
    print(f"{machine['cpu']}, Python {machine['python']}", end="")
    print("".join(f", {name} {machine[name]}" for name in peers))
    if missing:
        print(f"Not usable here, so left out: {', '.join(missing)}")

    measurements = []
    with np.errstate(all="ignore"), progress(len(functions) * len(dtypes)) as step:
        for function in functions:
            for dtype in dtypes:
                step(f"{function.name} {dtype}")
                measurements.append(measure(function, dtype, peers, effort))
    show(measurements, ["cyma", *peers])
    broken = [m for m in measurements if not m.kept]
    for m in broken:
        at = ", ".join(m.worst_at)
        print(f"BOUND EXCEEDED: {m.function} {m.dtype}: {m.errors['cyma']:.4g} ULP at {at}")
    if options.json is not None:
        try:
            options.json.write_text(to_json(measurements, machine))
        except OSError as error:
            print(f"cannot write {str(options.json)!r}: {error.strerror}", file=sys.stderr)
            return 2
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        code = main()
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # the reader has gone, as in `python -m cyma | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + 13)  # as by the signal SIGPIPE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
