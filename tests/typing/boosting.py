"""Types of `cyma.objectives`; to be read and run."""
# pyright: reportUnknownMemberType=false

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from cyma import objectives

labels, scores = np.array([0, 1, 1]), np.array([0.5, -0.5, 0.0])
objective = objectives.logistic(scale_pos_weight=2.0)
assert_type(objectives.init_score([0, 1, 1]), float)
assert_type(objectives.lightgbm_logloss([0, 1], [0.5, 1.5]), tuple[str, float, bool])
assert_type(objectives.lightgbm_logloss(labels, scores), tuple[str, float, bool])
gradient: NDArray[np.float32] = objective(labels, scores)[0]
loss: float | tuple[str, float] = objectives.xgboost_logloss(labels, scores)
