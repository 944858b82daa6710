from typing import Any

import numpy as np

__version__: str

sigmoid: np.ufunc
logsigmoid: np.ufunc
softplus: np.ufunc
tanh: np.ufunc
sigmoid_deriv: np.ufunc
logsigmoid_deriv: np.ufunc
tanh_deriv: np.ufunc
sigmoid_backward: np.ufunc
tanh_backward: np.ufunc
logsigmoid_backward: np.ufunc
sigmoid_bce: np.ufunc
sigmoid_bce_grad: np.ufunc

expit: np.ufunc
log_expit: np.ufunc
softplus_deriv: np.ufunc

def runtime_info() -> dict[str, Any]: ...
def set_tier(name: str) -> str: ...
