"""What cyma costs beside time of computing: import, memory, disk."""

import pathlib

from cyma import _ufuncs

from . import bce
from .common import operands, ufunc


def timeraw_import():
    """Import, after NumPy's."""
    return "import cyma", "import numpy"


def track_extension_size():
    """Size of the compiled extension."""
    return pathlib.Path(_ufuncs.__file__).stat().st_size


track_extension_size.unit = "bytes"


def peakmem_ufunc():
    """Of a process that has computed a ufunc once, on 2^22 float64."""
    *inputs, out = operands("sigmoid", "float64", 2**22)
    ufunc("sigmoid")(*inputs, out=out)


class Bce:
    """Of a process that has computed a form once, on 4,000,000 float32."""

    params = tuple(bce.FORMS)
    param_names = ("form",)

    def setup(self, form):
        self.call = bce.call(form, "float32", 4_000_000)

    def peakmem_bce(self, form):
        self.call()
