"""Early stopping with cyma's objective in xgboost and LightGBM, beside their own objectives.

Each of the four ways to train stops after the same number of rounds, at the same loss of the
validation data, as with the objective that the library has. Two lines are easily forgotten: the
start, and ``metric="None"``, without which LGBMClassifier also stops on a metric of its own that
takes raw scores for probabilities.

Usage: ``python examples/early_stopping.py``; needs xgboost, LightGBM and scikit-learn. (LightGBM
4.7 warns that it has a new name for ``eval_set``, which older ones do not know.)
"""

import lightgbm
import numpy as np
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import cyma
from cyma import objectives

ROUNDS, PATIENCE = 300, 10
THREADS = {"n_jobs": 1}  # which is fastest for such small data


def xgboost_train(x, y, x_valid, y_valid, own=False):
    """Rounds and probabilities by ``xgboost.train``."""
    if own:
        parameters, arguments = {"objective": "binary:logistic"}, {}
    else:
        parameters = {"base_score": objectives.init_score(y), "disable_default_eval_metric": True}
        arguments = {"obj": objectives.logistic(), "custom_metric": objectives.xgboost_logloss}
    valid = xgboost.DMatrix(x_valid, y_valid)
    model = xgboost.train(
        {"max_depth": 4, **THREADS, **parameters},
        xgboost.DMatrix(x, y),
        ROUNDS,
        evals=[(valid, "valid")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
        **arguments,
    )
    rounds = model.best_iteration + 1
    scores = model.predict(valid, output_margin=True, iteration_range=(0, rounds))
    return rounds, cyma.sigmoid(scores)


def xgb_classifier(x, y, x_valid, y_valid, own=False):
    """Rounds and probabilities by ``xgboost.XGBClassifier``; its own metric is right, too."""
    parameters = {}
    if not own:  # the start is a probability here
        parameters["base_score"] = float(cyma.sigmoid(objectives.init_score(y)))
        parameters["objective"] = objectives.logistic()
    model = xgboost.XGBClassifier(
        n_estimators=ROUNDS, max_depth=4, early_stopping_rounds=PATIENCE, **THREADS, **parameters
    )
    model.fit(x, y, eval_set=[(x_valid, y_valid)], verbose=False)
    return model.best_iteration + 1, model.predict_proba(x_valid)[:, 1]


def lightgbm_train(x, y, x_valid, y_valid, own=False):
    """Rounds and probabilities by ``lightgbm.train``."""
    if own:
        parameters, metric, start = {"objective": "binary"}, None, 0.0
    else:
        parameters = {"objective": objectives.logistic(), "metric": "None"}
        metric, start = objectives.lightgbm_logloss, objectives.init_score(y)

    def data(x, y, reference=None):
        starts = None if own else np.full(len(y), start)
        return lightgbm.Dataset(x, y, init_score=starts, reference=reference)

    train = data(x, y)
    model = lightgbm.train(
        {"verbose": -1, **THREADS, **parameters},
        train,
        ROUNDS,
        valid_sets=[data(x_valid, y_valid, train)],
        feval=metric,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return model.best_iteration, cyma.sigmoid(model.predict(x_valid, raw_score=True) + start)


def lgbm_classifier(x, y, x_valid, y_valid, own=False):
    """Rounds and probabilities by ``lightgbm.LGBMClassifier``."""
    parameters, arguments, start = {}, {}, 0.0
    if not own:
        parameters = {"objective": objectives.logistic(), "metric": "None"}
        start = objectives.init_score(y)
        arguments = {
            "eval_metric": objectives.lightgbm_logloss,
            "init_score": np.full(len(y), start),
            "eval_init_score": [np.full(len(y_valid), start)],
        }
    model = lightgbm.LGBMClassifier(n_estimators=ROUNDS, verbose=-1, **THREADS, **parameters)
    model.fit(
        x,
        y,
        eval_set=[(x_valid, y_valid)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        **arguments,
    )
    # predict_proba would give raw scores here, without the start.
    return model.best_iteration_, cyma.sigmoid(model.predict(x_valid, raw_score=True) + start)


def main():
    """Train in all ways and print; returns rounds and loss of each, ours and the library's."""
    x, y = load_breast_cancer(return_X_y=True)
    x, x_valid, y, y_valid = train_test_split(x, y, test_size=0.3, random_state=0)
    results = {}
    print(f"{'':16} {'cyma':>20} {'own objective':>20}")
    for fit in (xgboost_train, xgb_classifier, lightgbm_train, lgbm_classifier):
        pair = []
        for own in (False, True):
            rounds, probabilities = fit(x, y, x_valid, y_valid, own=own)
            pair.append((rounds, log_loss(y_valid, probabilities)))
        columns = " ".join(f"{rounds:>6} rounds {loss:.4f}" for rounds, loss in pair)
        print(f"{fit.__name__:16} {columns}")
        results[fit.__name__] = pair
    return results


if __name__ == "__main__":
    main()
