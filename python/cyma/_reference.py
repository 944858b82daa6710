"""What each function should return: its definition, and nothing of the kernels' identities.

A definition takes the namespace of the elementary functions first: ``mpmath.mp`` or ``gmpy2`` to
evaluate it at any precision, ``numpy`` for arrays. Terms are arranged so that none overflows or
cancels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

try:
    import mpmath
except ImportError:
    mpmath = None


def _softplus(m, x):
    return (x + abs(x)) / 2 + m.log1p(m.exp(-abs(x)))


REFERENCES: dict[str, Callable] = {
    "sigmoid": lambda m, x: 1 / (1 + m.exp(-x)),
    "logsigmoid": lambda m, x: -_softplus(m, -x),
    "softplus": _softplus,
    "tanh": lambda m, x: m.tanh(x),
    "sigmoid_deriv": lambda m, x: 1 / (2 * m.cosh(x / 2)) ** 2,
    "logsigmoid_deriv": lambda m, x: 1 / (1 + m.exp(x)),
    "tanh_deriv": lambda m, x: 1 / m.cosh(x) ** 2,
    "sigmoid_backward": lambda m, grad, y: grad * y * (1 - y),
    "tanh_backward": lambda m, grad, y: grad * (1 - y) * (1 + y),
    "logsigmoid_backward": lambda m, grad, x: grad / (1 + m.exp(x)),
    "sigmoid_bce": lambda m, x, z: z * _softplus(m, -x) + (1 - z) * _softplus(m, x),
    "sigmoid_bce_grad": lambda m, x, z: (1 - z) / (1 + m.exp(-x)) - z / (1 + m.exp(x)),
}

# Bits beyond the format's own that the reference is computed with.
_GUARD_BITS = 64


def have_mpmath() -> bool:
    """Tell whether the references can be evaluated at any precision."""
    return mpmath is not None


def longdouble_is_exact_enough(dtype: np.dtype) -> bool:
    """Tell whether long double resolves the error of a dtype to 1/100 ULP."""
    return np.finfo(np.longdouble).nmant >= np.finfo(dtype).nmant + 10


def in_numpy(name: str, operands: tuple[np.ndarray, ...], wide: type) -> np.ndarray:
    """Evaluate a reference in a dtype that should be wider than the operands'."""
    with np.errstate(all="ignore"):
        return REFERENCES[name](np, *(np.asarray(x, wide) for x in operands))


def _to_mpf(x: np.ndarray) -> list:
    """Convert finite numbers of any dtype, exactly."""
    fraction, exponent = np.frexp(x.astype(np.longdouble))
    parts = _float64_parts(fraction)
    return [
        mpmath.mp.ldexp(mpmath.fsum(map(float, part)), int(e))
        for *part, e in zip(*parts, exponent, strict=True)
    ]


def _float64_parts(x: np.ndarray) -> list[np.ndarray]:
    """Split long doubles into float64 numbers whose sum they are."""
    parts = []
    while np.any(x):
        parts.append(x.astype(np.float64))
        x = x - parts[-1]
    return parts or [np.zeros(x.shape)]


def in_mpmath(name: str, operands: tuple[np.ndarray, ...]) -> list:
    """Evaluate a reference in mpmath, far beyond the precision of the operands' dtype."""
    precision = np.finfo(operands[0].dtype).nmant + 1 + _GUARD_BITS
    with mpmath.workprec(precision):
        columns = [_to_mpf(x) for x in operands]
        return [REFERENCES[name](mpmath.mp, *row) for row in zip(*columns, strict=True)]
