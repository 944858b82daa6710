"""What cyma costs beside time of computing: import, memory, disk."""

import importlib.machinery
import pathlib

import numpy as np

import cyma
from cyma import _ufuncs

from . import bce


def timeraw_import():
    """Import, after NumPy's."""
    return "import cyma", "import numpy"


def track_extension_size():
    """Size of the compiled extension modules."""
    folder = pathlib.Path(_ufuncs.__file__).parent
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    return sum(path.stat().st_size for path in folder.glob(f"*{suffix}"))


track_extension_size.unit = "bytes"


def peakmem_in_place():
    """Of a process that has computed a ufunc in place, on 2^23 float32: 32 MB and no more."""
    x = np.zeros(2**23, np.float32)
    cyma.sigmoid(x, out=x)


class Bce:
    """Of a process that has computed a form once, on 4,000,000 float32, 16 MB an operand."""

    params = tuple(bce.FORMS)
    param_names = ("form",)

    def setup(self, form):
        self.call = bce.call(form, "float32", 4_000_000)

    def peakmem_bce(self, form):
        self.call()
