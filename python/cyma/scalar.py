"""The one-argument functions on Python floats, as `math` has others: ``float -> float``.

They are computed in float64 and give the same bits as the ufuncs, without a ufunc's overhead.

Examples
--------
>>> from cyma import scalar
>>> scalar.sigmoid(-1000.0), scalar.sigmoid(0.0)
(0.0, 0.5)
>>> scalar.softplus_deriv is scalar.sigmoid
True
"""

from cyma._functions import ALIASES
from cyma._ufuncs import SCALARS

globals().update(SCALARS)
globals().update({alias: SCALARS[name] for alias, name in ALIASES.items() if name in SCALARS})

__all__ = [*SCALARS, *(alias for alias, name in ALIASES.items() if name in SCALARS)]

del ALIASES, SCALARS
