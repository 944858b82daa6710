"""Binary cross-entropy as a custom objective of gradient boosting, for xgboost and LightGBM.

Neither library is imported. Both compute `logistic` themselves, too, as ``binary:logistic`` and
``binary``; the objective here gives the same models, and is what to start from for a weighting or
a floor that they do not have.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from cyma._bce import bce_with_logits, check_unit_interval, gradient_and_hessian, number, real

__all__ = ["init_score", "lightgbm_logloss", "logistic", "xgboost_logloss"]


def _training_data(first, second, weight) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Labels, raw scores and weights, from what a library passes, in the shape of the scores."""
    if hasattr(second, "get_label"):  # an xgboost.DMatrix or a lightgbm.Dataset
        first, second, weight = second.get_label(), first, second.get_weight()
    y_true, y_pred = real("y_true", first), real("y_pred", second)
    if y_true.shape != y_pred.shape:
        # xgboost flattens the labels of several targets.
        if y_true.size != y_pred.size or y_true.ndim != 1:
            message = f"y_true of shape {y_true.shape} does not match y_pred of shape"
            raise ValueError(f"{message} {y_pred.shape}")
        y_true = y_true.reshape(y_pred.shape)
    check_unit_interval("y_true", y_true)
    if weight is None or np.size(weight) == 0:  # None in LightGBM, empty in xgboost
        return y_true, y_pred, None
    weight = real("sample_weight", weight)
    if weight.shape != y_pred.shape[:1]:
        message = f"sample_weight of shape {weight.shape} does not match y_pred of shape"
        raise ValueError(f"{message} {y_pred.shape}")
    return y_true, y_pred, weight.reshape(weight.shape + (1,) * (y_pred.ndim - 1))


def _not_negative(name: str, x) -> float:
    """Finite number that is not negative."""
    x = number(name, x)
    if not 0 <= x < math.inf:
        raise ValueError(f"{name} = {x} is negative or not finite")
    return x


@dataclasses.dataclass(frozen=True, repr=False)
class _Logistic:
    """What `logistic` returns: a class, so that it can be pickled, copied and compared."""

    scale_pos_weight: float
    min_hessian: float

    def __repr__(self):
        values = f"scale_pos_weight={self.scale_pos_weight!r}, min_hessian={self.min_hessian!r}"
        return f"logistic({values})"

    # The libraries look for three parameters, and for this name of the third.
    def __call__(self, y_true, y_pred, sample_weight=None) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian; also called with the raw scores and the training data."""
        y_true, y_pred, weight = _training_data(y_true, y_pred, sample_weight)
        return gradient_and_hessian(
            y_pred,
            y_true,
            weight=weight,
            pos_weight=self.scale_pos_weight,
            min_hessian=self.min_hessian,
        )


def logistic(*, scale_pos_weight: float = 1.0, min_hessian: float = 1e-16) -> _Logistic:
    """Make the objective of binary classification by logistic loss.

    Parameters
    ----------
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

        Labels are in [0, 1], predictions are raw scores (logits). Returns
        gradient and Hessian, arrays of float32 of the shape of the predictions.
        It can be pickled and copied.

    Raises
    ------
    TypeError
        If an argument is not a number. When called: if labels, predictions or
        weights are not.
    ValueError
        If an argument is negative or not finite. When called: if shapes do not
        match or a label is outside [0, 1].

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
    libraries use: they convert nothing. A label between 0 and 1 is so weighted
    in part, where xgboost weights labels of 1 only.

    Neither library then starts boosting from the mean of the labels: see
    `init_score`. What a model predicts with a custom objective are raw scores,
    unless it was told otherwise (``XGBClassifier`` gives probabilities):
    `cyma.sigmoid` makes probabilities of them.

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
    return _Logistic(
        _not_negative("scale_pos_weight", scale_pos_weight),
        _not_negative("min_hessian", min_hessian),
    )


def init_score(y, weight=None) -> float:
    """Raw score to start boosting from: the logit of the mean label.

    Parameters
    ----------
    y : array_like of real numbers
        Labels in [0, 1].
    weight : array_like, optional
        Weights of the labels, of their shape; not negative. 1 by default.

    Returns
    -------
    score : float
        ``log(m / (1 - m))`` of the weighted mean ``m`` of the labels.

    Raises
    ------
    TypeError
        If an argument has no real numbers.
    ValueError
        If a label is outside [0, 1], a weight is negative, shapes do not match,
        or all labels are 0 or all are 1: their logit is infinite.

    See Also
    --------
    logistic

    Notes
    -----
    A trap: with a custom objective, LightGBM ignores ``boost_from_average`` and
    starts from a raw score of 0, and xgboost does not estimate its ``base_score``
    but takes 0.5. They need more rounds then to come to the same model. Give

    - LightGBM ``Dataset(..., init_score=np.full(len(y), score))``, and add
      ``score`` to raw predictions: the model does not remember it;
    - xgboost ``{"base_score": score}``; but ``cyma.sigmoid(score)`` if its
      parameter ``objective`` is ``binary:logistic`` beside the custom one, as
      always in ``XGBClassifier``: then it is a probability.

    Examples
    --------
    >>> from cyma import objectives
    >>> print(f"{objectives.init_score([0, 1, 1, 1]):.6f}")
    1.098612
    """
    y = real("y", y).astype(np.float64)
    check_unit_interval("y", y)
    weight = np.ones(y.shape) if weight is None else real("weight", weight).astype(np.float64)
    if weight.shape != y.shape:
        raise ValueError(f"weight of shape {weight.shape} does not match y of shape {y.shape}")
    wrong = weight[~((weight >= 0) & (weight < math.inf))]
    if wrong.size:
        raise ValueError(f"weight has {wrong[0]}, which is negative or not finite")
    with np.errstate(all="ignore"):
        positive, negative = float(np.sum(weight * y)), float(np.sum(weight * (1 - y)))
    if not (0 < positive < math.inf and 0 < negative < math.inf):
        sums = f"the weights of 1 and of 0 sum to {positive:g} and {negative:g}"
        raise ValueError(f"y has no finite logit of the mean: {sums}")
    return math.log(positive / negative)


def _logloss(y_true, y_pred, weight) -> float:
    y_true, y_pred, weight = _training_data(y_true, y_pred, weight)
    return float(bce_with_logits(y_pred, y_true, weight=weight, reduction="weighted_mean"))


def xgboost_logloss(y_true, y_pred, sample_weight=None) -> float | tuple[str, float]:
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
        Weights.

    Returns
    -------
    loss : float or (str, float)
        The weighted mean; with its name if data were given.

    Raises
    ------
    TypeError, ValueError
        As from `logistic`.

    See Also
    --------
    logistic, lightgbm_logloss

    Notes
    -----
    xgboost passes raw scores to a metric when the objective is a custom one, and
    probabilities otherwise.

    Examples
    --------
    >>> from cyma import objectives
    >>> print(f"{objectives.xgboost_logloss([0, 1], [-1.0, 3.0]):.6f}")
    0.180925
    """
    loss = _logloss(y_true, y_pred, sample_weight)
    return ("xgboost_logloss", loss) if hasattr(y_pred, "get_label") else loss


def lightgbm_logloss(y_true, y_pred, sample_weight=None) -> tuple[str, float, bool]:
    """Mean logistic loss of raw scores, as an evaluation metric of LightGBM.

    For ``lightgbm.train(..., feval=lightgbm_logloss)`` and
    ``LGBMClassifier().fit(..., eval_metric=lightgbm_logloss)``, beside the
    objective `logistic`.

    Parameters
    ----------
    y_true : array_like
        Labels in [0, 1]; or, in the first of those uses, the raw scores.
    y_pred : array_like or lightgbm.Dataset
        Raw scores; or the data.
    sample_weight : array_like, optional
        Weights.

    Returns
    -------
    name : str
        Of the metric.
    loss : float
        The weighted mean.
    is_higher_better : bool
        False.

    Raises
    ------
    TypeError, ValueError
        As from `logistic`.

    See Also
    --------
    logistic, xgboost_logloss

    Notes
    -----
    LightGBM passes raw scores to a metric when the objective is a custom one,
    and probabilities otherwise. Its own ``binary_logloss`` takes raw scores for
    probabilities then.

    Examples
    --------
    >>> from cyma import objectives
    >>> name, loss, is_higher_better = objectives.lightgbm_logloss([0, 1], [-1.0, 3.0])
    >>> print(f"{name} {loss:.6f} {is_higher_better}")
    lightgbm_logloss 0.180925 False
    """
    return "lightgbm_logloss", _logloss(y_true, y_pred, sample_weight), False
