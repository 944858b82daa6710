"""Tell whether a commit is slower, larger or less accurate than another.

Builds both with asv, each in an environment of its own, and runs the benchmarks of the working tree
on both, all but those of peers:

- Times: a process of each commit, on the same CPU, in turns of a millisecond, so that a slow spell
  of the machine hits both. What looks slower, by the median of the ratios of adjacent turns or by
  the least times, is measured again in fresh processes, for memory may lie better in one process
  than in another. It is slower if the median over the processes and the least of all times say so.
- All else as asv runs it. Errors may not grow at all, instructions by no more than addresses can
  make them; memory and size as times.

What is not committed is not built. The environments remain, in ``asv_bench/.asv/gate``, so that the
next run is shorter.

Exit code: 0 if nothing got worse; 1 if something did, in a table; 2 if a commit or a benchmark did
not build or did not run, or the command line is wrong.

Usage: ``python -m tools.speed.perf_gate BASE HEAD [--bench REGEX]``; needs those of the extra
``bench``.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import itertools
import logging
import math
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator

try:
    from asv.benchmarks import Benchmarks
    from asv.config import Config
    from asv.console import log
    from asv.environment import Environment, EnvironmentUnavailable, get_environments
    from asv.plugin_manager import plugin_manager  # noqa: F401, knows virtualenv and git
    from asv.repo import NoSuchNameError, Repo, get_repo
    from asv.runner import run_benchmarks
    from asv.util import ProcessError, UserError, human_value
    from rich.console import Console
    from rich.progress import Progress

    from cyma.__main__ import print_table
except ImportError as error:
    if __name__ != "__main__":
        raise
    print(f"{error}; the extra 'bench' of cyma has what is needed", file=sys.stderr)
    sys.exit(2)  # where Python itself would exit with 1

SUITE = pathlib.Path(__file__).parents[2] / "asv_bench"
WORKER = pathlib.Path(__file__).with_name("perf_worker.py")

# By how much a result may grow, by its unit. Others, as times, by the factor of the command line.
TOLERANCES = {
    "ULP": 1 + 1e-9,
    "instructions an element": 1.001,
    "instructions a call": 1.03,  # as pointers hash in NumPy's tables; 1.02 was seen
}

# Of 2,170 comparisons of equal builds, some beside other load, a pair of processes was 1.11 apart
# or more in one of a hundred, but no verdict above 1.04. What is left is for different builds: a
# loop at another address may take some percent longer, for which no commit is to blame.
FACTOR = 1.1
SECONDS = 0.2  # of turns, for a benchmark and a pair of processes
TURNS = (7, 200)  # at least and at most
CONFIRMATIONS = 4  # pairs of fresh processes for what looks slower
TIMEOUT = 300  # seconds for a benchmark to set up, or to run once
PYTHON = "{}.{}".format(*sys.version_info)  # of the environments too


class BrokenError(Exception):
    """Something did not build or did not run."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A benchmark with its parameters."""

    name: str
    index: int | None  # of the combination of parameters
    parameters: tuple[str, ...]
    type: str
    unit: str

    def __str__(self):
        return f"{self.name}({', '.join(self.parameters)})" if self.parameters else self.name

    @property
    def id(self) -> str:
        """As asv_runner names it."""
        return self.name if self.index is None else f"{self.name}-{self.index}"


@dataclasses.dataclass
class Comparison:
    """Results of a case in both commits; nan where it was skipped."""

    case: Case
    base: float  # of times, the least
    head: float
    ratios: list[float] = dataclasses.field(default_factory=list)  # by pair of processes

    @property
    def growths(self) -> list[float]:
        """By what the result grew, measured in two ways where it is a time."""
        quotient = self.head / self.base if self.base else math.inf if self.head else 1.0
        return [quotient, statistics.median(self.ratios)] if self.ratios else [quotient]

    @property
    def growth(self) -> float:
        """By what the result grew for sure: other load may spoil either of the two ways."""
        return min(self.growths)

    @property
    def compared(self) -> bool:
        """Whether both commits have the case."""
        return not (math.isnan(self.base) or math.isnan(self.head))

    def worse(self, factor: float) -> bool:
        """Whether the result grew by more than it may."""
        return self.compared and self.growth > TOLERANCES.get(self.case.unit, factor)

    def suspicious(self, factor: float) -> bool:
        """Whether it grew by so much that a single pair of processes might miss the rest."""
        return self.compared and max(self.growths) > 1 + (factor - 1) / 3


class Worker:
    """A process in an environment that runs benchmarks when told to."""

    def __init__(self, environment: Environment):
        self.connection, other = multiprocessing.Pipe()
        command = [WORKER, str(other.fileno()), SUITE / "benchmarks"]
        self.process = subprocess.Popen(
            [environment.find_executable("python"), *map(str, command)],
            pass_fds=[other.fileno()],
            env={**os.environ, **environment.env_vars},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        other.close()

    def ask(self, order: str | None) -> float | str | None:
        """Give an order and wait for the answer."""
        try:
            self.connection.send(order)
            if not self.connection.poll(TIMEOUT):
                self.process.kill()
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise BrokenError(f"the process died, exit code {self.process.wait()}") from None
        if isinstance(answer, Exception):
            raise BrokenError(str(answer))
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.wait()


def cases(benchmarks: Benchmarks) -> Iterator[Case]:
    """All that is selected of the benchmarks; peers are not ours to judge."""
    for name, benchmark in benchmarks.items():
        if name.startswith("peers."):
            continue
        combinations = list(itertools.product(*benchmark["params"]))
        for index in benchmarks.benchmark_selection[name] or [None]:
            parameters = combinations[index or 0]
            yield Case(name, index, parameters, benchmark["type"], benchmark["unit"])


def turns(base: Callable[[], float], head: Callable[[], float]) -> Iterator[tuple[float, float]]:
    """Times of both, which change who is first: A B, B A, A B."""
    least, most = TURNS
    stop = time.perf_counter() + SECONDS
    for turn in range(most):
        if turn >= least and time.perf_counter() > stop:
            return
        if turn % 2:
            head_time, base_time = head(), base()
        else:
            base_time, head_time = base(), head()
        yield base_time, head_time


def time_pair(case: Case, workers: dict[str, Worker]) -> Comparison:
    """Times of a case in a pair of processes."""
    answers = {side: worker.ask(case.id) for side, worker in workers.items()}
    if "skipped" in answers.values():
        skipped = {side: math.nan if answer else 0.0 for side, answer in answers.items()}
        return Comparison(case, **skipped)
    once = {side: lambda w=worker: w.ask(None) for side, worker in workers.items()}
    for run in once.values():
        run()
    pairs = list(turns(once["base"], once["head"]))
    base, head = map(min, zip(*pairs, strict=True))
    return Comparison(case, base, head, [statistics.median(h / b for b, h in pairs)])


def time_all(
    to_do: Iterable[Case], environments: dict[str, Environment], broken: dict[str, str]
) -> Iterator[Comparison]:
    """Times of cases in a pair of processes; after a failure, which it notes, in another."""
    queue = collections.deque(to_do)
    while queue:
        with contextlib.ExitStack() as stack:
            workers = {k: stack.enter_context(Worker(e)) for k, e in environments.items()}
            while queue:
                case = queue.popleft()
                try:
                    yield time_pair(case, workers)
                except BrokenError as error:
                    broken[str(case)] = str(error)
                    break


def confirm(
    comparisons: list[Comparison],
    factor: float,
    measure: Callable[[list[Case], bool], Iterable[Comparison]],
) -> None:
    """Measure again what looks slower: ``measure(cases, swapped)`` does it in fresh processes."""
    suspects = {c.case: c for c in comparisons if c.ratios and c.suspicious(factor)}
    for k in range(CONFIRMATIONS):
        for fresh in measure(list(suspects), k % 2 == 0):
            suspect = suspects[fresh.case]
            suspect.ratios += fresh.ratios
            suspect.base = min(suspect.base, fresh.base)
            suspect.head = min(suspect.head, fresh.head)


def run_others(
    to_do: list[Case],
    benchmarks: Benchmarks,
    environments: dict[str, Environment],
    broken: dict[str, str],
) -> Iterator[Comparison]:
    """Results of what is no time; notes what failed."""
    if not to_do:
        return
    chosen = benchmarks.filter_out(set(benchmarks) - {case.name for case in to_do})
    results = {
        side: run_benchmarks(chosen, environment, quick=True, launch_method="forkserver")
        for side, environment in environments.items()
    }
    for case in to_do:
        values = {}
        for side, result in results.items():
            by_index = result.get_result_value(case.name, benchmarks[case.name]["params"])
            values[side] = by_index[case.index or 0]
            if values[side] is None:
                broken[f"{case} in {side.upper()}"] = result.stderr.get(case.name, "")
        if None not in values.values():
            yield Comparison(case, **values)


def check_python(conf: Config) -> None:
    """Stop at once where the packages that the environments need cannot be had."""
    if PYTHON not in conf.pythons:
        pinned = " or ".join(conf.pythons)
        raise BrokenError(
            f"asv.conf.json pins packages for Python {pinned}, and this is {PYTHON}: run the gate "
            f"in a virtual environment of Python {pinned}"
        )


def resolve(repo: Repo, revision: str) -> str:
    """Hash of the commit that a revision names."""
    try:
        return repo.get_hash_from_name(revision)
    except (NoSuchNameError, ProcessError):
        raise BrokenError(f"unknown revision {revision!r}") from None


def build(conf: Config, repo: Repo, side: str, commit: str) -> Environment:
    """Install a commit in the environment of its side."""
    # Names of the same length, and so addresses on the stack.
    conf.env_dir = str(SUITE / ".asv/gate" / side)
    for environment in get_environments(conf, [f"{conf.environment_type}:{PYTHON}"]):
        try:
            environment.create()
            environment.install_project(conf, repo, commit)
        except (ProcessError, UserError) as error:
            raise BrokenError(f"{side.upper()} ({commit[:8]}) did not build: {error}") from None
        return environment
    raise BrokenError(f"asv cannot make an environment of {conf.environment_type}, Python {PYTHON}")


def report(comparisons: list[Comparison], broken: dict[str, str], factor: float) -> int:
    """Print what was found; returns the exit code."""
    for comparison in comparisons:
        if math.isnan(comparison.head) and not math.isnan(comparison.base):
            broken[str(comparison.case)] = "ran in BASE, but is skipped in HEAD"
    compared = [c for c in comparisons if c.compared]
    new = [c for c in comparisons if math.isnan(c.base) and not math.isnan(c.head)]
    skipped = [c for c in comparisons if math.isnan(c.base) and math.isnan(c.head)]
    for text, group in (("new, so not compared", new), ("skipped in both", skipped)):
        if group:
            names = sorted({c.case.name for c in group})
            print(f"{len(group)} {text}: {', '.join(names)}")
    worse = sorted((c for c in compared if c.worse(factor)), key=lambda c: -c.growth)
    rows = [
        [
            str(c.case),
            c.case.unit,
            human_value(c.base, c.case.unit),
            human_value(c.head, c.case.unit),
            f"{c.growth - 1:+.2%}",
        ]
        for c in worse
    ]
    if rows:
        print_table("Worse", ["benchmark", "unit", "BASE", "HEAD", "change"], rows)
    for name, text in broken.items():
        print(f"DID NOT RUN: {name}: {text.strip()}")
    if not comparisons:
        print("DID NOT RUN: no benchmark is selected")
    print(f"{len(compared)} compared, {len(worse)} worse, {len(broken)} did not run")
    return 2 if broken or not comparisons else 1 if worse else 0


def compare(options: argparse.Namespace) -> int:
    """Build, run and report."""
    os.chdir(SUITE)
    # The interpreter that runs this comes first where asv looks for one.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    os.environ.pop("PYTHONPATH", None)  # there may be another cyma
    conf = Config.load()
    check_python(conf)
    repo = get_repo(conf)
    commits = {side: resolve(repo, getattr(options, side)) for side in ("base", "head")}
    log.enable()
    environments = {side: build(conf, repo, side, commit) for side, commit in commits.items()}
    head = environments["head"]
    conf.branches = [commits["head"]]  # asv would else try another commit
    benchmarks = Benchmarks.discover(conf, repo, [head], conf.branches, regex=options.bench)
    if shutil.which("valgrind") is None:
        print("No valgrind here, so instructions are not counted")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {options.cpu})
    everything = list(cases(benchmarks))
    timed = [case for case in everything if case.type == "time"]
    others = [case for case in everything if case.type != "time"]
    broken = {}
    log.flush()
    with (
        log.set_level(logging.ERROR),
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("Errors, counts, memory", total=None)
        comparisons = list(run_others(others, benchmarks, environments, broken))
        bar.remove_task(task)

        def measure(to_do: list[Case], swapped: bool) -> Iterator[Comparison]:
            pair = dict(reversed(environments.items())) if swapped else environments
            times = time_all(to_do, pair, broken)
            return bar.track(times, total=len(to_do), description="Times")

        comparisons += measure(timed, False)
        confirm(comparisons, options.factor, measure)
    return report(comparisons, broken, options.factor)


def above_one(text: str) -> float:
    """A number above 1, for argparse."""
    factor = float(text)
    if not 1 < factor < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 1")
    return factor


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Exit code: 0 if nothing got worse, 1 if something did, 2 if something did not "
        "build or did not run, or for a wrong command line.",
        allow_abbrev=False,
    )
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument("head", metavar="HEAD", help="the commit to judge")
    parser.add_argument(
        "--bench", metavar="REGEX", action="append", help="only these; may be repeated"
    )
    parser.add_argument(
        "--factor", type=above_one, default=FACTOR, help=f"that a time may grow by; {FACTOR}"
    )
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    parser.add_argument(
        "--cpu", type=int, choices=cpus, default=cpus[-1], help="to run on; default: the last"
    )
    options = parser.parse_args(arguments)
    try:
        return compare(options)
    except (BrokenError, UserError, EnvironmentUnavailable) as error:
        log.flush()
        print(error, file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main())
