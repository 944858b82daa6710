# Made by `python -m tools.stubs` from the function table and tools/stub_template.pyi: edit those.
from typing import SupportsFloat, SupportsIndex

__all__ = [
    "expit",
    "log_expit",
    "logsigmoid",
    "logsigmoid_deriv",
    "sigmoid",
    "sigmoid_deriv",
    "softplus",
    "softplus_deriv",
    "tanh",
    "tanh_deriv",
]

def sigmoid(x: SupportsFloat | SupportsIndex, /) -> float: ...
def logsigmoid(x: SupportsFloat | SupportsIndex, /) -> float: ...
def softplus(x: SupportsFloat | SupportsIndex, /) -> float: ...
def tanh(x: SupportsFloat | SupportsIndex, /) -> float: ...
def sigmoid_deriv(x: SupportsFloat | SupportsIndex, /) -> float: ...
def logsigmoid_deriv(x: SupportsFloat | SupportsIndex, /) -> float: ...
def tanh_deriv(x: SupportsFloat | SupportsIndex, /) -> float: ...

expit = sigmoid
log_expit = logsigmoid
softplus_deriv = sigmoid
