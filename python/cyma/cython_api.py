"""The functions of cyma in C, for code that is compiled: Cython, SciPy, numba, ctypes and cffi.

``__pyx_capi__`` has a capsule for each, whose name is the type of the function in C. They are, for
each row of the function table, such as ``sigmoid``:

- ``sigmoid_f32``, ``sigmoid_f64``: of numbers;
- ``sigmoid_f32_array``, ``sigmoid_f64_array``, ``sigmoid_f16_array``: of contiguous arrays, float16
  as its bits; with the operands, the array for the results, which may be one of them, and a length;

and, from `libcyma`_, ``bce_with_logits_f32_sum``, ``bce_with_logits_f32_sum_and_grad``, both also
for f64, ``tier``, ``set_tier``, ``abi_version`` and ``version``. Their declarations for Cython are
in ``cython_api.pxd``, beside this file: ``from cyma.cython_api cimport sigmoid_f64``.

All of them may be called without the GIL, and give the bits that the ufuncs give on the same tier.
Those of numbers leave the floating-point flags that they raise, and heed the rounding mode; the
others do neither.

.. _libcyma: ``include/cyma/api.h`` says more of what is there, too.

Examples
--------
>>> from scipy import LowLevelCallable, integrate
>>> import cyma.cython_api
>>> sigmoid = LowLevelCallable.from_cython(cyma.cython_api, "sigmoid_f64")
>>> round(integrate.quad(sigmoid, 0, 1)[0], 12) == round(cyma.scalar.softplus(1.0) - np.log(2), 12)
True
"""

import re as _re

from cyma import _ufuncs
from cyma._functions import __version__ as _version

__all__ = ["ABI_VERSION"]

ABI_VERSION: int = _ufuncs.ABI_VERSION
__pyx_capi__ = _ufuncs.CAPSULES

# What a compiled module looks for when it is imported, because ``cython_api.pxd`` says so: the ABI
# only grows, so there is one of these for each version up to that of this cyma.
globals().update({f"Abi{k}": type(f"Abi{k}", (), {}) for k in range(1, ABI_VERSION + 1)})


def __getattr__(name: str):
    """Raise ImportError for what only a newer ABI has."""
    newer = _re.fullmatch(r"Abi(\d+)", name)
    if newer:
        raise ImportError(
            f"this module was compiled for ABI {newer[1]} of cyma, but cyma {_version} has ABI "
            f"{ABI_VERSION}: install a newer cyma, or compile the module for this one"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
