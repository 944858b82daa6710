"""Measuring errors: the ULP metric, and inputs at which they are large."""

from __future__ import annotations

import dataclasses

import numpy as np

from cyma import _reference
from cyma._functions import THRESHOLDS
from cyma._table import DOMAINS, Function


@dataclasses.dataclass(frozen=True)
class Exact:
    """Exact values, each as a multiple of its own ulp in some floating format.

    ulp(v) = 2^(max(e, emin) - p + 1), with 2^e <= |v| < 2^(e+1), p the precision and emin the least
    exponent of a normal number: so an error of 0.5 is correct rounding, and subnormal values are
    measured in subnormal steps.
    """

    exponent: np.ndarray  # of the ulp
    multiple: tuple[np.ndarray, ...]  # v / ulp, as an unevaluated sum

    def error(self, y: np.ndarray) -> np.ndarray:
        """Distance of results from the exact values, in ULP; infinite for nan and infinities."""
        difference = np.ldexp(np.asarray(y, np.longdouble), -self.exponent)
        with np.errstate(invalid="ignore"):
            for part in self.multiple:
                difference = difference - part
        difference = np.abs(difference).astype(np.float64)
        return np.where(np.isfinite(difference), difference, np.inf)

    def absolute_error(self, y: np.ndarray) -> np.ndarray:
        """Distance of results from the exact values."""
        return np.ldexp(self.error(y), self.exponent)

    def __len__(self):
        return len(self.exponent)


def _ulp_exponent(exponent: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Exponent of the ulp of numbers in [2^(exponent - 1), 2^exponent)."""
    info = np.finfo(dtype)
    return np.maximum(exponent - 1, info.minexp) - info.nmant


def exact_from_mpmath(values: list, dtype: np.dtype) -> Exact:
    """Exact values from mpmath numbers."""
    mp = _reference.mpmath.mp
    # frexp gives an exponent beyond int64 for the likes of e^-1e300.
    exponent = np.array([max(mp.frexp(v)[1], -(2**40)) if v else -(2**40) for v in values])
    exponent = _ulp_exponent(exponent, dtype)
    parts = -(-(np.finfo(dtype).nmant + 20) // 53)
    multiple = np.empty((parts, len(values)))
    with _reference.mpmath.workprec(np.finfo(dtype).nmant + 100):
        for i, (value, e) in enumerate(zip(values, exponent, strict=True)):
            rest = mp.ldexp(value, -int(e))
            for k in range(parts):
                multiple[k, i] = float(rest)
                rest -= multiple[k, i]
    return Exact(exponent, tuple(multiple))


def exact_from_wide(values: np.ndarray, dtype: np.dtype) -> Exact:
    """Exact values from numbers of a wider dtype that are close enough to them."""
    exponent = _ulp_exponent(np.frexp(values)[1], dtype)
    return Exact(exponent, (np.ldexp(values, -exponent),))


def exact(name: str, operands: tuple[np.ndarray, ...], *, mpmath: bool) -> Exact:
    """Exact values of a function, from mpmath or else from long double."""
    dtype = operands[0].dtype
    if mpmath:
        return exact_from_mpmath(_reference.in_mpmath(name, operands), dtype)
    return exact_from_wide(_reference.in_numpy(name, operands, np.longdouble), dtype)


def exact_mean_bce(x: np.ndarray, z: np.ndarray, *, mpmath: bool) -> tuple[Exact, Exact]:
    """Exact mean of the losses of logits against labels, and exact gradient, likewise."""
    names = ("sigmoid_bce", "sigmoid_bce_grad")
    if mpmath:
        losses, slopes = (_reference.in_mpmath(name, (x, z)) for name in names)
        with _reference.mpmath.workprec(np.finfo(x.dtype).nmant + 100):
            mean = _reference.mpmath.fsum(losses) / x.size
            slopes = [slope / x.size for slope in slopes]
        return exact_from_mpmath([mean], x.dtype), exact_from_mpmath(slopes, x.dtype)
    losses, slopes = (_reference.in_numpy(name, (x, z), np.longdouble) for name in names)
    mean = np.mean(losses, keepdims=True)
    return exact_from_wide(mean, x.dtype), exact_from_wide(slopes / x.size, x.dtype)


def neighbours(centres: np.ndarray, dtype: np.dtype, reach: int) -> np.ndarray:
    """The numbers up to ``reach`` steps of a dtype from each centre."""
    centres = np.asarray(centres).astype(dtype)
    steps = np.arange(-reach, reach + 1)
    return (centres[:, None] + steps.astype(dtype) * np.spacing(np.abs(centres))[:, None]).ravel()


def _uniform(rng: np.random.Generator, scale: float, dtype: np.dtype, count: int) -> np.ndarray:
    """Numbers in [-scale, scale], with all the bits of a long double."""
    coarse, fine = rng.uniform(-scale, scale, (2, count)).astype(np.longdouble)
    return (coarse + np.ldexp(fine, -53)).astype(dtype)


def _log_uniform(rng: np.random.Generator, dtype: np.dtype, count: int) -> np.ndarray:
    """Numbers of both signs over all exponents, subnormal ones included."""
    info = np.finfo(dtype)
    exponent = np.resize(rng.permutation(np.arange(info.minexp - info.nmant, info.maxexp)), count)
    fraction = rng.uniform(1, 2 - float(info.eps), count) * rng.choice([-1, 1], count)
    return np.ldexp(fraction.astype(np.longdouble), exponent).astype(dtype)


def _ln2_times(n: float) -> float:
    """N ln2, the input where e^-x is 2^-n."""
    return float(n * np.log(np.longdouble(2)))


def _e_underflows(dtype: np.dtype) -> float:
    """Input beyond which e^-x is below the least subnormal number."""
    info = np.finfo(dtype)
    return _ln2_times(info.nmant - info.minexp + 1)


def _product_underflows(dtype: np.dtype) -> float:
    """Input beyond which e^-x times any finite number is 0."""
    info = np.finfo(dtype)
    return _ln2_times(info.maxexp - info.minexp + info.nmant + 2)


def thresholds(dtype: np.dtype) -> np.ndarray:
    """Positive inputs where a kernel changes its formula, or a result its nature."""
    info = np.finfo(dtype)
    ends = [_product_underflows(dtype), _e_underflows(dtype)]
    ends += [_ln2_times(n) for n in (1, info.maxexp, -info.minexp, info.nmant + 2)]
    inputs = np.array([*THRESHOLDS, 0.5, 1, *ends])
    # The halves for functions of 2x.
    return np.concatenate([inputs, inputs / 2, inputs / 4])


def reduction_boundaries(dtype: np.dtype) -> np.ndarray:
    """Multiples of ln2/4, where kernels reduce by another multiple, and some beyond their ends."""
    count = int(2 * _e_underflows(dtype) / _ln2_times(1)) + 12
    boundaries = np.arange(1, count) * np.log(np.longdouble(2)) / 2
    return np.concatenate([boundaries, boundaries / 2])


def structured_inputs(dtype: np.dtype, count: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs where an error or a seam may hide, in random order; at least ``count``."""
    dtype = np.dtype(dtype)
    info = np.finfo(dtype)
    seams = reduction_boundaries(dtype)
    seams = seams[:: 1 + seams.size // 5000]  # long double has very many
    around = np.concatenate(
        [
            neighbours(thresholds(dtype), dtype, 20),
            neighbours(seams, dtype, 2),
            np.arange(50) * info.smallest_subnormal,
            info.tiny + np.arange(-10, 11) * info.smallest_subnormal,
            np.array([info.max]),
        ]
    ).astype(dtype)
    around = around[np.isfinite(around)]
    around = np.concatenate([around, -around])
    share = count // 5 + 1
    scales = (1, 10, _e_underflows(dtype), _product_underflows(dtype))
    random = [_uniform(rng, scale, dtype, share) for scale in scales]
    inputs = np.concatenate([around, *random, _log_uniform(rng, dtype, share)])
    return rng.permutation(inputs)


def _second_operands(
    domain: str, dtype: np.dtype, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Operands in a domain, its ends and their neighbours among them."""
    if domain == "REAL":
        return structured_inputs(dtype, count, rng)[:count]
    low, high = DOMAINS[domain]
    ends = np.array([low, high], dtype)
    if domain == "LABEL":
        return rng.choice(ends, count)
    info = np.finfo(dtype)
    near_ends = np.concatenate(
        [neighbours(ends, dtype, 20), np.arange(20) * info.smallest_subnormal]
    )
    choices = [
        rng.uniform(low, high, count),
        rng.choice(near_ends, count),
        1 - np.ldexp(1.0, -rng.integers(1, info.nmant + 2, count)),
        np.abs(_log_uniform(rng, dtype, count)) % 1,
    ]
    mixed = np.choose(rng.integers(len(choices), size=count), choices)
    return np.clip(mixed.astype(dtype), low, high)


def sample(
    function: Function, dtype: np.dtype, count: int, *, seed: int = 0, domain: str | None = None
) -> tuple[np.ndarray, ...]:
    """Operands on which to measure a function: at least ``count`` of each."""
    rng = np.random.default_rng(seed)
    x = structured_inputs(dtype, count, rng)
    if function.nin == 1:
        return (x,)
    return x, _second_operands(domain or function.domain, np.dtype(dtype), x.size, rng)


def measure(ufunc: np.ufunc, operands: tuple[np.ndarray, ...], exact: Exact) -> tuple[float, tuple]:
    """Largest error of a ufunc in ULP, and the operands that it occurs at."""
    errors = exact.error(ufunc(*operands))
    worst = int(np.argmax(errors))
    return float(errors[worst]), tuple(x[worst] for x in operands)


def hexadecimal(x: float) -> str:
    """A number as a C literal in hexadecimal, without zeros at its end."""
    mantissa, exponent = x.hex().split("p") if np.isfinite(x) else (str(x), "")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent if exponent else mantissa
