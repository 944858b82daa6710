"""The same functions as others have them: NumPy formulas, SciPy, torch, jax and numexpr.

Each is the expression that people write. A function without an entry has no such peer; NumPy's is
then the definition in `cyma._reference`. All compute in one thread, and in the process that loads
them only: no variable of the environment stays changed.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

import numpy as np

from cyma._reference import REFERENCES

# Elements of the arrays that are timed. jax compiles once for each shape: so it gets no other.
TIMED_ELEMENTS = 65_536

Call = Callable[[], object]


class Converted:
    """A function on arrays of another library, as one on NumPy's."""

    def __init__(self, function: Callable, convert: Callable, block: int | None = None):
        self.function = function
        self.convert = convert  # from NumPy's arrays
        self.block = block  # elements that it is called with, if it should always be as many

    def __call__(self, *operands: np.ndarray) -> np.ndarray:
        shape = np.shape(operands[0])
        count = -(-np.size(operands[0]) // self.block) if self.block else 0
        if not count:
            return np.asarray(self.on(*operands)())
        blocks = [np.resize(x, (count, self.block)) for x in operands]
        results = [np.asarray(self.on(*block)()) for block in zip(*blocks, strict=True)]
        return np.concatenate(results)[: np.size(operands[0])].reshape(shape)

    def on(self, *operands: np.ndarray) -> Call:
        """A call whose operands have been converted."""
        return functools.partial(self.function, *map(self.convert, operands))


def call_on(function: Callable, operands: tuple[np.ndarray, ...], out: np.ndarray) -> Call:
    """What is to be timed of a function: no conversion, and no new array where it takes ``out``."""
    if isinstance(function, Converted):
        return function.on(*operands)
    keywords = {"out": out} if isinstance(function, np.ufunc) else {}
    return functools.partial(function, *operands, **keywords)


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


def _one_thread_of_torch():
    """Torch; ImportError without it."""
    import torch

    torch.set_num_threads(1)
    return torch


def torch_peers() -> dict[str, Callable]:
    """Functions on arrays; ImportError without torch."""
    torch = _one_thread_of_torch()
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
    return {name: Converted(f, torch.from_numpy) for name, f in functions.items()}


def _one_thread_of_jax():
    """Jax on the CPU, with float64 where it is asked for; ImportError without it."""
    before = dict(os.environ)
    flags = f"{before.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
    os.environ["XLA_FLAGS"] = flags.strip()
    try:
        import jax  # which sets variables of its own

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        jax.devices()  # which reads the flags, the first time
    finally:
        os.environ.clear()
        os.environ.update(before)
    return jax


def jax_peers() -> dict[str, Callable]:
    """Functions on arrays, jitted; ImportError without jax."""
    jax = _one_thread_of_jax()
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid
    functions = {
        "sigmoid": sigmoid,
        "logsigmoid": jax.nn.log_sigmoid,
        "softplus": jax.nn.softplus,
        "tanh": jnp.tanh,
        "sigmoid_deriv": lambda x: sigmoid(x) * (1 - sigmoid(x)),
        "logsigmoid_deriv": lambda x: sigmoid(-x),
        "tanh_deriv": lambda x: 1 - jnp.tanh(x) ** 2,
        "sigmoid_backward": lambda grad, y: grad * y * (1 - y),
        "tanh_backward": lambda grad, y: grad * (1 - y * y),
        "logsigmoid_backward": lambda grad, x: grad * sigmoid(-x),
        "sigmoid_bce": lambda x, z: jax.nn.softplus(x) - x * z,
        "sigmoid_bce_grad": lambda x, z: sigmoid(x) - z,
    }

    def compiled(function: Callable) -> Callable:
        jitted = jax.jit(function)
        return lambda *x: jitted(*x).block_until_ready()

    return {
        name: Converted(compiled(f), jnp.asarray, TIMED_ELEMENTS) for name, f in functions.items()
    }


# Expressions of the operands x and y.
NUMEXPR = {
    "sigmoid": "1 / (1 + exp(-x))",
    "logsigmoid": "-log1p(exp(-x))",
    "softplus": "log1p(exp(x))",
    "tanh": "tanh(x)",
    "sigmoid_deriv": "1 / ((1 + exp(-x)) * (1 + exp(x)))",
    "logsigmoid_deriv": "1 / (1 + exp(x))",
    "tanh_deriv": "1 - tanh(x) ** 2",
    "sigmoid_backward": "x * y * (1 - y)",
    "tanh_backward": "x * (1 - y * y)",
    "logsigmoid_backward": "x / (1 + exp(y))",
    "sigmoid_bce": "log1p(exp(x)) - x * y",
    "sigmoid_bce_grad": "1 / (1 + exp(-x)) - y",
}


def numexpr_peers() -> dict[str, Callable]:
    """Functions on arrays, which take ``out``; ImportError without numexpr."""
    import numexpr

    numexpr.set_num_threads(1)

    def evaluate(expression: str, *operands: np.ndarray, out: np.ndarray | None = None):
        return numexpr.evaluate(expression, dict(zip("xy", operands, strict=False)), out=out)

    return {name: functools.partial(evaluate, expression) for name, expression in NUMEXPR.items()}


PEERS = {
    "numpy": numpy_peers,
    "scipy": scipy_peers,
    "torch": torch_peers,
    "jax": jax_peers,
    "numexpr": numexpr_peers,
}


# Mean binary cross-entropy with logits, and its gradient if that is asked for. Each takes logits,
# targets, whether there is to be a gradient, and weights, and returns a call.


def _mean_bce(np_, x, z, weight=None, pos_weight=None):
    """The loss as it is usually written, for NumPy and jax."""
    if pos_weight is None:
        loss = np_.maximum(x, 0) - x * z + np_.log1p(np_.exp(-np_.abs(x)))
    else:
        softplus = np_.log1p(np_.exp(-np_.abs(x))) + np_.maximum(-x, 0)
        loss = (1 - z) * x + ((pos_weight - 1) * z + 1) * softplus
    return np_.mean(loss if weight is None else loss * weight)


def numpy_bce(x, z, gradient: bool, **weights) -> Call:
    """NumPy's formula, and its gradient."""
    if not gradient:
        return lambda: _mean_bce(np, x, z, **weights)
    weight, pos_weight = weights.get("weight", 1), weights.get("pos_weight", 1)

    def value_and_grad():
        s = _expit(x)
        if weights:
            slope = s * (1 - z + pos_weight * z) - pos_weight * z
            return _mean_bce(np, x, z, **weights), weight * (1 / x.size) * slope
        return _mean_bce(np, x, z), (s - z) * (1 / x.size)

    return value_and_grad


def _bce_of(load: Callable[[], dict[str, Callable]]) -> Callable[..., Call]:
    """NumPy's mean of a peer's losses, without weights, and their gradient."""

    def bce(x, z, gradient: bool) -> Call:
        functions = load()
        loss, slope = functions["sigmoid_bce"], functions["sigmoid_bce_grad"]
        if not gradient:
            return lambda: np.mean(loss(x, z))
        return lambda: (np.mean(loss(x, z)), slope(x, z) * (1 / x.size))

    return bce


def torch_bce(x, z, gradient: bool, **weights) -> Call:
    """The function of torch, eager, and its gradient by autograd."""
    torch = _one_thread_of_torch()
    x, z = torch.from_numpy(x), torch.from_numpy(z)
    weights = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    if not gradient:
        return lambda: loss(x, z, **weights)

    def value_and_grad():
        leaf = x.detach().requires_grad_()
        value = loss(leaf, z, **weights)
        value.backward()
        return value.detach(), leaf.grad

    return value_and_grad


@functools.cache
def _jax_bce(gradient: bool) -> Callable:
    """The formula, jitted, and its gradient."""
    jax = _one_thread_of_jax()

    def loss(x, z, weights):
        return _mean_bce(jax.numpy, x, z, **weights)

    compiled = jax.jit(jax.value_and_grad(loss) if gradient else loss)
    return lambda *operands: jax.block_until_ready(compiled(*operands))


def jax_bce(x, z, gradient: bool, **weights) -> Call:
    """The formula, jitted, and its gradient; arrays are jax's already."""
    function, asarray = _jax_bce(gradient), _one_thread_of_jax().numpy.asarray
    weights = {name: asarray(weight) for name, weight in weights.items()}
    return functools.partial(function, asarray(x), asarray(z), weights)


BCE_PEERS: dict[str, Callable[..., Call]] = {
    "numpy": numpy_bce,
    "scipy": _bce_of(scipy_peers),
    "torch": torch_bce,
    "jax": jax_bce,
    "numexpr": _bce_of(numexpr_peers),
}
