"""The same functions as others have them, for the report: NumPy formulas, SciPy and torch.

Each is the expression that people write. A function without an entry has no such peer; NumPy's is
then the definition in `cyma._reference`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cyma._reference import REFERENCES


def _expit(x):
    return 1 / (1 + np.exp(-x))


def _product_of_sigmoids(x):
    y = _expit(x)
    return y * (1 - y)


_NUMPY = {
    "sigmoid": _expit,
    "logsigmoid": lambda x: -np.logaddexp(0, -x),
    "softplus": lambda x: np.logaddexp(0, x),
    "tanh": np.tanh,
    "sigmoid_deriv": _product_of_sigmoids,
    "tanh_deriv": lambda x: 1 - np.tanh(x) ** 2,
    "tanh_backward": lambda grad, y: grad * (1 - y * y),
    "sigmoid_bce": lambda x, z: np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x))),
    "sigmoid_bce_grad": lambda x, z: _expit(x) - z,
}


def numpy_peers() -> dict[str, Callable]:
    """Functions on arrays."""
    formulas = {
        name: lambda *x, definition=definition: definition(np, *x)
        for name, definition in REFERENCES.items()
    }
    return {**formulas, **_NUMPY}


def scipy_peers() -> dict[str, Callable]:
    """Functions on arrays; ImportError without SciPy."""
    from scipy.special import expit, log_expit

    return {
        "sigmoid": expit,
        "logsigmoid": log_expit,
        "softplus": lambda x: -log_expit(-x),
        "sigmoid_deriv": lambda x: expit(x) * expit(-x),
        "logsigmoid_deriv": lambda x: expit(-x),
        "logsigmoid_backward": lambda grad, x: grad * expit(-x),
        "sigmoid_bce": lambda x, z: -z * log_expit(x) - (1 - z) * log_expit(-x),
        "sigmoid_bce_grad": lambda x, z: expit(x) - z,
    }


def torch_peers() -> dict[str, Callable]:
    """Functions on arrays, computed by torch in one thread; ImportError without torch."""
    import torch

    torch.set_num_threads(1)
    functional, aten = torch.nn.functional, torch.ops.aten
    functions = {
        "sigmoid": torch.sigmoid,
        "logsigmoid": functional.logsigmoid,
        "softplus": functional.softplus,
        "tanh": torch.tanh,
        "sigmoid_deriv": lambda x: torch.sigmoid(x) * torch.sigmoid(-x),
        "logsigmoid_deriv": lambda x: torch.sigmoid(-x),
        "tanh_deriv": lambda x: 1 - torch.tanh(x) ** 2,
        "sigmoid_backward": aten.sigmoid_backward,
        "tanh_backward": aten.tanh_backward,
        "logsigmoid_backward": lambda grad, x: grad * torch.sigmoid(-x),
        "sigmoid_bce": lambda x, z: functional.binary_cross_entropy_with_logits(
            x, z, reduction="none"
        ),
        "sigmoid_bce_grad": lambda x, z: torch.sigmoid(x) - z,
    }
    return {
        # from_numpy and numpy share memory: they cost less than a microsecond.
        name: lambda *x, f=f: f(*map(torch.from_numpy, x)).numpy()
        for name, f in functions.items()
    }


PEERS = {"numpy": numpy_peers, "scipy": scipy_peers, "torch": torch_peers}
