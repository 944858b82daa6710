from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cyma import objectives as objectives
from cyma import scalar as scalar

__version__: str

_Reduction = Literal["mean", "sum", "weighted_mean", "none"]

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
def bce_with_logits(
    logits: ArrayLike,
    targets: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    pos_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    where: ArrayLike | None = None,
    reduction: _Reduction = "mean",
    axis: int | tuple[int, ...] | None = None,
    check_targets: bool = False,
) -> Any: ...
def bce_with_logits_grad(
    logits: ArrayLike,
    targets: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    pos_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    where: ArrayLike | None = None,
    reduction: _Reduction = "mean",
    axis: int | tuple[int, ...] | None = None,
    check_targets: bool = False,
) -> NDArray[Any]: ...
def bce_with_logits_hess(
    logits: ArrayLike,
    targets: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    pos_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    where: ArrayLike | None = None,
    reduction: _Reduction = "mean",
    axis: int | tuple[int, ...] | None = None,
    check_targets: bool = False,
) -> NDArray[Any]: ...
def bce_with_logits_value_and_grad(
    logits: ArrayLike,
    targets: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    pos_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    where: ArrayLike | None = None,
    reduction: _Reduction = "mean",
    axis: int | tuple[int, ...] | None = None,
    check_targets: bool = False,
) -> tuple[Any, NDArray[Any]]: ...
