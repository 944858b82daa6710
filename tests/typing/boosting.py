"""Types of `cyma.objectives`; to be read and run."""

from typing import TypeAlias, assert_type

import numpy as np
from numpy.typing import NDArray

from cyma import objectives

Slopes: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]


def boosting(
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
    several: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    scores: NDArray[np.float32],
) -> None:
    objective = objectives.logistic(scale_pos_weight=2.0)
    assert_type(objective(labels, scores), Slopes)
    assert_type(objective([0, 1, 1], [0.5, -0.5, 0.0], sample_weight=[1, 2, 1]), Slopes)
    assert_type(objectives.init_score([0, 1, 1]), float)
    assert_type(objectives.init_score(labels, scale_pos_weight=2.0), float)
    assert_type(objectives.init_score(several, [1, 2, 1]), NDArray[np.float64])
    either: float | NDArray[np.float64] = objectives.init_score(scores)
    assert isinstance(either, float)
    assert_type(objectives.xgboost_logloss(labels, scores), float)
    assert_type(objectives.lightgbm_logloss(labels, scores), tuple[str, float, bool])


boosting(
    np.array([0, 1, 1]),
    np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]),
    np.array([0.0, 0.5, 1.0], np.float32),
)
