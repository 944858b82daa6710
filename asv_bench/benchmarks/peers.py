"""The same functions as others have them, where they are installed."""

import functools

import numpy as np

from cyma._peers import PEERS

from .common import NAMES, operands, repeats


class Peers:
    """As in `ufuncs.Ufuncs`, so that the times are comparable."""

    n = 65_536
    params = (list(PEERS), NAMES, ["float32", "float64"])
    param_names = ("peer", "function", "dtype")

    def setup(self, peer, name, dtype):
        *inputs, out = operands(name, dtype, self.n)
        try:
            function = PEERS[peer]()[name]
        except (ImportError, KeyError) as error:
            raise NotImplementedError(f"{peer} has no {name}: {error}") from None
        keywords = {"out": out} if isinstance(function, np.ufunc) else {}
        self.call = functools.partial(function, *inputs, **keywords)
        if hasattr(function, "on"):  # arrays of its own, which old commits converted each time
            self.call = function.on(*inputs)

    def time_peer(self, peer, name, dtype):
        for _ in repeats(self.n):
            self.call()
