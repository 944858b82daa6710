"""What the benchmarks are over, and the operands that they are on."""

import functools
import pathlib
import re
import runpy

import numpy as np

from cyma._table import DOMAINS
from cyma._ufuncs import FUNCTIONS, UFUNCS

# Names come from the checkout that this file lies in, not from the cyma that is installed: asv
# runs an older commit by the numbers of the parameters here.
ROOT = pathlib.Path(__file__).parents[2]
NAMES = re.findall(
    r"^CYMA_(?:UNARY|BINARY)\w*\((\w+),", (ROOT / "include/cyma/functions.def").read_text(), re.M
)
DTYPES = runpy.run_path(str(ROOT / "python/cyma/_table.py"))["DTYPES"]

SIZES = (4_096, 65_536, 1_048_576)


def function(name):
    """The row of a function; skips the benchmark if the commit has none."""
    if name not in FUNCTIONS:
        raise NotImplementedError(f"no {name} yet")
    return FUNCTIONS[name]


def ufunc(name):
    """The ufunc; skips the benchmark if the commit has none."""
    return UFUNCS[function(name).name]


def repeats(n):
    """How many calls on ``n`` elements are timed as one.

    asv sets up anew before every timed call, so a benchmark itself must repeat what is short. All
    sizes of a ufunc come to the same number of elements.
    """
    return range(max(1, min(SIZES[-1] // n, 1000)))


def placed(array, page_offset):
    """A copy that starts ``page_offset`` bytes into a page.

    Operands that lie as malloc happens to place them make kernels up to a third slower or faster.
    """
    buffer = np.empty(array.nbytes + 4096, np.uint8)
    start = (page_offset - buffer.ctypes.data) % 4096
    copy = buffer[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@functools.lru_cache(maxsize=1)
def operands(name, dtype, n):
    """Inputs of a ufunc, the second in its domain, and an array for the output."""
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(-8, 8, n) for _ in range(function(name).nin + 1)]
    domain = function(name).domain
    if domain == "LABEL":
        arrays[1] = rng.choice(DOMAINS[domain], n)
    elif DOMAINS[domain]:
        arrays[1] = rng.uniform(*DOMAINS[domain], n)
    # Not the same place in a page: loads after stores would look dependent.
    return tuple(placed(a.astype(dtype), k * 1088) for k, a in enumerate(arrays))
