"""The array functions from ctypes: pointers to C, of which no header is needed.

``cyma.cython_api.__pyx_capi__`` has a capsule for each function, whose name is its type. cffi takes
the same address (``ffi.cast("void (*)(const float *, float *, ptrdiff_t)", address)``), as does
whatever else calls C.
"""

import ctypes
from array import array

from cyma.cython_api import __pyx_capi__


def address_of(name: str) -> int:
    """Address of a function of `cyma.cython_api`."""
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    capsule = __pyx_capi__[name]
    return api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))


# void (float const *, float *, Py_ssize_t)
_sigmoid = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(
    address_of("sigmoid_f32_array")
)


def sigmoid(x: array) -> array:
    """Sigmoids of an array of floats of Python's own, with no NumPy in sight."""
    if x.typecode != "f":
        raise TypeError(f"x must be an array of the type 'f', not {x.typecode!r}")
    out = array("f", bytes(4 * len(x)))
    _sigmoid(x.buffer_info()[0], out.buffer_info()[0], len(x))
    return out


if __name__ == "__main__":
    print(list(sigmoid(array("f", [-100.0, -1.0, 0.0, 1.0, 100.0]))))
