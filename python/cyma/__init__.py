"""Numerically stable, SIMD-fast sigmoid, log-sigmoid, softplus and tanh as NumPy ufuncs.

With them come their derivatives and binary cross-entropy with logits. ``cyma.sigmoid`` and the
others are genuine ``numpy.ufunc`` objects. See the README for all of them and their accuracy.
"""

from cyma._ufuncs import ALIASES, UFUNCS, runtime_info, set_tier
from cyma._version import __version__

globals().update(UFUNCS)
globals().update({alias: UFUNCS[name] for alias, name in ALIASES.items()})

__all__ = ["__version__", "runtime_info", "set_tier", *UFUNCS, *ALIASES]

del ALIASES, UFUNCS
