"""A row of ``include/cyma/functions.def``, as `cyma._functions` reads it."""

from __future__ import annotations

import dataclasses

# Columns of the bounds, in the order of the table.
DTYPES = ("float16", "float32", "float64", "longdouble")

# Operands for which a bound holds.
DOMAINS = {"REAL": None, "SIGN": (-1.0, 1.0), "UNIT": (0.0, 1.0), "LABEL": (0.0, 1.0)}


@dataclasses.dataclass(frozen=True)
class Worst:
    """The largest error known of a function in a dtype."""

    error: float  # in ULP
    operands: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Function:
    """A ufunc: what is promised of it."""

    name: str
    nin: int
    bounds: dict[str, float]  # largest error in ULP, by dtype
    bound_without_fma: float  # the least one in float32 and float64 on such targets
    domain: str  # second operands for which the bounds hold: a key of DOMAINS
    absolute: dict[str, float] | None  # largest absolute error where a result may cancel, by dtype
    absolute_domain: str | None
    specials: tuple[tuple[tuple[float, ...], float], ...]  # (operands, result)
    least: float
    greatest: float
    sign: int  # of one argument: f(-x) = sign * mirror(x), to the bit
    mirror: str | None
    trend: str  # "RISING", "FALLING", "NEARLY_RISING" or "NONE"
    worst: dict[tuple[str, bool], Worst]  # by dtype and whether the tier has hardware FMA

    @property
    def slope(self) -> int:
        """1 if the function rises, -1 if it falls, 0 if it does both."""
        return {"RISING": 1, "NEARLY_RISING": 1, "FALLING": -1, "NONE": 0}[self.trend]

    def bound(self, dtype: str, *, fma: bool) -> float:
        """Largest error in ULP in a dtype on a tier with or without hardware FMA."""
        if fma or dtype not in ("float32", "float64"):
            return self.bounds[dtype]
        return max(self.bounds[dtype], self.bound_without_fma)

    @staticmethod
    def domain_text(domain: str, operand: str) -> str:
        """Say for which values of an operand a bound holds; "" for all."""
        if domain == "REAL":
            return ""
        low, high = DOMAINS[domain]
        where = f"{low:g} or {high:g}" if domain == "LABEL" else f"in [{low:g}, {high:g}]"
        return f" for {operand} {where}"
