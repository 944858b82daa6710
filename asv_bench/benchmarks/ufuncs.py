"""Time of every ufunc: dtypes, sizes, layouts."""

import numpy as np

from .common import DTYPES, NAMES, SIZES, operands, repeats, ufunc


class Ufuncs:
    """2^20 elements, in as many calls as that takes."""

    params = (NAMES, DTYPES, SIZES)
    param_names = ("function", "dtype", "n")

    def setup(self, name, dtype, n):
        self.ufunc = ufunc(name)
        *self.inputs, self.out = operands(name, dtype, n)

    def time_ufunc(self, name, dtype, n):
        for _ in repeats(n):
            self.ufunc(*self.inputs, out=self.out)


# From operands of at least 2 n elements to views of n.
LAYOUTS = {
    "contiguous": lambda x, n: x[:n],
    "stride 2": lambda x, n: x[: 2 * n : 2],
    "negative": lambda x, n: x[n - 1 :: -1],
    "broadcast": lambda x, n: np.broadcast_to(x[: n // 256, None], (n // 256, 256)),
    "in place": lambda x, n: x[:n].copy(),
}


class Layouts:
    """One call on 2^18 float32."""

    n = 2**18
    params = (NAMES, list(LAYOUTS))
    param_names = ("function", "layout")

    def setup(self, name, layout):
        self.ufunc = ufunc(name)
        arrays = operands(name, "float32", 2 * self.n)
        *self.inputs, self.out = (LAYOUTS[layout](x, self.n) for x in arrays)
        if layout == "broadcast":
            self.out = arrays[-1][: self.n].reshape(self.inputs[0].shape)
        if layout == "in place":
            self.out = self.inputs[0]

    def time_layout(self, name, layout):
        self.ufunc(*self.inputs, out=self.out)
