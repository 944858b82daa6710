# Made by `python -m tools.stubs` from the function table and tools/stub_template.pyi: edit those.
# Public names come first, then the types that they are made of.
# mypy: disable-error-code="misc, override, overload-overlap"
# pyright: reportGeneralTypeIssues=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportOverlappingOverload=false

import array
from collections.abc import Iterator
from types import EllipsisType
from typing import (
    Any,
    Generic,
    Literal,
    Protocol,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    TypedDict,
    TypeVar,
    overload,
    type_check_only,
)

import numpy as np
from numpy.typing import DTypeLike, NDArray
from typing_extensions import Never, Unpack

from cyma import objectives as objectives
from cyma import scalar as scalar
from cyma._tier import tier as tier

__all__ = [
    "__version__",
    "bce_with_logits",
    "bce_with_logits_grad",
    "bce_with_logits_hess",
    "bce_with_logits_value_and_grad",
    "expit",
    "get_include",
    "log_expit",
    "logsigmoid",
    "logsigmoid_backward",
    "logsigmoid_deriv",
    "objectives",
    "runtime_info",
    "scalar",
    "set_tier",
    "sigmoid",
    "sigmoid_backward",
    "sigmoid_bce",
    "sigmoid_bce_grad",
    "sigmoid_deriv",
    "softplus",
    "softplus_deriv",
    "tanh",
    "tanh_backward",
    "tanh_deriv",
    "tier",
]

__version__: str

# Ufuncs

sigmoid: _UnaryUFunc[Literal["sigmoid"]]
"""sigmoid(x): 1 / (1 + exp(-x))"""
logsigmoid: _UnaryUFunc[Literal["logsigmoid"]]
"""logsigmoid(x): log(sigmoid(x))"""
softplus: _UnaryUFunc[Literal["softplus"]]
"""softplus(x): log(1 + exp(x))"""
tanh: _UnaryUFunc[Literal["tanh"]]
"""tanh(x): (exp(2x) - 1) / (exp(2x) + 1)"""
sigmoid_deriv: _UnaryUFunc[Literal["sigmoid_deriv"]]
"""sigmoid_deriv(x): sigmoid(x) * sigmoid(-x)"""
logsigmoid_deriv: _UnaryUFunc[Literal["logsigmoid_deriv"]]
"""logsigmoid_deriv(x): sigmoid(-x)"""
tanh_deriv: _UnaryUFunc[Literal["tanh_deriv"]]
"""tanh_deriv(x): 1 / cosh(x)**2"""
sigmoid_backward: _BinaryUFunc[Literal["sigmoid_backward"]]
"""sigmoid_backward(grad, y): grad * y * (1 - y)"""
tanh_backward: _BinaryUFunc[Literal["tanh_backward"]]
"""tanh_backward(grad, y): grad * (1 - y**2)"""
logsigmoid_backward: _BinaryUFunc[Literal["logsigmoid_backward"]]
"""logsigmoid_backward(grad, x): grad * sigmoid(-x)"""
sigmoid_bce: _BinaryUFunc[Literal["sigmoid_bce"]]
"""sigmoid_bce(x, z): z * softplus(-x) + (1 - z) * softplus(x)"""
sigmoid_bce_grad: _BinaryUFunc[Literal["sigmoid_bce_grad"]]
"""sigmoid_bce_grad(x, z): (1 - z) * sigmoid(x) - z * sigmoid(-x)"""

expit = sigmoid
log_expit = logsigmoid
softplus_deriv = sigmoid

# Tiers

def set_tier(name: str) -> str: ...
def runtime_info() -> RuntimeInfo: ...
def get_include() -> str: ...

# For annotations, under `if TYPE_CHECKING`: at run time it is a dict.
@type_check_only
class RuntimeInfo(TypedDict):
    version: str
    numpy: str
    tier: str
    compiled_tiers: list[str]
    supported_tiers: list[str]
    fma_tiers: list[str]
    hand_written: dict[str, list[tuple[str, str]]]
    left_out_tiers: dict[str, str]

# Binary cross-entropy with logits

_Number: TypeAlias = SupportsFloat | SupportsIndex
_OneAxis: TypeAlias = SupportsIndex | tuple[SupportsIndex]
_Axis: TypeAlias = SupportsIndex | tuple[SupportsIndex, ...]
_Reduction: TypeAlias = Literal["mean", "sum", "weighted_mean", "none"]
_Reduced: TypeAlias = Literal["mean", "sum", "weighted_mean"]

# fmt: off
@overload
def bce_with_logits(
    logits: _T, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: None = None, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> _T: ...
@overload
def bce_with_logits(
    logits: _Double | float, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: None = None, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> np.float64: ...
@overload
def bce_with_logits(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: None = None, keepdims: Literal[False] = False, out: None = None,
    check_targets: bool = False,
) -> _T: ...
@overload
def bce_with_logits(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: None = None, keepdims: Literal[False] = False,
    out: None = None, check_targets: bool = False,
) -> np.float64: ...
@overload
def bce_with_logits(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: Literal["none"],
    axis: None = None, keepdims: bool = False, out: None = None, check_targets: bool = False,
) -> np.ndarray[_ShapeT, np.dtype[_T]]: ...
@overload
def bce_with_logits(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: Literal["none"], axis: None = None, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: None = None, keepdims: Literal[True], out: None = None, check_targets: bool = False,
) -> NDArray[_T]: ...
@overload
def bce_with_logits(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: None = None, keepdims: Literal[True], out: None = None,
    check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits(
    logits: np.ndarray[tuple[Never, Never, Never], np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: None = None, check_targets: bool = False,
) -> NDArray[_T]: ...
@overload
def bce_with_logits(
    logits: np.ndarray[tuple[Never, Never, Never], np.dtype[_Double]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: None = None, check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits(
    logits: np.ndarray[tuple[int], np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _OneAxis, keepdims: Literal[False] = False, out: None = None, check_targets: bool = False,
) -> _T: ...
@overload
def bce_with_logits(
    logits: np.ndarray[tuple[int], np.dtype[_Double]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _OneAxis, keepdims: Literal[False] = False, out: None = None, check_targets: bool = False,
) -> np.float64: ...
@overload
def bce_with_logits(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: None = None, check_targets: bool = False,
) -> NDArray[_T]: ...
@overload
def bce_with_logits(
    logits: NDArray[_Double], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: _Axis, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> Any: ...
@overload
def bce_with_logits(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False, out: _ArrayT,
    check_targets: bool = False,
) -> _ArrayT: ...
@overload
def bce_with_logits_grad(
    logits: _T, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> _T: ...
@overload
def bce_with_logits_grad(
    logits: _Double | float, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> np.float64: ...
@overload
def bce_with_logits_grad(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduction = "mean",
    axis: _Axis | None = None, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> np.ndarray[_ShapeT, np.dtype[_T]]: ...
@overload
def bce_with_logits_grad(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> Any: ...
@overload
def bce_with_logits_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False, out: _ArrayT,
    check_targets: bool = False,
) -> _ArrayT: ...
@overload
def bce_with_logits_hess(
    logits: _T, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> _T: ...
@overload
def bce_with_logits_hess(
    logits: _Double | float, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> np.float64: ...
@overload
def bce_with_logits_hess(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduction = "mean",
    axis: _Axis | None = None, keepdims: bool = False, out: None = None,
    check_targets: bool = False,
) -> np.ndarray[_ShapeT, np.dtype[_T]]: ...
@overload
def bce_with_logits_hess(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> NDArray[np.float64]: ...
@overload
def bce_with_logits_hess(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: None = None, check_targets: bool = False,
) -> Any: ...
@overload
def bce_with_logits_hess(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False, out: _ArrayT,
    check_targets: bool = False,
) -> _ArrayT: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _T, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: None = None, keepdims: bool = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[_T, _T]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _Double | float, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: None = None, keepdims: bool = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[np.float64, np.float64]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: None = None, keepdims: Literal[False] = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[_T, np.ndarray[_ShapeT, np.dtype[_T]]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: None = None, keepdims: Literal[False] = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[np.float64, NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: Literal["none"],
    axis: None = None, keepdims: bool = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[np.ndarray[_ShapeT, np.dtype[_T]], np.ndarray[_ShapeT, np.dtype[_T]]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: Literal["none"], axis: None = None, keepdims: bool = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: None = None, keepdims: Literal[True], out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[NDArray[_T], np.ndarray[_ShapeT, np.dtype[_T]]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _ArrayOf[_Double, float], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: None = None, keepdims: Literal[True],
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[tuple[Never, Never, Never], np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[NDArray[_T], NDArray[_T]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[tuple[Never, Never, Never], np.dtype[_Double]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[tuple[int], np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _OneAxis, keepdims: Literal[False] = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[_T, np.ndarray[tuple[int], np.dtype[_T]]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[tuple[int], np.dtype[_Double]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _OneAxis, keepdims: Literal[False] = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[np.float64, NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: np.ndarray[_ShapeT, np.dtype[_T]], targets: _RealLike, *,
    weight: _RealLike | None = None, pos_weight: _RealLike | None = None,
    label_smoothing: _Number = 0.0, where: _Mask | None = None, reduction: _Reduced = "mean",
    axis: _Axis, keepdims: bool = False, out: tuple[None, None] | None = None,
    check_targets: bool = False,
) -> tuple[NDArray[_T], np.ndarray[_ShapeT, np.dtype[_T]]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: NDArray[_Double], targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduced = "mean", axis: _Axis, keepdims: bool = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: tuple[None, None] | None = None, check_targets: bool = False,
) -> tuple[Any, Any]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: tuple[_ArrayT, _OtherArrayT], check_targets: bool = False,
) -> tuple[_ArrayT, _OtherArrayT]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: tuple[_ArrayT, None], check_targets: bool = False,
) -> tuple[_ArrayT, Any]: ...
@overload
def bce_with_logits_value_and_grad(
    logits: _RealLike, targets: _RealLike, *, weight: _RealLike | None = None,
    pos_weight: _RealLike | None = None, label_smoothing: _Number = 0.0, where: _Mask | None = None,
    reduction: _Reduction = "mean", axis: _Axis | None = None, keepdims: bool = False,
    out: tuple[None, _ArrayT], check_targets: bool = False,
) -> tuple[Any, _ArrayT]: ...
# fmt: on

# Operands. An array of no dimensions gives a scalar, which static types do not tell.

_T = TypeVar("_T", bound=np.floating[Any])
_FloatT = TypeVar("_FloatT", bound=np.floating[Any] | NDArray[np.floating[Any]])
_Float16T = TypeVar("_Float16T", bound=np.float16 | NDArray[np.float16])
_Float32T = TypeVar("_Float32T", bound=np.float32 | NDArray[np.float32])
_Float64T = TypeVar("_Float64T", bound=np.float64 | NDArray[np.float64])
_LongDoubleT = TypeVar("_LongDoubleT", bound=np.longdouble | NDArray[np.longdouble])
_ArrayT = TypeVar("_ArrayT", bound=np.ndarray[Any, Any])
_OtherArrayT = TypeVar("_OtherArrayT", bound=np.ndarray[Any, Any])
_ShapeT = TypeVar("_ShapeT", bound=tuple[Any, ...])
_NumPyT = TypeVar("_NumPyT", bound=np.generic)
_PythonT = TypeVar("_PythonT")
_ItemT_co = TypeVar("_ItemT_co", covariant=True)
_DTypeT_co = TypeVar("_DTypeT_co", bound=np.generic, covariant=True)

# A list, a tuple or the like, of items or of such sequences; no text, array, set or dict.
@type_check_only
class _Nested(Protocol[_ItemT_co]):
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> _ItemT_co | _Nested[_ItemT_co]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __reversed__(self) -> Iterator[_ItemT_co | _Nested[_ItemT_co]]: ...
    @property
    def count(self) -> object: ...  # a method, of which no more matters

# Arrays, and nested sequences of them and of scalars of NumPy's and of Python's; these, too.
_ArrayOf: TypeAlias = NDArray[_NumPyT] | _Nested[_NumPyT | _PythonT | NDArray[_NumPyT]]
_Of: TypeAlias = _NumPyT | _PythonT | _ArrayOf[_NumPyT, _PythonT]

# Dtypes that NumPy computes in float32 and in float64; those that it computes beside float16,
# float32, ... in these.
_Narrow: TypeAlias = np.bool_ | np.int8 | np.uint8 | np.int16 | np.uint16
_Wide: TypeAlias = (
    np.int32
    | np.uint32
    | np.int64
    | np.uint64
    | np.intp
    | np.uintp
    | np.int_
    | np.uint
    | np.longlong
    | np.ulonglong
)
_To16: TypeAlias = np.float16 | np.bool_ | np.int8 | np.uint8
_To32: TypeAlias = np.float16 | np.float32 | _Narrow
_To64: TypeAlias = _To32 | np.float64 | _Wide
_To80: TypeAlias = _To64 | np.longdouble
_Real: TypeAlias = np.floating[Any] | np.integer[Any] | np.bool_

# What decides itself what a ufunc gives: of pandas, xarray, dask, ... No ndarray, whose method is
# never "inner", and which has no hash.
@type_check_only
class _OverridesUFunc(Protocol):
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: Literal["__call__", "inner"], /, *inputs: Any, **kwargs: Any
    ) -> Any: ...

@type_check_only
class _HashableOverridesUFunc(Protocol):
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: Literal["__call__"], /, *inputs: Any, **kwargs: Any
    ) -> Any: ...
    def __hash__(self) -> int: ...

# What converts itself to an array of a dtype.
@type_check_only
class _SupportsArray(Protocol[_DTypeT_co]):
    def __array__(self) -> NDArray[_DTypeT_co]: ...

_Buffer: TypeAlias = array.array[Any] | memoryview  # of a dtype known at run time
# np.floating, which a checker might take for any of its subclasses, but none of these.
_Abstract: TypeAlias = np.floating[Never] | NDArray[np.floating[Never]]
_Dynamic: TypeAlias = _OverridesUFunc | _HashableOverridesUFunc | _Buffer
_RealLike: TypeAlias = _Of[_Real, float] | _Buffer | _SupportsArray[_Real]
_Mask: TypeAlias = _Of[np.bool_, bool] | _SupportsArray[np.bool_]

_Double: TypeAlias = _Narrow | _Wide | np.float64  # logits whose loss is in float64

# Keyword arguments of ufuncs

_NoOut: TypeAlias = tuple[None] | None
_NewArray: TypeAlias = EllipsisType | _NoOut  # `...`: an array also for scalars
_DType: TypeAlias = type[_T] | np.dtype[_T]
_AnyDType: TypeAlias = type[float] | _DType[np.floating[Any]] | str | None

@type_check_only
class _CommonKeywords(TypedDict, total=False):
    where: _Mask
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"]
    order: Literal["K", "A", "C", "F"] | None
    subok: bool

@type_check_only
class _Keywords(_CommonKeywords, total=False):
    dtype: None

@type_check_only
class _AllKeywords(_CommonKeywords, total=False):
    signature: str | tuple[DTypeLike | None, ...]

@type_check_only
class _ReduceKeywords(TypedDict, total=False):
    initial: _Real | float | None
    where: _Mask

_Index: TypeAlias = (
    SupportsIndex | slice | EllipsisType | _Of[np.integer[Any] | np.bool_, int] | None
)
_Indices: TypeAlias = _Index | tuple[_Index, ...]

# Types of the ufuncs

_NameT_co = TypeVar("_NameT_co", bound=str, covariant=True)

@type_check_only
class _UFunc(np.ufunc, Generic[_NameT_co]):
    @property
    def __name__(self) -> _NameT_co: ...
    @property
    def nout(self) -> Literal[1]: ...
    @property
    def ntypes(self) -> Literal[5]: ...
    @property
    def identity(self) -> None: ...
    @property
    def signature(self) -> None: ...

@type_check_only
class _UnaryUFunc(_UFunc[_NameT_co]):
    @property
    def nin(self) -> Literal[1]: ...
    @property
    def nargs(self) -> Literal[2]: ...
    # fmt: off
    @overload
    def __call__(self, x: _Dynamic, /, out: Any = None, **kwargs: Any) -> Any: ...
    @overload
    def __call__(
        self, x: np.memmap[_ShapeT, np.dtype[_T]], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> np.ndarray[_ShapeT, np.dtype[_T]]: ...
    @overload
    def __call__(
        self, x: _FloatT, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _FloatT: ...
    @overload
    def __call__(
        self, x: _Narrow | bool, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> np.float32: ...
    @overload
    def __call__(
        self, x: _Wide | float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x: _ArrayOf[np.float64, np.float64], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[np.float16, np.float16], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float16]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[np.float32 | _Narrow, bool], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[np.float64 | _Wide, float], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[np.longdouble, np.longdouble], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.longdouble]: ...
    @overload
    def __call__(
        self, x: _Real | float, /, out: _NoOut = None, *, dtype: _DType[_T],
        **kwargs: Unpack[_AllKeywords],
    ) -> _T: ...
    @overload
    def __call__(
        self, x: _Real | float, /, out: EllipsisType, *, dtype: _DType[_T],
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[_Real, float], /, out: _NewArray = None, *, dtype: _DType[_T],
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def __call__(
        self, x: _Real | float, /, out: _NoOut = None, *, dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> np.floating[Any]: ...
    @overload
    def __call__(
        self, x: _Real | float, /, out: EllipsisType, *, dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(
        self, x: _ArrayOf[_Real, float], /, out: _NewArray = None, *, dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(
        self, x: _RealLike, /, out: _ArrayT | tuple[_ArrayT], *, dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> _ArrayT: ...
    @overload
    def __call__(
        self, x: _SupportsArray[_Real], /, out: _NewArray = None, *, dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> Any: ...
    # fmt: on
    def at(self, a: NDArray[_Real] | _OverridesUFunc, indices: _Indices, /) -> None: ...
    # NumPy has these for two operands.
    def accumulate(self, array: Never, /) -> Never: ...
    def outer(self, a: Never, b: Never, /) -> Never: ...
    def reduce(self, array: Never, /) -> Never: ...
    def reduceat(self, array: Never, /, indices: Never) -> Never: ...

@type_check_only
class _BinaryUFunc(_UFunc[_NameT_co]):
    @property
    def nin(self) -> Literal[2]: ...
    @property
    def nargs(self) -> Literal[3]: ...
    # fmt: off
    @overload
    def __call__(
        self, x1: _Dynamic | _Abstract | np.memmap[Any, Any], x2: object, /, out: Any = None,
        **kwargs: Any,
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: object, x2: _Dynamic | _Abstract | np.memmap[Any, Any], /, out: Any = None,
        **kwargs: Any,
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: _Of[np.float16, np.float16], x2: _ArrayOf[_To16, bool], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float16]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_To16, bool], x2: _Of[np.float16, np.float16], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float16]: ...
    @overload
    def __call__(
        self, x1: _Of[np.float32, np.float32], x2: _ArrayOf[_To32, bool], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_To32, bool], x2: _Of[np.float32, np.float32], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self, x1: _Of[np.longdouble, np.longdouble], x2: _ArrayOf[_To80, float], /,
        out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.longdouble]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_To80, float], x2: _Of[np.longdouble, np.longdouble], /,
        out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.longdouble]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_Narrow, bool], x2: _Of[_Narrow, bool], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self, x1: _Of[_Narrow, bool], x2: _ArrayOf[_Narrow, bool], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self, x1: _Narrow | bool, x2: _Narrow | bool, /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> np.float32: ...
    @overload
    def __call__(
        self, x1: _Float64T, x2: _To64 | float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float64T: ...
    @overload
    def __call__(
        self, x1: _To64 | float, x2: _Float64T, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float64T: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[np.float64 | _Wide, float], x2: _Of[_To64, float], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x1: _Of[_To64, float], x2: _ArrayOf[np.float64 | _Wide, float], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x1: np.float64 | _Wide, x2: _ArrayOf[_To64, float], /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_To64, float], x2: np.float64 | _Wide, /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x1: _Wide, x2: _To64 | float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x1: _To64 | float, x2: _Wide, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x1: _Float16T, x2: _To16 | float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float16T: ...
    @overload
    def __call__(
        self, x1: _To16 | float, x2: _Float16T, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float16T: ...
    @overload
    def __call__(
        self, x1: _Float32T, x2: _To32 | float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float32T: ...
    @overload
    def __call__(
        self, x1: _To32 | float, x2: _Float32T, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> _Float32T: ...
    @overload
    def __call__(
        self, x1: _LongDoubleT, x2: _To80 | float, /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> _LongDoubleT: ...
    @overload
    def __call__(
        self, x1: _To80 | float, x2: _LongDoubleT, /, out: _NoOut = None,
        **kwargs: Unpack[_Keywords],
    ) -> _LongDoubleT: ...
    @overload
    def __call__(
        self, x1: float, x2: float, /, out: _NoOut = None, **kwargs: Unpack[_Keywords],
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x1: _Real | float, x2: _Real | float, /, out: _NoOut = None, *, dtype: _DType[_T],
        **kwargs: Unpack[_AllKeywords],
    ) -> _T: ...
    @overload
    def __call__(
        self, x1: _Real | float, x2: _Real | float, /, out: EllipsisType, *, dtype: _DType[_T],
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_Real, float], x2: _Of[_Real, float], /, out: _NewArray = None, *,
        dtype: _DType[_T], **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def __call__(
        self, x1: _Of[_Real, float], x2: _ArrayOf[_Real, float], /, out: _NewArray = None, *,
        dtype: _DType[_T], **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def __call__(
        self, x1: _Real | float, x2: _Real | float, /, out: _NoOut = None, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> np.floating[Any]: ...
    @overload
    def __call__(
        self, x1: _Real | float, x2: _Real | float, /, out: EllipsisType, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(
        self, x1: _ArrayOf[_Real, float], x2: _Of[_Real, float], /, out: _NewArray = None, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(
        self, x1: _Of[_Real, float], x2: _ArrayOf[_Real, float], /, out: _NewArray = None, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(
        self, x1: _RealLike, x2: _RealLike, /, out: _ArrayT | tuple[_ArrayT], *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> _ArrayT: ...
    @overload
    def __call__(
        self, x1: _SupportsArray[_Real], x2: _RealLike, /, out: _NewArray = None, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: _RealLike, x2: _SupportsArray[_Real], /, out: _NewArray = None, *,
        dtype: _AnyDType = None, **kwargs: Unpack[_AllKeywords],
    ) -> Any: ...
    # fmt: on
    def at(
        self,
        a: NDArray[_Real] | _OverridesUFunc,
        indices: _Indices,
        b: _RealLike,
        /,
    ) -> None: ...
    @overload
    def accumulate(
        self,
        array: NDArray[_T],
        /,
        axis: SupportsIndex = 0,
        dtype: None = None,
        out: _NewArray = None,
    ) -> NDArray[_T]: ...
    @overload
    def accumulate(
        self,
        array: _RealLike,
        /,
        axis: SupportsIndex = 0,
        dtype: _AnyDType = None,
        *,
        out: _ArrayT | tuple[_ArrayT],
    ) -> _ArrayT: ...
    @overload
    def accumulate(
        self,
        array: _RealLike,
        /,
        axis: SupportsIndex = 0,
        dtype: _AnyDType = None,
        out: _NewArray = None,
    ) -> NDArray[np.floating[Any]]: ...
    @overload
    def reduceat(
        self,
        array: NDArray[_T],
        /,
        indices: _Of[np.integer[Any], int],
        axis: SupportsIndex = 0,
        dtype: None = None,
        out: _NewArray = None,
    ) -> NDArray[_T]: ...
    @overload
    def reduceat(
        self,
        array: _RealLike,
        /,
        indices: _Of[np.integer[Any], int],
        axis: SupportsIndex = 0,
        dtype: _AnyDType = None,
        *,
        out: _ArrayT | tuple[_ArrayT],
    ) -> _ArrayT: ...
    @overload
    def reduceat(
        self,
        array: _RealLike,
        /,
        indices: _Of[np.integer[Any], int],
        axis: SupportsIndex = 0,
        dtype: _AnyDType = None,
        out: _NewArray = None,
    ) -> NDArray[np.floating[Any]]: ...
    # Of one axis, at most: none of the functions is associative. A scalar if that is the only one.
    @overload
    def reduce(
        self,
        array: NDArray[_T],
        /,
        axis: SupportsIndex | tuple[SupportsIndex] | None = 0,
        dtype: None = None,
        out: _NewArray = None,
        *,
        keepdims: Literal[True],
        **kwargs: Unpack[_ReduceKeywords],
    ) -> NDArray[_T]: ...
    @overload
    def reduce(
        self,
        array: _RealLike,
        /,
        axis: SupportsIndex | tuple[SupportsIndex] | None = 0,
        dtype: _AnyDType = None,
        *,
        out: _ArrayT | tuple[_ArrayT],
        keepdims: bool = False,
        **kwargs: Unpack[_ReduceKeywords],
    ) -> _ArrayT: ...
    @overload
    def reduce(
        self,
        array: _RealLike,
        /,
        axis: SupportsIndex | tuple[SupportsIndex] | None = 0,
        dtype: _AnyDType = None,
        out: _NewArray = None,
        *,
        keepdims: bool = False,
        **kwargs: Unpack[_ReduceKeywords],
    ) -> Any: ...
    @overload
    def outer(
        self,
        a: NDArray[_T],
        b: NDArray[_T],
        /,
        *,
        out: _NewArray = None,
        **kwargs: Unpack[_Keywords],
    ) -> NDArray[_T]: ...
    @overload
    def outer(
        self,
        a: _RealLike,
        b: _RealLike,
        /,
        *,
        out: _ArrayT | tuple[_ArrayT],
        dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> _ArrayT: ...
    @overload
    def outer(
        self,
        a: _Real | float,
        b: _Real | float,
        /,
        *,
        out: _NoOut = None,
        dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> np.floating[Any]: ...
    @overload
    def outer(
        self,
        a: _RealLike,
        b: _RealLike,
        /,
        *,
        out: _NewArray = None,
        dtype: _AnyDType = None,
        **kwargs: Unpack[_AllKeywords],
    ) -> NDArray[np.floating[Any]]: ...
