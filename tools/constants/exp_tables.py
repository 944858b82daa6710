"""Generate ``pyx/core/avx512/exp_tables.h``, what the hand-written kernels for AVX-512 look up.

For e^-a = 2^(-k/STEPS) e^-r, |r| <= ln2/(2 STEPS): a power T of 2^(-1/STEPS), and by how much of
itself T differs from what it should be; and a polynomial of r. For log1p(E), 0 <= E <= 1: of each
of as many intervals an approximate inverse v of 1 + E, such that -log(v) is almost exactly a float
L, so that log1p(E) = L + log1p((1 + E) v - 1); and a polynomial of that.

Usage: ``python -m tools.constants.exp_tables > pyx/core/avx512/exp_tables.h``; needs mpmath and an
installed cyma.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import mpmath as mp
import numpy as np

from cyma._accuracy import hexadecimal
from tools.constants.tanh_table import fit, ulp

mp.mp.prec = 160
MARGIN = 1 + mp.mpf(2) ** -12  # of intervals, for arguments that are rounded


@dataclasses.dataclass(frozen=True)
class Precision:
    """What differs between float and double."""

    suffix: str
    literal: str  # suffix of a C literal
    real: type
    bits: type
    mantissa: int  # bits behind the point
    steps: int  # entries of a table, as two registers hold
    exp_terms: int  # of e^-r, from r^2 on
    log_terms: int  # of log1p(f), from f^2 on

    @property
    def intervals(self) -> mp.mpf:
        """The integer part of E times this is the interval; E = 1 lies in the last one.

        The first one ends just where log1p(E) comes to a power of two.
        """
        return mp.mpf(self.steps) - mp.mpf(17) / 32

    def rounded(self, x: mp.mpf) -> mp.mpf:
        """To the nearest number of the type."""
        return mp.mpf(float(self.real(float(x))))


PRECISIONS = (
    Precision("F32", "f", np.float32, np.uint32, 23, 32, 2, 3),
    Precision("F64", "", np.float64, np.uint64, 52, 16, 5, 9),
)


def powers(p: Precision) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """T, for whose bits see the header, and the share of it that it lacks, by k modulo STEPS."""
    exact = [mp.mpf(2) ** (-mp.mpf(k) / p.steps) for k in range(p.steps)]
    table = [p.rounded(x) for x in exact]
    shift = p.mantissa - (p.steps.bit_length() - 1)
    bits = np.array(table, p.real).view(p.bits) + (np.arange(p.steps, dtype=p.bits) << shift)
    lacking = [p.rounded((x - t) / t) for x, t in zip(exact, table, strict=True)]
    return [mp.mpf(float(x)) for x in bits.view(p.real)], lacking


def inverses(p: Precision) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """V and L = -log(v), the latter almost exact, by the number of the interval."""
    found = [(mp.mpf(1), mp.mpf(0))]  # small results are E itself and a polynomial
    for k in range(1, p.steps):
        # v - 1 is exact for v >= 1/2; and near that, -log(v) differs from floats by the same.
        nearest = p.rounded(max(1 / (1 + (k + mp.mpf(1) / 2) / p.intervals), mp.mpf(65) / 128))
        candidates = []
        for step in range(-1000, 1001):
            v = nearest + step * ulp(nearest, p.mantissa)
            log = -mp.log(v)
            candidates.append((abs(log - p.rounded(log)) / ulp(log, p.mantissa), v))
        v = min(candidates)[1]
        found.append((v, p.rounded(-mp.log(v))))
    return tuple(map(list, zip(*found, strict=True)))


def polynomials(p: Precision) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """Coefficients of e^-r - 1 + r from r^2 on, and of log1p(f) - f from f^2 on."""
    r = mp.log(2) / (2 * p.steps) * MARGIN
    exp = fit(
        lambda x: mp.exp(-x) - 1 + x, -r, r, lambda x: 1, range(2, 2 + p.exp_terms), p.rounded
    )
    # f is E in the first interval. In others, of which the next reaches farthest below its
    # middle, the logarithm is twice as large, or more, and an error counts half.
    first = 1 / p.intervals * MARGIN
    low = -first / 2 / (1 + first)
    log = fit(
        lambda x: mp.log1p(x) - x,
        low,
        first,
        lambda x: 1 / x if x > 0 else 1 / (2 * x),
        range(2, 2 + p.log_terms),
        p.rounded,
    )
    return list(exp.values()), list(log.values())


def write(p: Precision, value: Callable[[mp.mpf], str]) -> None:
    """Write the part of one precision."""
    print(f"\n#define CYMA_STEPS_{p.suffix} {p.steps}")
    print(f"#define CYMA_STEP_SHIFT_{p.suffix} {p.mantissa - (p.steps.bit_length() - 1)}")
    print(f"#define CYMA_INTERVALS_{p.suffix} {value(p.intervals)}")
    for name, coefficients in zip(("EXP", "LOG1P"), polynomials(p), strict=True):
        print(f"#define CYMA_{name}_TABLE_{p.suffix} \\")
        print("    {", ", ".join(map(value, coefficients)), "}", sep="")
    real = {"f": "float", "": "double"}[p.literal]
    print(f"static const {real} cyma_exp_table_{p.suffix.lower()}[4][{p.steps}] = {{")
    for row in (*powers(p), *inverses(p)):
        print("    {")
        for entry in row:
            print(f"        {value(entry)},")
        print("    },")
    print("};")


def main() -> None:
    """Write the header."""
    print("/* Tables of the exponential. Generated by tools/constants/exp_tables.py; do not edit.")
    print(" *")
    print(
        " * The rows: T; the share of T that it lacks; v; L. To the bits of T, k is added, shifted"
    )
    print(
        " * until STEPS is 1 in the exponent: take a likewise shifted k + n STEPS away, and T 2^-n"
    )
    print(" * is left. Coefficients begin with that of the square. */")
    print("/* clang-format off */")
    for p in PRECISIONS:
        write(p, lambda x, p=p: hexadecimal(float(x)) + p.literal)


if __name__ == "__main__":
    main()
