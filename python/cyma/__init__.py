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
from cyma._tier import tier
from cyma._ufuncs import ALIASES, UFUNCS, runtime_info, set_tier
from cyma._version import __version__


def _use_tier_of_environment() -> None:
    """Use the tier that CYMA_TIER names; where that does not work, say so and keep the default."""
    wanted = _os.environ.get("CYMA_TIER")
    if wanted:
        try:
            set_tier(wanted)
        except ValueError as error:
            kept = runtime_info()["tier"]
            message = f"environment variable CYMA_TIER: {error}; using {kept!r}"
            _warnings.warn(message, RuntimeWarning, stacklevel=3)


_use_tier_of_environment()

globals().update(UFUNCS)
globals().update({alias: UFUNCS[name] for alias, name in ALIASES.items()})

__all__ = [
    "__version__",
    "bce_with_logits",
    "bce_with_logits_grad",
    "bce_with_logits_hess",
    "bce_with_logits_value_and_grad",
    "objectives",
    "runtime_info",
    "scalar",
    "set_tier",
    "tier",
    *UFUNCS,
    *ALIASES,
]

del ALIASES, UFUNCS
