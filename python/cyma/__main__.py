"""``python -m cyma``: what the functions are worth on this machine, measured."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import difflib
import functools
import json
import os
import pathlib
import platform
import random
import sys
import textwrap
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TextIO

import numpy as np

import cyma
from cyma import _accuracy, _reference
from cyma._bce import BOUND
from cyma._functions import ALIASES, FUNCTIONS
from cyma._peers import BCE_PEERS, PEERS, TIMED_ELEMENTS, Call, call_on
from cyma._table import DTYPES, Function
from cyma._ufuncs import UFUNCS

try:
    import rich.console
    import rich.progress
except ImportError:
    rich = None

# What is measured besides the ufuncs, and whether it has a gradient. The reduction is a mean.
BCE = {"bce_with_logits": False, "bce_with_logits_value_and_grad": True}

WIDTH = 80  # of a narrow terminal: tables and paragraphs fit


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

    def ratio(self, peer: str) -> float:
        """A peer's time over cyma's."""
        return self.times[peer] / self.times["cyma"]

    @property
    def faster_peers(self) -> list[str]:
        """Peers that take less time, by the digits that are shown."""
        peers = (peer for peer in self.times if peer != "cyma")
        return [peer for peer in peers if float(three_digits(self.ratio(peer))) < 1]


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


def answers_in(dtype: np.dtype, compute: Call) -> bool:
    """Whether a peer can compute something in a dtype: it may lack it, or answer in another."""
    with contextlib.suppress(TypeError, RuntimeError, ValueError):
        return all(y.dtype == dtype for y in arrays_of(compute()))
    return False


def arrays_of(result: object) -> list[np.ndarray]:
    """What a function returned, one or more, as arrays."""
    return [np.asarray(y) for y in (result if isinstance(result, tuple) else (result,))]


def measure(
    function: Function, dtype_name: str, peers: dict[str, dict[str, Callable]], effort: Effort
) -> Measurement:
    """Errors and times of cyma and of the peers that have the function in the dtype."""
    dtype = np.dtype(dtype_name)
    rng = np.random.default_rng(0)
    x = rng.uniform(-8, 8, TIMED_ELEMENTS).astype(dtype)
    arguments = (x,) if function.nin == 1 else (x, rng.random(TIMED_ELEMENTS).astype(dtype))
    contenders = {"cyma": UFUNCS[function.name]}
    for name, functions in peers.items():
        f = functions.get(function.name)
        if f is not None and answers_in(dtype, functools.partial(f, *arguments)):
            contenders[name] = f

    reference, operands, exact = find_exact(function, dtype, effort)
    errors, worst_at = {}, []
    if exact is not None:
        for name, contender in contenders.items():
            errors[name], witness = _accuracy.measure(contender, operands, exact)
            if name == "cyma":
                worst_at = [str(x) for x in witness]

    out = np.empty_like(x)
    calls = {name: call_on(f, arguments, out) for name, f in contenders.items()}
    info = cyma.runtime_info()
    return Measurement(
        function=function.name,
        dtype=dtype_name,
        bound=function.bound(dtype_name, fma=info["tier"] in info["fma_tiers"]),
        reference=reference,
        points=operands[0].size if operands else 0,
        worst_at=worst_at,
        errors=errors,
        times=time_per_element(calls, effort),
    )


def time_per_element(calls: dict[str, Call], effort: Effort) -> dict[str, float]:
    """Least time of each call on `TIMED_ELEMENTS` in ns per element."""
    times = time_interleaved(calls, effort.seconds)
    return {name: ns / TIMED_ELEMENTS for name, ns in times.items()}


def bce_problems(dtype: np.dtype, n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Logits and labels of some kinds, by what they are."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (4, n))
    problems = {
        f"logits of scale {scale}, labels at random": (rng.normal(0, scale, n), z)
        for scale, z in zip((3, 0.1, 30), labels, strict=False)
    }
    well = np.abs(rng.normal(0, 30, n)) * (2 * labels[-1] - 1)
    problems["logits of scale 30 that fit the labels"] = well, labels[-1]
    return {kind: (x.astype(dtype), z.astype(dtype)) for kind, (x, z) in problems.items()}


@functools.cache
def exact_bce(dtype: np.dtype, effort: Effort) -> tuple[str | None, dict[str, tuple]]:
    """Choose the reference, and the problems; with each, the exact mean and gradient."""
    if _reference.longdouble_is_exact_enough(dtype):
        reference, problems = "long double", bce_problems(dtype, TIMED_ELEMENTS)
    elif _reference.have_mpmath():
        reference, problems = "mpmath", bce_problems(dtype, effort.mpmath_points // 4)
    else:
        return None, {}
    mpmath = reference == "mpmath"
    return reference, {
        kind: (x, z, _accuracy.exact_mean_bce(x, z, mpmath=mpmath))
        for kind, (x, z) in problems.items()
    }


def measure_bce(name: str, dtype_name: str, peers: Collection[str], effort: Effort) -> Measurement:
    """Errors and times of a mean binary cross-entropy, the gradient included if it has one."""
    dtype, gradient = np.dtype(dtype_name), BCE[name]
    timed = next(iter(bce_problems(dtype, TIMED_ELEMENTS).values()))
    contenders = {"cyma": lambda x, z, _: functools.partial(getattr(cyma, name), x, z)}
    for peer in peers:
        if answers_in(dtype, lambda bce=BCE_PEERS[peer]: bce(*timed, gradient)()):
            contenders[peer] = BCE_PEERS[peer]

    reference, cases = exact_bce(dtype, effort)
    largest: dict[str, tuple[float, str]] = {}
    for kind, (x, z, exact) in cases.items():
        for contender, bce in contenders.items():
            results = arrays_of(bce(x, z, gradient)())
            error = max(float(np.max(e.error(y))) for e, y in zip(exact, results, strict=False))
            largest[contender] = max(largest.get(contender, (0.0, "")), (error, kind))

    calls = {contender: bce(*timed, gradient) for contender, bce in contenders.items()}
    return Measurement(
        function=name,
        dtype=dtype_name,
        # float16 is computed in float32 and rounded once, like its ufuncs.
        bound=FUNCTIONS["sigmoid_bce"].bounds["float16"] if dtype_name == "float16" else BOUND,
        reference=reference,
        points=sum(x.size for x, _, _ in cases.values()),
        worst_at=[largest["cyma"][1]] if cases else [],
        errors={contender: error for contender, (error, _) in largest.items()},
        times=time_per_element(calls, effort),
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
    """Progress bar on the terminal; yields what announces the next of ``total`` steps.

    It is all of what is printed that has escape sequences, so where they are not wanted there is
    none.
    """
    plain = rich is None or os.environ.get("NO_COLOR")
    if plain or sys.stderr is None or not sys.stderr.isatty():
        yield lambda text: None
        return
    with rich.progress.Progress(console=rich.console.Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        done = -1

        def step(text: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=text, completed=done)

        yield step


def print_table(title: str, header: list[str], rows: list[list[str]], left: int = 2) -> None:
    """Print a table in ASCII with its first ``left`` columns to the left."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(title)
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [
            cell.ljust(width) if k < left else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print()


def print_paragraph(text: str, indent: str = "") -> None:
    """Print a text in lines that a narrow terminal can hold, all but the first indented."""
    print(textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False))


def by_dtype(measurements: list[Measurement]) -> dict[str, list[Measurement]]:
    """Measurements of each dtype."""
    groups: dict[str, list[Measurement]] = {}
    for m in measurements:
        groups.setdefault(m.dtype, []).append(m)
    return groups


def label(m: Measurement) -> str:
    """Name of what was measured, short enough for a narrow terminal."""
    return m.function.replace("with_logits_value_and", "value_and")


def three_digits(x: float) -> str:
    """A number in at most six characters."""
    return f"{x:.3g}".replace("e+0", "e").replace("e+", "e")


def show(measurements: list[Measurement], contenders: list[str]) -> None:
    """Print the tables, of errors and of times, by dtype."""
    unknown = "-"
    print("\nLargest errors in units in the last place (ULP)\n")
    for dtype, group in by_dtype(measurements).items():
        points = [m.points for m in group if m.points]
        ends = dict.fromkeys([min(points), max(points)] if points else ())
        inputs = f", over {' to '.join(f'{n:,}' for n in ends)} inputs" if points else ""
        rows = [
            [
                label(m),
                f"{m.bound:g}",
                *(three_digits(m.errors[c]) if c in m.errors else unknown for c in contenders),
            ]
            for m in group
        ]
        print_table(f"{dtype}{inputs}", ["function", "bound", *contenders], rows, left=1)
    print_paragraph(
        "Huge errors are results that are 0, or have no correct digit, in a tail; inf is overflow."
    )
    print()

    def cell(m: Measurement, contender: str) -> str:
        if contender not in m.times:
            return unknown
        ratio = f"{three_digits(m.ratio(contender))}x"
        return f"*{ratio}" if contender in m.faster_peers else ratio

    print_paragraph(
        f"Times in one thread, {TIMED_ELEMENTS:,} elements: cyma's in ns an element, a peer's over "
        "cyma's. 2.5x means that the peer takes 2.5 times as long as cyma; * marks a faster peer."
    )
    print()
    for dtype, group in by_dtype(measurements).items():
        rows = [
            [label(m), three_digits(m.times["cyma"]), *(cell(m, c) for c in contenders[1:])]
            for m in group
        ]
        print_table(dtype, ["function", "cyma, ns", *contenders[1:]], rows, left=1)


def print_findings(measurements: list[Measurement]) -> None:
    """Print where a peer is faster, which bounds are broken, and last the verdict."""
    for dtype, group in by_dtype(measurements).items():
        cells = []
        for m in group:
            peers = [f"{peer} {three_digits(m.ratio(peer))}x" for peer in m.faster_peers]
            cells += [f"{m.function} ({', '.join(peers)})"] if peers else []
        if cells:
            print_paragraph(f"Faster peers in {dtype}: {', '.join(cells)}", indent="  ")
    for m in measurements:
        if not m.kept:
            at = ", ".join(m.worst_at)
            print(f"BOUND EXCEEDED: {m.function} {m.dtype}: {m.errors['cyma']:.4g} ULP at {at}")
    print(f"Verdict: {verdict(measurements)}")


def verdict(measurements: list[Measurement]) -> str:
    """Sum up, with nothing counted as kept that was not measured."""
    total = len(measurements)
    known = [m for m in measurements if m.reference is not None]
    kept = sum(m.kept for m in known)
    text = f"{kept} of {total} within their bounds"
    if kept == total:
        text = f"all {total} within their bounds"
    if kept < len(known):
        text += f", {len(known) - kept} NOT"
    if len(known) < total:
        dtypes = ", ".join(by_dtype([m for m in measurements if m.reference is None]))
        text += f", {total - len(known)} unknown without mpmath ({dtypes})"
    slower = sum(bool(m.faster_peers) for m in measurements)
    return f"{text}; a peer is faster in {slower} of {total}" + " (marked *)" * bool(slower)


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


def nearest(text: str, names: Iterable[str]) -> str:
    """Hint at the name that was meant; "" if none is like it."""
    close = difflib.get_close_matches(text, list(names), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def function_name(text: str, others: Iterable[str] = ()) -> str:
    """Name of a function, for argparse; resolves aliases. ``others`` may be named too."""
    name = ALIASES.get(text, text)
    names = [*FUNCTIONS, *ALIASES, *others]
    if text not in names:
        raise argparse.ArgumentTypeError(
            f"unknown function {text!r}{nearest(text, names)}; choose from {', '.join(names)}"
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


def json_file(text: str) -> pathlib.Path | str:
    """Where to write JSON, for argparse; "-" is stdout."""
    if text != "-":
        return writable_file(text)
    if sys.stdout is None:
        raise argparse.ArgumentTypeError("cannot write '-': there is no stdout")
    return text


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m cyma",
        description="Report of this machine: the largest error of each function over structured "
        "inputs, and its time per element, beside NumPy and, where they are installed, SciPy, "
        "torch, jax and numexpr.",
        epilog="Exit code: 0; 1 if an error exceeds its bound; 2 for a wrong command line or a "
        "file that cannot be written.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "functions",
        metavar="FUNCTION",
        nargs="*",
        help="as in cyma.sigmoid, bce_with_logits and bce_with_logits_value_and_grad included; "
        "default: all",
    )
    parser.add_argument(
        "--dtype", action="append", choices=DTYPES, help="may be repeated; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="fewer inputs, in under 10 seconds")
    parser.add_argument(
        "--json",
        metavar="FILE",
        type=json_file,
        help="also write it as JSON; with - to stdout, and the report to stderr",
    )
    parser.add_argument("--version", action="version", version=f"cyma {cyma.__version__}")
    # Functions are looked at last, for the operand of an unknown option is none.
    options, unknown = parser.parse_known_intermixed_args(arguments)
    for text in unknown:
        if text.startswith("-"):
            option = text.partition("=")[0]
            hint = nearest(option, parser._option_string_actions)
            parser.error(f"unknown option {option!r}{hint}")
    try:
        options.functions = [function_name(text, BCE) for text in options.functions]
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    return options


def print_head(machine: dict[str, str], peers: Collection[str], missing: list[str]) -> None:
    """Print what is measured, and where."""
    info = cyma.runtime_info()
    print(f"cyma {info['version']}, tier {info['tier']} of {', '.join(info['supported_tiers'])}")
    for tier, reason in info["left_out_tiers"].items():
        print(f"Tier {tier} was left out of this build: {reason}")
    print(f"{machine['cpu']}, Python {machine['python']}")
    print(", ".join(f"{name} {machine[name]}" for name in peers))
    if missing:
        print(f"Not usable here, so left out: {', '.join(missing)}")


def write_json(text: str, path: pathlib.Path | str, stdout: TextIO | None) -> bool:
    """Write to a file or to stdout; says why if it cannot be, and returns whether it was."""
    try:
        if path == "-":
            stdout.write(text)
            stdout.flush()
        else:
            path.write_text(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"cannot write {str(path)!r}: {error.strerror}", file=sys.stderr)
        return False
    return True


def report(options: argparse.Namespace, stdout: TextIO | None) -> int:
    """Measure, write JSON if it is asked for, and only then print tables; returns the exit code."""
    effort = QUICK if options.quick else FULL
    wanted = options.functions or [*FUNCTIONS, *BCE]
    names = [name for name in (*FUNCTIONS, *BCE) if name in wanted]
    dtypes = [d for d in DTYPES if d in (options.dtype or DTYPES)]
    peers, missing = load_peers()
    machine = {
        "cpu": cpu_name(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{name: sys.modules[name].__version__ for name in peers},
    }
    try:
        print_head(machine, peers, missing)
        flush()
    except OSError:
        if options.json is None:  # which may have readers, if the rest has none
            raise

    measurements = []
    with np.errstate(all="ignore"), progress(len(names) * len(dtypes)) as step:
        for name in names:
            for dtype in dtypes:
                step(f"{name} {dtype}")
                if name in BCE:
                    measurements.append(measure_bce(name, dtype, peers, effort))
                else:
                    measurements.append(measure(FUNCTIONS[name], dtype, peers, effort))
    code = 0 if all(m.kept for m in measurements) else 1
    if options.json is not None:
        code = code if write_json(to_json(measurements, machine), options.json, stdout) else 2
    show(measurements, ["cyma", *peers])
    print_findings(measurements)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run the report; returns the exit code."""
    options = parse_arguments(arguments)
    stdout = sys.stdout
    with contextlib.redirect_stdout(sys.stderr if options.json == "-" else stdout):
        return report(options, stdout)


def flush() -> None:
    """Write out what was printed, so that here is found out if that fails."""
    if sys.stdout is not None:
        sys.stdout.flush()


def run() -> int:
    """Call `main` whatever the streams of the process are; returns the exit code."""
    # Without a console there are none. All that writes can do without stdout.
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        # All is ASCII but names that come from elsewhere: what the encoding lacks is escaped.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            code = main()
        except SystemExit as stop:  # of argparse
            code = stop.code
        flush()
    except KeyboardInterrupt:
        code = 130
        print("interrupted", file=sys.stderr)
    except BrokenPipeError:  # the reader has gone, as in `python -m cyma | head`
        code = 128 + 13  # as by the signal SIGPIPE
    except OSError as error:
        code = 2
        print(f"cannot write the report: {error.strerror}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:  # Python would try once more, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


if __name__ == "__main__":
    sys.exit(run())
