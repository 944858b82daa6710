"""SciPy integrates, optimises and filters with functions in C that it is given.

``LowLevelCallable`` hands it a function of ``cyma.cython_api``, which SciPy then calls without
Python: here for the mean of a sigmoid of a normal variable, as in Bayesian logistic regression,
which has no closed form, and for an integral that has one.
"""

from scipy import LowLevelCallable, integrate

import cyma
import cyma.cython_api


def area(low: float, high: float) -> float:
    """Integral of the sigmoid, which is softplus(high) - softplus(low)."""
    sigmoid = LowLevelCallable.from_cython(cyma.cython_api, "sigmoid_f64")
    return integrate.quad(sigmoid, low, high, epsabs=0)[0]


def main() -> None:
    """Compare the integral with what it is."""
    for low, high in ((-1.0, 1.0), (-40.0, -30.0), (0.0, 10.0)):
        exact = cyma.scalar.softplus(high) - cyma.scalar.softplus(low)
        found = area(low, high)
        print(f"from {low:g} to {high:g}: {found:.16g}, off by {abs(found / exact - 1):.1g}")


if __name__ == "__main__":
    main()
