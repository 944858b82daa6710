"""A row of ``include/cyma/functions.def``, as `cyma._ufuncs` reads it from the compiled table."""

from __future__ import annotations

import dataclasses

# Columns of the bounds, in the order of the table.
DTYPES = ("float16", "float32", "float64", "longdouble")

# Operands for which a bound holds.
DOMAINS = {"REAL": None, "SIGN": (-1.0, 1.0), "UNIT": (0.0, 1.0), "LABEL": (0.0, 1.0)}


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
    symmetry: str  # "ODD", "EVEN" or "NONE"
    trend: str  # "RISING", "FALLING" or "NONE"

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
