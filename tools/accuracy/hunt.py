"""Search for the largest errors where the inputs are too many to try them all.

That is float64, and every dtype for functions of two arguments. For each function and dtype, and
for each of its kernels (portable with and without hardware FMA, hand-written), it measures random
operands against a wider dtype, more of them near the seams of kernels; then it tries operands near
the worst, again and again; then MPFR (gmpy2) confirms the thousand worst. It also counts, in
float64, steps against the trend, results out of range, asymmetric results and wrong nan over runs
of neighbours around every boundary of a reduction or a table, and where results for small x change,
of cyma, NumPy, SciPy and torch.

Usage: ``python -m tools.accuracy.hunt``, or in seconds ``python -m tools.accuracy.hunt tanh
--points 1e6``. It needs the extra "bench". Exit code: 0; 1 if a bound of the function table is
exceeded; 2 for a wrong command line or a missing package.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import multiprocessing
from collections.abc import Callable

import numpy as np

import cyma
from cyma import _accuracy, _reference
from cyma.__main__ import cpu_name, function_name, load_peers, print_table, progress, writable_file
from cyma._functions import FUNCTIONS
from cyma._table import DOMAINS, Function
from cyma._ufuncs import UFUNCS
from tools.runs import (
    FAULTS,
    cores,
    is_hand_written,
    machine,
    on_tier,
    positive,
    usable_peers,
    write,
)

try:
    import gmpy2
except ImportError:
    gmpy2 = None

INFO = cyma.runtime_info()

# Operands at a time, of a sample and of a round of the local search; and how many are kept.
BATCH = 250_000
KEPT = 1000
ROUNDS = 8
WITNESSES = 10  # of the kept ones, in the JSON

# Neighbours on either side of a reduction boundary or of one of so many transitions.
REACH = 8192
TRANSITIONS = 1000


@dataclasses.dataclass(frozen=True)
class Case:
    """What to search: the error in ULP, or the absolute one where results may cancel."""

    name: str
    dtype: str
    absolute: bool = False

    @property
    def domain(self) -> str:
        """Second operands: a key of DOMAINS."""
        function = FUNCTIONS[self.name]
        return function.absolute_domain if self.absolute else function.domain

    def bound(self, tier: str) -> float:
        """What the function table promises on a tier."""
        function = FUNCTIONS[self.name]
        if self.absolute:
            return function.absolute[self.dtype]
        return function.bound(self.dtype, fma=tier in INFO["fma_tiers"])


@dataclasses.dataclass
class Found:
    """Operands with large errors, from the largest on."""

    errors: np.ndarray
    operands: tuple[np.ndarray, ...]

    def merged(self, other: Found) -> Found:
        """The worst of both, each once."""
        pairs = zip(self.operands, other.operands, strict=True)
        operands = np.stack([np.concatenate(pair) for pair in pairs])
        errors = np.concatenate([self.errors, other.errors])
        _, first = np.unique(operands, axis=1, return_index=True)
        first = first[np.argsort(-errors[first], kind="stable")][:KEPT]
        return Found(errors[first], tuple(operands[:, first]))


def tiers(name: str, dtype: str) -> list[str]:
    """A tier for each arithmetic: portable kernels with FMA give the same bits."""
    by_kernel: dict[tuple[bool, str], str] = {}
    for tier in INFO["supported_tiers"]:
        own = tier if is_hand_written(tier, name, dtype) else ""
        by_kernel.setdefault((tier not in INFO["fma_tiers"], own), tier)
    return [tier for _, tier in sorted(by_kernel.items())]


def cases(names: list[str]) -> list[Case]:
    """What there is to search of some functions."""
    result = []
    for name in names:
        unary = FUNCTIONS[name].nin == 1
        for dtype in ("float64",) if unary else ("float16", "float32", "float64"):
            result.append(Case(name, dtype))
            if FUNCTIONS[name].absolute is not None:
                result.append(Case(name, dtype, absolute=True))
    return result


def near(centres: np.ndarray, dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    """Numbers at all relative distances from centres, down to a few steps."""
    distance = np.exp2(-rng.uniform(1, np.finfo(dtype).nmant + 1, centres.shape))
    return centres * (1 + rng.choice([-1.0, 1.0], centres.shape) * distance)


def table_boundaries(dtype: np.dtype) -> np.ndarray:
    """Where the kernels of avx512/exp.h, which float16 has not, take another entry of a table."""
    steps = 16 if np.dtype(dtype) == np.float64 else 32
    powers = (np.arange(12 * steps) + 0.5) * np.log(2) / steps
    intervals = -np.log(np.arange(1, steps) / (steps - 17 / 32))
    return np.concatenate([powers, intervals])


def first_operands(dtype: np.dtype, count: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs near seams and thresholds, where results become subnormal, and of moderate size."""
    seams = np.unique(_accuracy.reduction_boundaries(dtype).astype(np.float64))
    share = count // 11 + 1
    info = np.finfo(dtype)
    # e^-x is subnormal, or in the last binades before.
    subnormal = np.log(2) * rng.uniform(-info.minexp - 4, info.nmant - info.minexp + 2, share)
    barely = np.log(2) * rng.uniform(-info.minexp - 1.5, -info.minexp + 1.5, share)
    parts = [
        near(rng.choice(seams, share), dtype, rng),
        near(rng.choice(seams[:40], share), dtype, rng),
        near(rng.choice(table_boundaries(dtype), share), dtype, rng),
        near(rng.choice(_accuracy.thresholds(dtype), share), dtype, rng),
        rng.uniform(0.17, 0.4, share),
        rng.uniform(0.5, 0.9, share),
        np.exp2(rng.uniform(-12, 3, share)),
        subnormal,
        subnormal / 2,
        barely,
        barely / 2,
    ]
    x = np.concatenate(parts)[:count]
    return (x * rng.choice([-1.0, 1.0], count)).astype(dtype)


def factors(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What to multiply e^-x by: moderate numbers, made large where e^-x underflows."""
    info = np.finfo(x.dtype)
    lift = np.clip(np.abs(x.astype(np.float64)) / np.log(2) + info.minexp, 0, None)
    factor = np.ldexp(np.exp2(rng.uniform(-30, 30, x.size)), lift.astype(int))
    return np.clip(factor, 0, float(info.max)).astype(x.dtype)


def second_operands(x: np.ndarray, domain: str, rng: np.random.Generator) -> np.ndarray:
    """Operands near the ends of a domain, and near sigmoid(x), where a gradient cancels."""
    low, high = DOMAINS[domain]
    if domain == "LABEL":
        return rng.choice([low, high], x.size).astype(x.dtype)
    order = np.array_split(rng.permutation(x.size), 4)
    y = np.empty(x.size)
    y[order[0]] = rng.uniform(low, high, order[0].size)
    y[order[1]] = np.exp2(-rng.uniform(0, 30, order[1].size))
    y[order[2]] = 1 - np.exp2(-rng.uniform(0, np.finfo(x.dtype).nmant + 1, order[2].size))
    y[order[3]] = near(1 / (1 + np.exp(-x[order[3]].astype(np.float64))), x.dtype, rng)
    return np.clip(y, low, high).astype(x.dtype)


def draw(case: Case, seed: int) -> tuple[np.ndarray, ...]:
    """A batch of operands: the sample of the tests, and one that is about the seams."""
    rng = np.random.default_rng([seed, len(case.name)])
    dtype = np.dtype(case.dtype)
    function = FUNCTIONS[case.name]
    half = BATCH // 2
    sample = _accuracy.sample(function, dtype, half, seed=seed, domain=case.domain)
    sample = tuple(x[:half] for x in sample)
    x = first_operands(dtype, BATCH - half, rng)
    if function.nin == 1:
        new = (x,)
    elif case.domain == "REAL":
        new = (factors(x, rng), x)
    else:
        new = (x, second_operands(x, case.domain, rng))
    return tuple(map(np.concatenate, zip(sample, new, strict=True)))


def moved(case: Case, found: Found, seed: int) -> tuple[np.ndarray, ...]:
    """Operands some steps away from those found, near and far."""
    rng = np.random.default_rng([seed, len(case.name)])
    info = np.finfo(case.dtype)
    repeated = tuple(np.resize(x, BATCH) for x in found.operands)
    result = []
    for k, x in enumerate(repeated):
        steps = np.exp2(rng.uniform(0, info.nmant - 6, BATCH)) * rng.choice([-1, 0, 1], BATCH)
        y = x + (np.round(steps) * np.spacing(np.abs(x)).astype(np.float64)).astype(x.dtype)
        y = np.where(np.isfinite(y), y, x)
        if k == 1 and case.domain != "REAL":
            y = x if case.domain == "LABEL" else np.clip(y, *DOMAINS[case.domain])
        result.append(y.astype(x.dtype))
    return tuple(result)


def worst_of(case: Case, operands: tuple[np.ndarray, ...], on: list[str]) -> dict[str, Found]:
    """The worst of some operands on some tiers, measured against a wider dtype."""
    dtype = operands[0].dtype
    wide = np.longdouble if dtype == np.float64 else np.float64
    exact = _accuracy.exact_from_wide(_reference.in_numpy(case.name, operands, wide), dtype)
    result = {}
    for tier in on:
        y = on_tier(tier, UFUNCS[case.name])(*operands)
        errors = exact.absolute_error(y) if case.absolute else exact.error(y)
        worst = np.argpartition(-errors, KEPT)[:KEPT]
        worst = worst[np.argsort(-errors[worst], kind="stable")]
        result[tier] = Found(errors[worst], tuple(x[worst] for x in operands))
    return result


def search(case: Case, seed: int, points: int) -> dict[str, Found]:
    """Worst operands on each tier among random ones."""
    found: dict[str, Found] = {}
    with np.errstate(all="ignore"):
        for k in range(points // BATCH):
            drawn = draw(case, seed + k)
            for tier, new in worst_of(case, drawn, tiers(case.name, case.dtype)).items():
                found[tier] = found[tier].merged(new) if tier in found else new
    return found


def climb(case: Case, tier: str, found: Found) -> Found:
    """Worst operands near those found."""
    with np.errstate(all="ignore"):
        for seed in range(ROUNDS):
            found = found.merged(worst_of(case, moved(case, found, seed), [tier])[tier])
    return found


def confirm(case: Case, tier: str, found: Found) -> list[dict]:
    """Errors by MPFR, from the largest on."""
    results = on_tier(tier, UFUNCS[case.name])(*found.operands)
    info = np.finfo(case.dtype)
    rows = []
    with gmpy2.context(gmpy2.get_context(), precision=300):
        for got, *row in zip(results, *found.operands, strict=True):
            row = [float(x) for x in row]
            want = _reference.REFERENCES[case.name](gmpy2, *map(gmpy2.mpfr, row))
            exponent = max(gmpy2.get_exp(want) - 1, int(info.minexp)) if want else int(info.minexp)
            difference = gmpy2.mpfr(float(got)) - want
            error = difference if case.absolute else difference / gmpy2.exp2(exponent - info.nmant)
            error = float(abs(error))
            rows.append(
                {
                    "error": error if np.isfinite(error) else np.inf,
                    "operands": [_accuracy.hexadecimal(x) for x in row],
                    "got": _accuracy.hexadecimal(float(got)),
                    "above": bool(difference > 0) == (want > 0),
                }
            )
    return sorted(rows, key=lambda row: -row["error"])


def hunt(case: Case, points: int, pool: concurrent.futures.Executor, step: Callable) -> list[dict]:
    """Search, climb and confirm; a row for each tier."""
    share = max(BATCH, points // 64 // BATCH * BATCH)
    futures = [
        pool.submit(search, case, seed, share) for seed in range(0, points // BATCH, share // BATCH)
    ]
    found: dict[str, Found] = {}
    for future in concurrent.futures.as_completed(futures):
        for tier, new in future.result().items():
            found[tier] = found[tier].merged(new) if tier in found else new
    step(f"{case.name} {case.dtype}: near the worst")
    climbed = {tier: pool.submit(climb, case, tier, found[tier]) for tier in found}
    rows = []
    for tier, future in climbed.items():
        confirmed = confirm(case, tier, future.result())
        rows.append(
            {
                "function": case.name,
                "dtype": case.dtype,
                "absolute": case.absolute,
                "tier": tier,
                "fma": tier in INFO["fma_tiers"],
                "hand_written": is_hand_written(tier, case.name, case.dtype),
                "bound": case.bound(tier),
                "points": len(futures) * share + ROUNDS * BATCH,
                "worst": confirmed[:WITNESSES],
            }
        )
    return rows


def with_known(rows: list[dict], known: list[dict]) -> list[dict]:
    """Rows with the worst operands of earlier runs, measured anew, among theirs."""
    result = []
    for row in rows:
        case = Case(row["function"], row["dtype"], row["absolute"])
        same = ("function", "dtype", "absolute", "fma")
        witnesses = [
            witness
            for other in known
            if all(other[k] == row[k] for k in same)
            for witness in other["worst"]
        ]
        if witnesses:
            columns = zip(*(w["operands"] for w in witnesses), strict=True)
            operands = tuple(
                np.array([float.fromhex(x) for x in column]).astype(case.dtype)
                for column in columns
            )
            found = Found(np.zeros(len(witnesses)), operands)
            every = row["worst"] + confirm(case, row["tier"], found)
            unique = {tuple(witness["operands"]): witness for witness in every}
            worst = sorted(unique.values(), key=lambda witness: -witness["error"])
            row = {**row, "worst": worst[:WITNESSES]}
        result.append(row)
    return result


def transitions(function: Callable) -> np.ndarray:
    """Small inputs, of both signs, from one of which to the next the result of a function changes.

    For small x a result is the same for many neighbours; where it changes, noise shows as steps.
    """
    low = np.exp2(np.random.default_rng(0).uniform(-54, 0, 2 * TRANSITIONS))
    sign = np.repeat([-1.0, 1.0], TRANSITIONS)
    high, value = 2 * low, function(sign * low)
    differs = function(sign * high) != value
    low, high, sign, value = (x[differs] for x in (low, high, sign, value))
    for _ in range(53):
        # Bits are in the order of the magnitude.
        middle = ((low.view(np.int64) + high.view(np.int64)) // 2).view(np.float64)
        same = function(sign * middle) == value
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return sign * low


def count_among_neighbours(name: str) -> list[dict]:
    """Steps against the trend and other faults in float64, by contender."""
    function = FUNCTIONS[name]
    contenders = {
        tier: {n: on_tier(tier, UFUNCS[n]) for n in (name, function.mirror)}
        for tier in tiers(name, "float64")
    }
    contenders.update(load_peers()[0])
    dtype = np.dtype("float64")
    seams = np.concatenate([_accuracy.reduction_boundaries(dtype), table_boundaries(dtype)])
    seams = np.unique(seams.astype(np.float64))
    seams = np.concatenate([-seams, [0.0], seams])
    with np.errstate(all="ignore"):
        return [
            {"function": name, "by": by, **count_around(seams, function, callables)}
            for by, callables in contenders.items()
            if name in callables
        ]


def count_around(seams: np.ndarray, function: Function, callables: dict[str, Callable]) -> dict:
    """Counts among the neighbours of seams, and of the function's own transitions."""
    call = callables[function.name]
    mirror = callables.get(function.mirror)
    centres = np.concatenate([seams, transitions(call)])
    count: dict = collections.Counter()
    for batch in np.array_split(centres, centres.size // 16):
        offsets = np.arange(-REACH, REACH + 1) * np.spacing(np.abs(batch))[:, None]
        x = batch[:, None] + offsets
        y = call(x)
        mirrored = y if mirror is None else function.sign * mirror(-x)
        steps = np.diff(y) * function.slope
        size = -steps / np.spacing(np.minimum(np.abs(y[:, 1:]), np.abs(y[:, :-1])))
        count["inputs"] += x.size
        count["steps_back"] += int(np.sum(steps < 0))
        count["largest_step"] = max(count["largest_step"], float(np.nanmax(size)))
        count["out_of_range"] += int(np.sum((y < function.least) | (y > function.greatest)))
        count["asymmetric"] += int(np.sum(y.view(np.int64) != mirrored.view(np.int64)))
        count["nan_faults"] += int(np.sum(np.isnan(y)))
    return dict(count)


def show(rows: list[dict], counts: list[dict]) -> None:
    """Print what was found."""
    print_table(
        "Largest errors found, in ULP or absolute, confirmed by MPFR",
        ["function", "dtype", "tier", "bound", "error", "operands", "got", "points"],
        [
            [
                row["function"],
                row["dtype"] + " abs." * row["absolute"],
                row["tier"],
                f"{row['bound']:.4g}",
                f"{row['worst'][0]['error']:.4g}",
                ", ".join(row["worst"][0]["operands"]),
                row["worst"][0]["got"],
                f"{row['points']:,}",
            ]
            for row in rows
        ],
    )
    print_table(
        f"float64, {REACH} neighbours on either side of each boundary and of transitions",
        ["function", "by", "inputs", "steps back", "largest, ULP", *FAULTS],
        [
            [
                row["function"],
                row["by"],
                f"{row['inputs']:,}",
                f"{row['steps_back']:,}",
                f"{row['largest_step']:.3g}",
                *(f"{row[count]:,}" for count in FAULTS.values()),
            ]
            for row in counts
        ],
    )


def broken_promises(rows: list[dict], counts: list[dict]) -> list[str]:
    """What the function table says and these results do not keep."""
    faults = [
        f"{row['function']} {row['dtype']} on {row['tier']}: {row['worst'][0]}"
        for row in rows
        if not row["worst"][0]["error"] <= row["bound"]
    ]
    for row in counts:
        if row["by"] in INFO["compiled_tiers"]:
            wrong = any(row[count] for count in FAULTS.values())
            if wrong or (row["largest_step"] > 1 and row["by"] in INFO["fma_tiers"]):
                faults.append(f"neighbours in float64: {row}")
    return faults


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with code 2 if it is wrong."""

    def number(text: str) -> int:
        value = float(text)
        if not BATCH <= value < 1e15:
            raise argparse.ArgumentTypeError(f"{text} is not between a batch of {BATCH} and 1e15")
        return int(value)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "functions", metavar="FUNCTION", nargs="*", type=function_name, help="default: all"
    )
    parser.add_argument("--points", type=number, default="1e8", help="random operands of each")
    parser.add_argument("--jobs", type=positive, default=cores(), help="default: all cores")
    parser.add_argument(
        "--json",
        metavar="FILE",
        type=writable_file,
        help="also write it as JSON, with the worst operands that the file held",
    )
    options = parser.parse_args(arguments)
    if gmpy2 is None:
        parser.error("needs gmpy2: install the extra 'bench'")
    if not _reference.longdouble_is_exact_enough(np.dtype("float64")):
        parser.error("long double is no wider than float64 here")
    options.functions = [name for name in FUNCTIONS if name in (options.functions or FUNCTIONS)]
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the search; returns the exit code."""
    options = parse_arguments(arguments)
    todo = cases(options.functions)
    unary = [name for name in options.functions if FUNCTIONS[name].nin == 1]
    print(f"cyma {INFO['version']} on {cpu_name()}, tiers {', '.join(INFO['supported_tiers'])}\n")
    peers = usable_peers()
    rows, counts = [], []
    context = multiprocessing.get_context("spawn")
    with (
        concurrent.futures.ProcessPoolExecutor(options.jobs, context) as pool,
        progress(2 * len(todo) + 1) as step,
    ):
        neighbours = [pool.submit(count_among_neighbours, name) for name in unary]
        for case in todo:
            step(f"{case.name} {case.dtype}: at random")
            rows += hunt(case, options.points, pool, step)
        step("neighbours")
        for future in neighbours:
            counts += future.result()
    if options.json is not None and options.json.exists():
        rows = with_known(rows, json.loads(options.json.read_text() or "{}").get("errors", []))
    show(rows, counts)
    faults = broken_promises(rows, counts)
    for fault in faults:
        print(f"BROKEN: {fault}")
    if options.json is not None:
        document = {
            "machine": {**machine(peers), "mpfr": gmpy2.mpfr_version().split()[-1]},
            "errors": rows,
            "neighbours": counts,
        }
        write(options.json, document)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
