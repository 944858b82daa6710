"""Binary cross-entropy as a custom objective of gradient boosting, for xgboost and LightGBM.

Neither library is imported. Both compute `logistic` themselves, too, as ``binary:logistic`` and
``binary``; the objective here gives the same models, and is what to start from for a weighting or
a floor that they do not have.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cyma._bce import bce_with_logits, check_unit_interval, gradient_and_hessian, number, real

__all__ = ["init_score", "lightgbm_logloss", "logistic", "xgboost_logloss"]


@runtime_checkable
class _Data(Protocol):
    """An ``xgboost.DMatrix`` or a ``lightgbm.Dataset``."""

    def get_label(self) -> Any: ...

    def get_weight(self) -> Any: ...


def _real(name: str, x: object) -> NDArray[Any]:
    """Array of real numbers; nothing here has an argument for a mask."""
    if isinstance(x, np.ma.MaskedArray):
        cure = "leave out the masked rows, or give them the weight 0"
        raise TypeError(f"{name} must not be a masked array: {cure}")
    return real(name, x)


def _check_labels(name: str, y: NDArray[Any]) -> None:
    """Raise ValueError at the first label outside [0, 1], with a hint for other classes."""
    try:
        check_unit_interval(name, y)
    except ValueError as error:
        hint = "the loss is binary only, with labels of 0 and 1 or between them"
        if np.all(np.abs(y) == 1):
            hint += "; (label + 1) / 2 makes those of labels -1 and 1"
        raise ValueError(f"{error}: {hint}") from None


def _weights(name: str, x: object, owner: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Finite weights of rows or of elements, which broadcast to the shape of their owner."""
    weight = _real(name, x)
    if weight.shape not in (shape, shape[:1]):
        message = f"{name} of shape {weight.shape} does not match {owner} of shape {shape}"
        raise ValueError(f"{message}: it has neither a weight for each row nor for each element")
    wrong = np.argwhere(~np.isfinite(weight))
    if len(wrong):
        index = wrong[0].tolist()
        raise ValueError(f"{name}{index or ''} = {weight[tuple(index)]} is not finite")
    return weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))


def _training_data(
    first: object, second: object, weight: object
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """Labels, raw scores and weights, from what a library passes, in the shape of the scores."""
    if isinstance(second, _Data):
        weights = second.get_weight()
        weight = weights if np.size(weights) else None  # empty: xgboost has none
        first, second = second.get_label(), first
    y_true, y_pred = _real("y_true", first), _real("y_pred", second)
    _check_labels("y_true", y_true)
    if y_true.shape != y_pred.shape:
        # xgboost flattens the labels of several targets.
        if y_true.size != y_pred.size or y_true.ndim != 1:
            message = f"y_true of shape {y_true.shape} does not match y_pred of shape"
            raise ValueError(f"{message} {y_pred.shape}: the objective is binary, a score a label")
        y_true = y_true.reshape(y_pred.shape)
    if weight is None:
        return y_true, y_pred, None
    return y_true, y_pred, _weights("sample_weight", weight, "y_pred", y_pred.shape)


def _not_negative(name: str, x: object) -> float:
    """Finite number that is not negative."""
    value: float = number(name, x)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} = {value} is negative or not finite")
    return value


@dataclasses.dataclass(frozen=True, repr=False)
class _Logistic:
    """What `logistic` returns: a class, so that it can be pickled, copied and compared."""

    scale_pos_weight: float
    min_hessian: float

    def __repr__(self) -> str:
        values = f"scale_pos_weight={self.scale_pos_weight!r}, min_hessian={self.min_hessian!r}"
        return f"logistic({values})"

    # The libraries look for three parameters, and for this name of the third.
    def __call__(
        self,
        y_true: ArrayLike | None,  # never None, but in LightGBM's annotations
        y_pred: ArrayLike | _Data,
        sample_weight: ArrayLike | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Gradient and Hessian; also called with the raw scores and the training data."""
        labels, scores, weight = _training_data(y_true, y_pred, sample_weight)
        grad, hess = gradient_and_hessian(
            scores,
            labels,
            weight=weight,
            pos_weight=self.scale_pos_weight,
            min_hessian=self.min_hessian,
        )
        return grad, hess


def logistic(
    *data: NoReturn,
    sample_weight: None = None,
    scale_pos_weight: float = 1.0,
    min_hessian: float = 1e-16,
) -> _Logistic:
    """Make the objective of binary classification by logistic loss.

    Parameters
    ----------
    *data, sample_weight
        Not to be given. The libraries would give them if `logistic` itself were
        passed as the objective, and not ``logistic()``: the error says so.
    scale_pos_weight : float, optional
        Weight of the positive class. The parameter of this name that xgboost and
        LightGBM have is ignored with a custom objective.
    min_hessian : float, optional
        Floor of the second derivative of the loss, before weights. The default
        is xgboost's; LightGBM has none.

    Returns
    -------
    objective : callable
        Takes what either library passes:

        - ``objective(y_pred, data)``, with an ``xgboost.DMatrix`` or a
          ``lightgbm.Dataset``: for ``xgboost.train(..., obj=objective)`` and
          ``lightgbm.train({"objective": objective, ...}, ...)``;
        - ``objective(y_true, y_pred, sample_weight=None)``: for
          ``XGBClassifier(objective=objective)`` and ``LGBMClassifier`` likewise.

        Labels are in [0, 1], predictions are raw scores (logits); weights are
        finite, one for each row or each prediction. Returns gradient and Hessian,
        arrays of float32 of the shape of the predictions. It can be pickled and
        copied.

    Raises
    ------
    TypeError
        If an argument is not a number, or is not a keyword. When called: if
        labels, predictions or weights are not real numbers, or are masked arrays.
    ValueError
        If an argument is negative or not finite. When called: if shapes do not
        match, a label is outside [0, 1], or a weight is not finite.

    See Also
    --------
    init_score, xgboost_logloss, lightgbm_logloss, cyma.bce_with_logits

    Notes
    -----
    With ``a = sample_weight * scale_pos_weight * y_true`` and ``b = sample_weight *
    (1 - y_true)``, the gradient is ``b * sigmoid(y_pred) - a * sigmoid(-y_pred)``
    and the Hessian ``(a + b) * max(sigmoid(y_pred) * sigmoid(-y_pred),
    min_hessian)``, both computed without cancellation, in one pass, in the
    precision of the predictions, and written as float32, which is what both
    libraries use: they convert nothing.

    A label between 0 and 1 is so weighted in part. The libraries differ: xgboost
    applies its ``scale_pos_weight`` to labels of 1 only, as ``sample_weight *
    numpy.where(y_true == 1, scale_pos_weight, 1)`` does here; LightGBM takes every
    label above 0 for 1.

    Neither library then starts boosting from the mean of the labels: see
    `init_score`. With a custom objective, models of ``xgboost.train`` and
    ``lightgbm.train`` predict raw scores, of which `cyma.sigmoid` makes
    probabilities; so do ``predict`` and ``predict_proba`` of ``LGBMClassifier``,
    with a warning. ``XGBClassifier`` gives labels and probabilities as ever.

    To stop early, give LightGBM a metric of raw scores, and none of its own: see
    `lightgbm_logloss`.

    Examples
    --------
    >>> import numpy as np
    >>> from cyma import objectives
    >>> objective = objectives.logistic(scale_pos_weight=2.0)
    >>> grad, hess = objective(np.array([0, 1, 1]), np.zeros(3, np.float32))
    >>> grad
    array([ 0.5, -1. , -1. ], dtype=float32)
    >>> hess
    array([0.25, 0.5 , 0.5 ], dtype=float32)
    """
    if data or sample_weight is not None:
        message = "it makes the objective: pass logistic(), not logistic"
        raise TypeError(f"logistic takes scale_pos_weight and min_hessian, as keywords; {message}")
    return _Logistic(
        _not_negative("scale_pos_weight", scale_pos_weight),
        _not_negative("min_hessian", min_hessian),
    )


def _sum_of_products(weight: NDArray[Any], part: NDArray[Any]) -> tuple[float, int]:
    """Sum as a mantissa and an exponent of 2: no weight is too large or too small for it."""
    counted = (weight != 0) & (part > 0)
    mantissas, exponents = np.frexp(weight[counted])
    others, more = np.frexp(part[counted])
    exponents += more
    largest = int(exponents.max()) if exponents.size else 0
    mantissa, exponent = np.frexp(np.sum(np.ldexp(mantissas * others, exponents - largest)))
    return float(mantissa), largest + int(exponent)


def _logit_of_mean(name: str, y: NDArray[Any], weight: NDArray[Any], scale: float) -> float:
    """Logit of the mean of a column of labels; positive ones count ``scale`` times."""
    factor, exponent = math.frexp(scale)
    positive, positive_exponent = _sum_of_products(weight, y)
    negative, negative_exponent = _sum_of_products(weight, 1 - y)
    positive *= factor
    for label, total in (1, positive), (0, negative):
        if not total > 0:
            sums = f"the weights of {label} do not sum to more than 0"
            raise ValueError(f"{name} has no finite logit of the mean: {sums}")
    odds = positive / negative
    exponent += positive_exponent - negative_exponent
    if abs(exponent) < 1000:
        return math.log(math.ldexp(odds, exponent))
    return math.log(odds) + exponent * math.log(2)


# An array of an unknown number of axes comes first, because it would match the others as well.
@overload
def init_score(
    y: np.ndarray[tuple[NoReturn, NoReturn, NoReturn], np.dtype[Any]],
    weight: ArrayLike | None = None,
    *,
    scale_pos_weight: float = 1.0,
) -> float | NDArray[np.float64]: ...
@overload
def init_score(
    y: Sequence[float] | np.ndarray[tuple[int], np.dtype[Any]],
    weight: ArrayLike | None = None,
    *,
    scale_pos_weight: float = 1.0,
) -> float: ...
@overload
def init_score(
    y: Sequence[Sequence[float]] | np.ndarray[tuple[int, int], np.dtype[Any]],
    weight: ArrayLike | None = None,
    *,
    scale_pos_weight: float = 1.0,
) -> NDArray[np.float64]: ...
@overload
def init_score(
    y: ArrayLike, weight: ArrayLike | None = None, *, scale_pos_weight: float = 1.0
) -> float | NDArray[np.float64]: ...
def init_score(
    y: ArrayLike, weight: ArrayLike | None = None, *, scale_pos_weight: float = 1.0
) -> float | NDArray[np.float64]:
    """Raw score to start boosting from: where the loss of `logistic` is least without trees.

    Parameters
    ----------
    y : array_like of real numbers, shape (n,) or (n, k)
        Labels in [0, 1]; in k columns, those of k targets.
    weight : array_like, shape (n,) or that of ``y``, optional
        Weights of the rows, or of the labels; finite. 1 by default.
    scale_pos_weight : float, optional
        Weight of the positive class, as in `logistic`.

    Returns
    -------
    score : float or ndarray of float64, shape (k,)
        ``log(m / (1 - m))`` of the weighted mean ``m`` of the labels, in which
        positive ones count ``scale_pos_weight`` times; of each column, if ``y``
        has two axes.

    Raises
    ------
    TypeError
        If an argument has no real numbers, or is a masked array.
    ValueError
        If a label is outside [0, 1], a weight is not finite, ``scale_pos_weight``
        is negative or not finite, shapes do not match, or all labels of a column
        are 0 or all are 1: their logit is infinite.

    See Also
    --------
    logistic

    Notes
    -----
    A trap: with a custom objective, LightGBM ignores ``boost_from_average`` and
    starts from a raw score of 0, and xgboost does not estimate its ``base_score``
    but takes 0.5. They need more rounds then to come to the same model. Give

    - LightGBM ``Dataset(..., init_score=np.full(len(y), score))``, of the
      validation data as well (``init_score`` and ``eval_init_score`` of
      ``LGBMClassifier.fit``), and add ``score`` to raw predictions: the model does
      not remember it. LightGBM has one target; each column has its own model.
    - xgboost ``{"base_score": score}``; but ``cyma.sigmoid(score)`` if its
      parameter ``objective`` is ``binary:logistic`` beside the custom one, as
      always in ``XGBClassifier``: then it is a probability. An array needs xgboost
      3.1; before that, it is given to all data, also to predict, as
      ``DMatrix(..., base_margin=np.tile(score, (n, 1)))``.

    The libraries' own objectives start from the same score where
    ``scale_pos_weight`` is 1. For the models that they make with another one, know
    that LightGBM leaves it out of the start, ``init_score(y, weight)``, and that
    xgboost takes a single Newton step from 0 towards the start given here:
    ``2 * cyma.tanh(score / 2)``. Before version 3.0 xgboost always takes that step,
    and before 3.1 it pools the targets.

    Examples
    --------
    >>> from cyma import objectives
    >>> print(f"{objectives.init_score([0, 1, 1, 1]):.6f}")
    1.098612
    >>> objectives.init_score([[0, 1], [1, 0], [1, 0]])
    array([ 0.69314718, -0.69314718])
    """
    labels = _real("y", y)
    labels = labels.astype(np.result_type(labels, np.float64))
    _check_labels("y", labels)
    if labels.ndim not in (1, 2):
        raise ValueError(f"y of shape {labels.shape} is neither (n,) nor (n, k)")
    weights = np.ones(1) if weight is None else _weights("weight", weight, "y", labels.shape)
    weights = weights.astype(np.result_type(weights, np.float64))
    weights = np.broadcast_to(weights, labels.shape)
    scale = _not_negative("scale_pos_weight", scale_pos_weight)
    if labels.ndim == 1:
        return _logit_of_mean("y", labels, weights, scale)
    columns = range(labels.shape[1])
    return np.array(
        [_logit_of_mean(f"y[:, {k}]", labels[:, k], weights[:, k], scale) for k in columns],
        np.float64,
    )


def _logloss(y_true: object, y_pred: object, sample_weight: object) -> float:
    labels, scores, weight = _training_data(y_true, y_pred, sample_weight)
    return float(bce_with_logits(scores, labels, weight=weight, reduction="weighted_mean"))


@overload
def xgboost_logloss(
    y_true: ArrayLike, y_pred: _Data, sample_weight: ArrayLike | None = None
) -> tuple[str, float]: ...
@overload
def xgboost_logloss(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> float: ...
def xgboost_logloss(
    y_true: ArrayLike, y_pred: ArrayLike | _Data, sample_weight: ArrayLike | None = None
) -> float | tuple[str, float]:
    """Mean logistic loss of raw scores, as an evaluation metric of xgboost.

    For ``xgboost.train(..., custom_metric=xgboost_logloss)`` and
    ``XGBClassifier(eval_metric=xgboost_logloss)``, beside the objective
    `logistic`.

    Parameters
    ----------
    y_true : array_like
        Labels in [0, 1]; or, in the first of those uses, the raw scores.
    y_pred : array_like or xgboost.DMatrix
        Raw scores; or the data.
    sample_weight : array_like, optional
        Weights, one for each row or each score.

    Returns
    -------
    loss : float or (str, float)
        The weighted mean; with its name if data were given. nan, with a
        RuntimeWarning, if the weights sum to 0 or there are no data.

    Raises
    ------
    TypeError, ValueError
        As from the objective that `logistic` returns.

    See Also
    --------
    logistic, lightgbm_logloss

    Notes
    -----
    xgboost passes raw scores to a metric when the objective is a custom one, and
    probabilities otherwise. It computes its own metric as well, unless told
    ``{"disable_default_eval_metric": True}``, but stops early on the last one only,
    which is this. Where its parameter ``objective`` is ``binary:logistic`` beside the
    custom one, as always in ``XGBClassifier``, its own ``logloss`` is right, too, and
    keeps more than the six decimals to which xgboost rounds the values of others.

    Examples
    --------
    >>> from cyma import objectives
    >>> print(f"{objectives.xgboost_logloss([0, 1], [-1.0, 3.0]):.6f}")
    0.180925
    """
    loss = _logloss(y_true, y_pred, sample_weight)
    return ("xgboost_logloss", loss) if isinstance(y_pred, _Data) else loss


def lightgbm_logloss(
    y_true: ArrayLike | None,  # as in the objective
    y_pred: ArrayLike | _Data,
    sample_weight: ArrayLike | None = None,
) -> tuple[str, float, bool]:
    """Mean logistic loss of raw scores, as an evaluation metric of LightGBM.

    For ``lightgbm.train(..., feval=lightgbm_logloss)`` and
    ``LGBMClassifier(metric="None").fit(..., eval_metric=lightgbm_logloss)``, beside
    the objective `logistic`.

    Parameters
    ----------
    y_true : array_like
        Labels in [0, 1]; or, in the first of those uses, the raw scores.
    y_pred : array_like or lightgbm.Dataset
        Raw scores; or the data.
    sample_weight : array_like, optional
        Weights, one for each row or each score.

    Returns
    -------
    name : str
        Of the metric.
    loss : float
        The weighted mean. nan, with a RuntimeWarning, if the weights sum to 0 or
        there are no data.
    is_higher_better : bool
        False.

    Raises
    ------
    TypeError, ValueError
        As from the objective that `logistic` returns.

    See Also
    --------
    logistic, xgboost_logloss

    Notes
    -----
    LightGBM passes raw scores to a metric when the objective is a custom one,
    and probabilities otherwise.

    A trap: without ``metric="None"``, ``LGBMClassifier`` keeps its own
    ``binary_logloss``, which takes the raw scores for probabilities, and early
    stopping stops on whichever metric is the first not to improve: often after a few
    rounds. ``lightgbm.train`` keeps none with a custom objective, unless its
    parameters name one; ``{"metric": "None"}`` is right there, too.

    Give the validation data the same start as the training data, see `init_score`.
    The model then predicts raw scores without it, also from ``predict_proba``, with
    a warning: probabilities are ``cyma.sigmoid(model.predict(x, raw_score=True) +
    score)``.

    Examples
    --------
    >>> from cyma import objectives
    >>> name, loss, is_higher_better = objectives.lightgbm_logloss([0, 1], [-1.0, 3.0])
    >>> print(f"{name} {loss:.6f} {is_higher_better}")
    lightgbm_logloss 0.180925 False
    """
    return "lightgbm_logloss", _logloss(y_true, y_pred, sample_weight), False
