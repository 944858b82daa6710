"""Overhead of calls: times of 1,000 of them."""

import cyma

from .common import NAMES, function, operands, repeats, ufunc


class Calls:
    """A ufunc on little: arrays with ``out``, or Python's float."""

    params = (NAMES, ["n = 1", "n = 100", "float"])
    param_names = ("function", "operands")

    def setup(self, name, kind):
        self.ufunc = ufunc(name)
        if kind == "float":
            *inputs, _ = operands(name, "float64", 1)
            self.inputs, self.keywords = [x.item() for x in inputs], {}
        else:
            *self.inputs, out = operands(name, "float32", int(kind.removeprefix("n = ")))
            self.keywords = {"out": out}

    def time_1000_calls(self, name, kind):
        for _ in repeats(1):
            self.ufunc(*self.inputs, **self.keywords)


class Scalars:
    """The functions of `cyma.scalar`."""

    params = NAMES
    param_names = ("function",)

    def setup(self, name):
        if function(name).nin != 1 or not hasattr(cyma, "scalar"):
            raise NotImplementedError(f"no scalar {name}")
        self.function = getattr(cyma.scalar, name)

    def time_1000_calls(self, name):
        for _ in repeats(1):
            self.function(0.5)
