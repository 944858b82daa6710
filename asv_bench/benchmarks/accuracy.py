"""Largest error of every function, over the inputs of the report."""

from cyma.__main__ import Effort, find_exact
from cyma._accuracy import measure

from .common import DTYPES, NAMES, function, ufunc

EFFORT = Effort(points=100_000, mpmath_points=2_000, seconds=0)


class Accuracy:
    """In units in the last place."""

    params = (NAMES, DTYPES)
    param_names = ("function", "dtype")
    unit = "ULP"

    def track_largest_error(self, name, dtype):
        _, inputs, exact = find_exact(function(name), dtype, EFFORT)
        if exact is None:
            raise NotImplementedError("no reference without mpmath")
        return measure(ufunc(name), inputs, exact)[0]
