"""Numerically stable, SIMD-fast sigmoid, log-sigmoid, softplus and tanh as NumPy ufuncs.

With them come their derivatives and binary cross-entropy with logits. ``cyma.sigmoid`` and the
others are genuine ``numpy.ufunc`` objects. See the README for all of them and their accuracy.
"""

import os as _os
import warnings as _warnings

from cyma import objectives, scalar
from cyma._bce import (
    bce_with_logits,
    bce_with_logits_grad,
    bce_with_logits_hess,
    bce_with_logits_value_and_grad,
)
from cyma._config import get_include
from cyma._functions import ALIASES, __version__
from cyma._tier import tier
from cyma._ufuncs import UFUNCS, runtime_info, set_tier
from cyma._ufuncs import check_tier as _check_tier


def _check_tier_of_environment() -> None:
    """Say so if the tier that CYMA_TIER names, which was to be used, does not work."""
    wanted = _os.environ.get("CYMA_TIER")
    if wanted:
        try:
            _check_tier(wanted)
        except ValueError as error:
            kept = runtime_info()["tier"]
            message = f"environment variable CYMA_TIER: {error}; using {kept!r}"
            _warnings.warn(message, RuntimeWarning, stacklevel=3)


_check_tier_of_environment()

globals().update(UFUNCS)
globals().update({alias: UFUNCS[name] for alias, name in ALIASES.items()})

__all__ = [
    "__version__",
    "bce_with_logits",
    "bce_with_logits_grad",
    "bce_with_logits_hess",
    "bce_with_logits_value_and_grad",
    "get_include",
    "objectives",
    "runtime_info",
    "scalar",
    "set_tier",
    "tier",
    *UFUNCS,
    *ALIASES,
]

del ALIASES, UFUNCS
