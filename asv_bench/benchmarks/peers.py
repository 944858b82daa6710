"""The same functions as NumPy, SciPy and torch have them, where they are installed."""

import numpy as np

from cyma._peers import PEERS

from .common import NAMES, operands, repeats


class Peers:
    """As in `ufuncs.Ufuncs`, so that the times are comparable."""

    n = 65_536
    params = (list(PEERS), NAMES, ["float32", "float64"])
    param_names = ("peer", "function", "dtype")

    def setup(self, peer, name, dtype):
        *self.inputs, out = operands(name, dtype, self.n)
        try:
            self.function = PEERS[peer]()[name]
        except (ImportError, KeyError) as error:
            raise NotImplementedError(f"{peer} has no {name}: {error}") from None
        self.keywords = {"out": out} if isinstance(self.function, np.ufunc) else {}

    def time_peer(self, peer, name, dtype):
        for _ in repeats(self.n):
            self.function(*self.inputs, **self.keywords)
