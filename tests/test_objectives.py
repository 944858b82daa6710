"""Objectives and metrics: the values, real models trained with them, and errors."""

import copy
import functools
import json
import math
import pickle

import lightgbm
import numpy as np
import pandas
import pytest
import xgboost
from conftest import assert_same_bits
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import cyma
from cyma import objectives

X, Y = load_breast_cancer(return_X_y=True)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(Y))
WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
SCALED = pytest.mark.parametrize("scale_pos_weight", [1.0, 2.5])
ROUNDS = 50
# Several targets, from rare to frequent.
TARGETS = np.column_stack([Y, X[:, 0] > 18, X[:, 1] > 20]).astype(float)
XGBOOST = {"max_depth": 4, "eta": 0.3, "nthread": 1, "tree_method": "hist"}
LIGHTGBM = {"verbose": -1, "num_threads": 1, "deterministic": True, "seed": 0}


def base_score(weight):
    """The probability that xgboost's own objective starts from, so that ours does likewise."""
    return float(cyma.sigmoid(objectives.init_score(Y, weight)))


@SCALED
@WEIGHTED
def test_xgboost_trains_the_same_model(weight, scale_pos_weight):
    data = xgboost.DMatrix(X, Y, weight=weight)
    start = {**XGBOOST, "base_score": base_score(weight)}
    own = {**start, "objective": "binary:logistic", "scale_pos_weight": scale_pos_weight}
    expected = xgboost.train(own, data, ROUNDS).predict(data)
    history = {}
    model = xgboost.train(
        {**XGBOOST, "base_score": objectives.init_score(Y, weight)},
        data,
        ROUNDS,
        obj=objectives.logistic(scale_pos_weight=scale_pos_weight),
        custom_metric=objectives.xgboost_logloss,
        evals=[(data, "train")],
        evals_result=history,
        verbose_eval=False,
    )
    probabilities = cyma.sigmoid(model.predict(data, output_margin=True))
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    assert np.ptp(probabilities) > 0.9
    losses = history["train"]["xgboost_logloss"]
    # xgboost rounds metrics to six decimals.
    assert losses[-1] == pytest.approx(log_loss(Y, expected, sample_weight=weight), abs=1e-6)
    assert losses == sorted(losses, reverse=True)


@WEIGHTED
def test_xgb_classifier_trains_the_same_model(weight):
    options = {"n_estimators": ROUNDS, "max_depth": 4, "n_jobs": 1}
    expected = xgboost.XGBClassifier(**options).fit(X, Y, sample_weight=weight).predict_proba(X)
    model = xgboost.XGBClassifier(
        **options,
        objective=objectives.logistic(),
        base_score=base_score(weight),
        eval_metric=objectives.xgboost_logloss,
    )
    model = clone(model).fit(
        X,
        Y,
        sample_weight=weight,
        eval_set=[(X, Y)],
        sample_weight_eval_set=None if weight is None else [weight],
        verbose=False,
    )
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-5)
    loss = model.evals_result()["validation_0"]["xgboost_logloss"][-1]
    assert loss == pytest.approx(log_loss(Y, expected[:, 1], sample_weight=weight), abs=1e-6)


@SCALED
@WEIGHTED
def test_lightgbm_trains_the_same_model(weight, scale_pos_weight):
    def data(init_score=None):
        return lightgbm.Dataset(X, Y, weight=weight, init_score=init_score)

    own = {**LIGHTGBM, "objective": "binary", "scale_pos_weight": scale_pos_weight}
    expected = lightgbm.train(own, data(), ROUNDS).predict(X)
    start = objectives.init_score(Y, weight)
    train, history = data(np.full(len(Y), start)), {}
    model = lightgbm.train(
        {**LIGHTGBM, "objective": objectives.logistic(scale_pos_weight=scale_pos_weight)},
        train,
        ROUNDS,
        valid_sets=[train],
        feval=objectives.lightgbm_logloss,
        callbacks=[lightgbm.record_evaluation(history)],
    )
    probabilities = cyma.sigmoid(model.predict(X, raw_score=True) + start)
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    losses = history["training"]["lightgbm_logloss"]
    assert losses[-1] == pytest.approx(log_loss(Y, expected, sample_weight=weight), rel=1e-6)
    assert losses == sorted(losses, reverse=True)


@WEIGHTED
@pytest.mark.filterwarnings("ignore:.*eval_set")  # the newest LightGBM has other arguments
def test_lgbm_classifier_trains_the_same_model(weight):
    options = {"n_estimators": ROUNDS, "verbose": -1, "n_jobs": 1, "random_state": 0}
    expected = lightgbm.LGBMClassifier(**options).fit(X, Y, sample_weight=weight)
    start = objectives.init_score(Y, weight)
    starts = np.full(len(Y), start)
    model = clone(lightgbm.LGBMClassifier(**options, objective=objectives.logistic())).fit(
        X,
        Y,
        sample_weight=weight,
        init_score=starts,
        eval_set=[(X, Y)],
        eval_sample_weight=[weight],
        eval_init_score=[starts],
        eval_metric=objectives.lightgbm_logloss,
    )
    probabilities = cyma.sigmoid(model.predict(X, raw_score=True) + start)
    expected = expected.predict_proba(X)[:, 1]
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    loss = model.evals_result_["training"]["lightgbm_logloss"][-1]
    assert loss == pytest.approx(log_loss(Y, expected, sample_weight=weight), rel=1e-6)


def test_lightgbm_ignores_boost_from_average_with_a_custom_objective():
    # The trap that init_score() documents: the first tree starts from 0.
    options = {**LIGHTGBM, "objective": objectives.logistic(), "boost_from_average": True}
    model = lightgbm.train(options, lightgbm.Dataset(X, Y), 1)
    own = lightgbm.train({**LIGHTGBM, "objective": "binary"}, lightgbm.Dataset(X, Y), 1)
    start = objectives.init_score(Y)
    mean = np.mean(model.predict(X, raw_score=True))
    assert abs(mean) < abs(np.mean(own.predict(X, raw_score=True)) - mean)
    assert abs(np.mean(own.predict(X, raw_score=True)) - start) < 0.1


def test_lgbm_classifier_predicts_raw_scores_with_a_custom_objective():
    model = lightgbm.LGBMClassifier(objective=objectives.logistic(), n_estimators=5, verbose=-1)
    scores = model.fit(X, Y).predict(X, raw_score=True)
    assert scores.min() < 0
    for predict in (model.predict, model.predict_proba):
        with pytest.warns(UserWarning, match="Returning raw scores"):
            np.testing.assert_array_equal(predict(X), scores)


class TestOwnStarts:
    """Where the libraries' own objectives start, beside `init_score`."""

    @staticmethod
    def xgboosts(y, weight=None, **options):
        """The raw score of each target from which a model of xgboost says that it started."""
        options = {**XGBOOST, "objective": "binary:logistic", **options}
        model = xgboost.train(options, xgboost.DMatrix(X, y, weight=weight), 1)
        learner = json.loads(model.save_config())["learner"]
        p = np.array(json.loads(learner["learner_model_param"]["base_score"]))
        return np.log(p / (1 - p))

    @staticmethod
    def lightgbms(y, weight=None, **options):
        """The raw score that LightGBM predicts from features which tell nothing."""
        nothing = np.zeros((len(y), 1))
        options = {**LIGHTGBM, "objective": "binary", **options}
        model = lightgbm.train(options, lightgbm.Dataset(nothing, y, weight=weight), 1)
        return model.predict(nothing[:1], raw_score=True)[0]

    @WEIGHTED
    @pytest.mark.parametrize("scale_pos_weight", [1, 5, 0.3])
    @pytest.mark.parametrize("y", [Y, TARGETS], ids=["one target", "three targets"])
    @pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
    def test_xgboosts(self, y, weight, scale_pos_weight, strategy):
        start = objectives.init_score(y, weight, scale_pos_weight=scale_pos_weight)
        own = self.xgboosts(y, weight, scale_pos_weight=scale_pos_weight, multi_strategy=strategy)
        # But with equal weights of both classes, a single Newton step from 0.
        expected = start if scale_pos_weight == 1 else 2 * np.tanh(start / 2)
        np.testing.assert_allclose(np.ravel(expected), own, rtol=1e-6, atol=1e-6)

    def test_xgboosts_with_labels_between_0_and_1(self):
        # It weights labels of 1 only, which can be said by weights.
        y = np.random.default_rng(0).choice([0, 0.3, 0.8, 1], len(Y))
        start = objectives.init_score(y, WEIGHT * np.where(y == 1, 5, 1))
        own = self.xgboosts(y, WEIGHT, scale_pos_weight=5)
        np.testing.assert_allclose(2 * np.tanh(start / 2), own, rtol=1e-6)
        assert abs(objectives.init_score(y, WEIGHT, scale_pos_weight=5) - start) > 0.1

    @WEIGHTED
    @pytest.mark.parametrize("options", [{}, {"scale_pos_weight": 5.0}, {"is_unbalance": True}])
    @pytest.mark.parametrize("k", range(3))
    def test_lightgbms(self, k, weight, options):
        # Which has nothing of how the classes are weighted.
        weight = None if weight is None else weight.astype(np.float32)
        start = objectives.init_score(TARGETS, weight)[k]
        assert self.lightgbms(TARGETS[:, k], weight, **options) == pytest.approx(start, rel=1e-12)

    def test_lightgbms_with_labels_between_0_and_1(self):
        # It takes every one above 0 for 1.
        y = np.random.default_rng(0).choice([0, 0.3, 0.8, 1], len(Y))
        assert self.lightgbms(y) == pytest.approx(objectives.init_score(y > 0), rel=1e-12)
        options = {**LIGHTGBM, "objective": "binary", "scale_pos_weight": 3}
        soft, hard = (lightgbm.train(options, lightgbm.Dataset(X, z), 5) for z in (y, y > 0))
        np.testing.assert_array_equal(soft.predict(X), hard.predict(X))


class TestSeveralTargets:
    """Models of several targets are those of the built-in objective, started where that starts."""

    @staticmethod
    def start(weight, scale_pos_weight):
        start = objectives.init_score(TARGETS, weight, scale_pos_weight=scale_pos_weight)
        return start if scale_pos_weight == 1 else 2 * np.tanh(start / 2)

    @SCALED
    @WEIGHTED
    @pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
    def test_xgboost(self, weight, scale_pos_weight, strategy):
        def probabilities(start=None, base_margin=None):
            train = xgboost.DMatrix(X, TARGETS, weight=weight, base_margin=base_margin)
            start = {} if start is None else {"base_score": start}
            model = xgboost.train({**options, **start}, train, ROUNDS, obj=objective)
            return cyma.sigmoid(model.predict(train, output_margin=True))

        options = {**XGBOOST, "multi_strategy": strategy}
        objective = objectives.logistic(scale_pos_weight=scale_pos_weight)
        data = xgboost.DMatrix(X, TARGETS, weight=weight)
        own = {"objective": "binary:logistic", "scale_pos_weight": scale_pos_weight}
        expected = xgboost.train({**options, **own}, data, ROUNDS).predict(data)
        start = self.start(weight, scale_pos_weight)
        for result in (
            probabilities(start),
            probabilities(start.tolist()),
            probabilities(base_margin=np.tile(start, (len(X), 1))),
        ):
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)
        pooled = objectives.init_score(TARGETS.ravel())
        assert np.max(np.abs(probabilities(pooled) - expected)) > 0.01

    @SCALED
    def test_xgb_classifier(self, scale_pos_weight):
        options = {"n_estimators": ROUNDS, "max_depth": 4, "n_jobs": 1}
        own = xgboost.XGBClassifier(**options, scale_pos_weight=scale_pos_weight)
        expected = own.fit(X, TARGETS, sample_weight=WEIGHT).predict_proba(X)
        model = xgboost.XGBClassifier(
            **options,
            objective=objectives.logistic(scale_pos_weight=scale_pos_weight),
            base_score=cyma.sigmoid(self.start(WEIGHT, scale_pos_weight)).tolist(),
        )
        result = model.fit(X, TARGETS, sample_weight=WEIGHT).predict_proba(X)
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)

    @SCALED
    @WEIGHTED
    def test_lightgbm_has_a_model_for_each(self, weight, scale_pos_weight):
        starts = objectives.init_score(TARGETS, weight)
        for y, start in zip(TARGETS.T, starts, strict=True):
            own = {**LIGHTGBM, "objective": "binary", "scale_pos_weight": scale_pos_weight}
            expected = lightgbm.train(own, lightgbm.Dataset(X, y, weight=weight), ROUNDS)
            data = lightgbm.Dataset(X, y, weight=weight, init_score=np.full(len(y), start))
            options = {"objective": objectives.logistic(scale_pos_weight=scale_pos_weight)}
            model = lightgbm.train({**LIGHTGBM, **options}, data, ROUNDS)
            probabilities = cyma.sigmoid(model.predict(X, raw_score=True) + start)
            np.testing.assert_allclose(probabilities, expected.predict(X), rtol=0, atol=1e-5)


def test_xgboost_trains_the_same_model_with_labels_between_0_and_1():
    y = np.clip(Y + np.random.default_rng(0).choice([-0.3, 0, 0.3], len(Y)), 0, 1)
    data = xgboost.DMatrix(X, y, weight=WEIGHT)
    start = {**XGBOOST, "base_score": 0.5}
    own = {**start, "objective": "binary:logistic", "scale_pos_weight": 3}
    expected = xgboost.train(own, data, ROUNDS).predict(data, output_margin=True)
    data.set_weight(WEIGHT * np.where(y == 1, 3, 1))
    model = xgboost.train({**XGBOOST, "base_score": 0}, data, ROUNDS, obj=objectives.logistic())
    result = model.predict(data, output_margin=True)
    np.testing.assert_allclose(cyma.sigmoid(result), cyma.sigmoid(expected), rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
class TestEarlyStopping:
    """It stops where the built-in objective does, at the same loss of the validation data."""

    PATIENCE, MOST = 10, 300

    @staticmethod
    def split(seed):
        return train_test_split(X, Y, test_size=0.3, random_state=seed)

    def lightgbm(self, seed, options, feval=None, start=None):
        x, x_valid, y, y_valid = self.split(seed)

        def data(x, y, reference=None):
            starts = None if start is None else np.full(len(y), start)
            return lightgbm.Dataset(x, y, init_score=starts, reference=reference)

        train = data(x, y)
        model = lightgbm.train(
            {**LIGHTGBM, **options},
            train,
            self.MOST,
            valid_sets=[data(x_valid, y_valid, train)],
            feval=feval,
            callbacks=[lightgbm.early_stopping(self.PATIENCE, verbose=False)],
        )
        return model.best_iteration, model.best_score["valid_0"]

    def test_lightgbm(self, seed):
        rounds, losses = self.lightgbm(seed, {"objective": "binary"})
        start = objectives.init_score(self.split(seed)[2])
        # Nor does a metric of the parameters count where "None" stands for it.
        options = {"objective": objectives.logistic(), "metric": "None"}
        result = self.lightgbm(seed, options, objectives.lightgbm_logloss, start)
        assert result[0] == rounds
        assert list(result[1]) == ["lightgbm_logloss"]
        loss = result[1]["lightgbm_logloss"]
        assert loss == pytest.approx(losses["binary_logloss"], rel=1e-6)

    def lgbm_classifier(self, seed, start=None, eval_metric=None, **options):
        x, x_valid, y, y_valid = self.split(seed)
        model = lightgbm.LGBMClassifier(
            n_estimators=self.MOST, verbose=-1, n_jobs=1, random_state=0, **options
        )
        return model.fit(
            x,
            y,
            init_score=None if start is None else np.full(len(y), start),
            eval_set=[(x_valid, y_valid)],
            eval_init_score=None if start is None else [np.full(len(y_valid), start)],
            eval_metric=eval_metric,
            callbacks=[lightgbm.early_stopping(self.PATIENCE, verbose=False)],
        )

    @pytest.mark.filterwarnings("ignore:.*eval_set")
    def test_lgbm_classifier(self, seed):
        own = self.lgbm_classifier(seed)
        _, x_valid, y, y_valid = self.split(seed)
        start = objectives.init_score(y)
        options = {"objective": objectives.logistic(), "eval_metric": objectives.lightgbm_logloss}
        model = self.lgbm_classifier(seed, start, **options, metric="None")
        assert model.best_iteration_ == own.best_iteration_
        assert list(model.best_score_["valid_0"]) == ["lightgbm_logloss"]
        probabilities = cyma.sigmoid(model.predict(x_valid, raw_score=True) + start)
        expected = own.predict_proba(x_valid)[:, 1]
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
        loss = model.best_score_["valid_0"]["lightgbm_logloss"]
        assert loss == pytest.approx(log_loss(y_valid, expected), rel=1e-6)
        # The trap: its own metric, of raw scores, ends it after a few rounds.
        trapped = self.lgbm_classifier(seed, start, **options)
        assert trapped.best_iteration_ < 10 < own.best_iteration_
        assert trapped.best_score_["valid_0"]["lightgbm_logloss"] > 2 * loss

    def xgboost(self, seed, options, **arguments):
        x, x_valid, y, y_valid = self.split(seed)
        model = xgboost.train(
            {**XGBOOST, **options},
            xgboost.DMatrix(x, y),
            self.MOST,
            evals=[(xgboost.DMatrix(x_valid, y_valid), "valid")],
            early_stopping_rounds=self.PATIENCE,
            verbose_eval=False,
            **arguments,
        )
        return model.best_iteration, pytest.approx(model.best_score, abs=1e-6)

    def test_xgboost(self, seed):
        expected = self.xgboost(seed, {"objective": "binary:logistic"})
        start = objectives.init_score(self.split(seed)[2])
        ours = {"obj": objectives.logistic(), "custom_metric": objectives.xgboost_logloss}
        # Its own metric, the error of a regression here, stays, but is not the last one.
        for quiet in (False, True):
            options = {"base_score": start, "disable_default_eval_metric": quiet}
            assert self.xgboost(seed, options, **ours) == expected
        # Where it knows what raw scores are, its own metric is right.
        options = {"base_score": float(cyma.sigmoid(start)), "objective": "binary:logistic"}
        assert self.xgboost(seed, options, obj=objectives.logistic()) == expected

    @pytest.mark.parametrize("eval_metric", [None, objectives.xgboost_logloss])
    def test_xgb_classifier(self, seed, eval_metric):
        x, x_valid, y, y_valid = self.split(seed)

        def fitted(**options):
            model = xgboost.XGBClassifier(
                n_estimators=self.MOST,
                max_depth=4,
                n_jobs=1,
                early_stopping_rounds=self.PATIENCE,
                **options,
            )
            return model.fit(x, y, eval_set=[(x_valid, y_valid)], verbose=False)

        own = fitted()
        model = fitted(
            objective=objectives.logistic(),
            base_score=float(cyma.sigmoid(objectives.init_score(y))),
            eval_metric=eval_metric,
        )
        assert model.best_iteration == own.best_iteration
        assert model.best_score == pytest.approx(own.best_score, abs=1e-6)
        np.testing.assert_allclose(
            model.predict_proba(x_valid), own.predict_proba(x_valid), rtol=0, atol=1e-5
        )


# Ways to give an objective, with labels and weights, to the libraries.
WAYS = {
    "xgboost.train": lambda objective, y, weight: xgboost.train(
        XGBOOST, xgboost.DMatrix(X, y, weight=weight), 2, obj=objective
    ),
    "XGBClassifier": lambda objective, y, weight: xgboost.XGBClassifier(
        objective=objective, n_estimators=2, n_jobs=1
    ).fit(X, y, sample_weight=weight),
    "lightgbm.train": lambda objective, y, weight: lightgbm.train(
        {**LIGHTGBM, "objective": objective}, lightgbm.Dataset(X, y, weight=weight), 2
    ),
    "LGBMClassifier": lambda objective, y, weight: lightgbm.LGBMClassifier(
        objective=objective, n_estimators=2, n_jobs=1, verbose=-1
    ).fit(X, y, sample_weight=weight),
}
IN_ALL_WAYS = pytest.mark.parametrize("train", WAYS.values(), ids=WAYS)


class TestNotCalled:
    message = r"logistic takes .* keywords; .* pass logistic\(\), not logistic"

    @IN_ALL_WAYS
    @WEIGHTED
    @pytest.mark.parametrize(
        "objective",
        [objectives.logistic, functools.partial(objectives.logistic, scale_pos_weight=2.0)],
        ids=["itself", "partial"],
    )
    def test_in_the_libraries(self, train, weight, objective):
        with pytest.raises(TypeError, match=self.message):
            train(objective, Y, weight)
        train(objective(), Y, weight)

    @pytest.mark.parametrize(
        "arguments", [(None,), (2.0,), ([0, 1], [0.5, 0.5]), ([0, 1], [0.5, 0.5], [1, 1])]
    )
    def test_with_data(self, arguments):
        with pytest.raises(TypeError, match=self.message):
            objectives.logistic(*arguments)
        with pytest.raises(TypeError, match=self.message):
            objectives.logistic(sample_weight=[1, 1])


class TestValues:
    y = np.array([0, 1, 1, 0, 1], np.float32)
    scores = np.array([-40.0, -10.0, 0.5, 30.0, 100.0], np.float32)

    def test_gradient_and_hessian(self):
        grad, hess = objectives.logistic(min_hessian=0.0)(self.y, self.scores)
        np.testing.assert_allclose(grad, cyma.sigmoid_bce_grad(self.scores, self.y), rtol=1e-6)
        np.testing.assert_allclose(hess, cyma.sigmoid_deriv(self.scores), rtol=1e-6)
        assert hess[4] > 0  # 3.8e-44

    def test_floor_of_the_hessian_is_before_weights(self):
        for floor in (1e-16, 1e-3):
            weight = np.array([1, 2, 3, 4, 0], np.float32)
            _, hess = objectives.logistic(min_hessian=floor)(self.y, self.scores, weight)
            expected = weight * np.maximum(cyma.sigmoid_deriv(self.scores), np.float32(floor))
            np.testing.assert_allclose(hess, expected, rtol=1e-6)

    def test_weights(self):
        weight = np.array([1, 2, 3, 4, 5], np.float32)
        plain = objectives.logistic()(self.y, self.scores)
        weighted = objectives.logistic(scale_pos_weight=3)(self.y, self.scores, weight)
        for a, b in zip(weighted, plain, strict=True):
            # Beside rounding, of subnormal numbers by a step before they are weighted.
            expected = b * weight * np.where(self.y == 1, 3, 1)
            np.testing.assert_allclose(a, expected, rtol=1e-6, atol=15 * 2.0**-149)

    @pytest.mark.parametrize("scores", ["f4", "f8", "longdouble", "f2"])
    @pytest.mark.parametrize("labels", ["f4", "f8", "i8", "?"])
    def test_results_are_contiguous_float32(self, labels, scores):
        rng = np.random.default_rng(1)
        y, x = rng.random(40_000) < 0.5, rng.normal(0, 3, 40_000).astype(scores)
        expected = objectives.logistic()(y.astype("f4"), x.astype("f4"))
        for result, other in zip(objectives.logistic()(y.astype(labels), x), expected, strict=True):
            assert result.dtype == np.float32
            assert result.flags.c_contiguous
            np.testing.assert_allclose(result, other, rtol=1e-5)

    def test_labels_between_0_and_1(self):
        y, x = np.array([0.25, 0.5], np.float32), np.array([1.0, -2.0], np.float32)
        grad, hess = objectives.logistic(scale_pos_weight=3)(y, x)
        s = cyma.sigmoid(x.astype(float))
        np.testing.assert_allclose(grad, (1 - y) * s - 3 * y * (1 - s), rtol=1e-6)
        np.testing.assert_allclose(hess, (1 + 2 * y) * s * (1 - s), rtol=1e-6)

    def test_several_targets(self):
        # xgboost passes flat labels, and a weight for each row.
        y, x, weight = self.y[:4], self.scores[:4].reshape(2, 2), np.array([1, 2], np.float32)
        grad, hess = objectives.logistic()(y, x, weight)
        flat = objectives.logistic()(y, x.ravel(), weight.repeat(2))
        assert_same_bits(grad, flat[0].reshape(2, 2))
        assert_same_bits(hess, flat[1].reshape(2, 2))

    def test_weights_of_single_predictions(self):
        y, x = self.y[:4].reshape(2, 2), self.scores[:4].reshape(2, 2)
        weight = np.array([[1, 2], [3, 4]], np.float32)
        for call in (objectives.logistic(), objectives.xgboost_logloss):
            result = np.array(call(y, x, weight))
            flat = np.array(call(y.ravel(), x.ravel(), weight.ravel()))
            assert_same_bits(result, flat.reshape(result.shape))

    def test_labels_and_weights_of_pandas(self):
        y, weight = pandas.Series([0, 1, 1]), pandas.Series([1.0, 2.0, 0.5], index=[7, 8, 9])
        x, plain = np.array([0.5, -1, 2]), (y.to_numpy(), weight.to_numpy())
        for call in (objectives.logistic(), objectives.lightgbm_logloss):
            np.testing.assert_array_equal(call(y, x, weight), call(plain[0], x, plain[1]))
        assert objectives.init_score(y, weight) == objectives.init_score(*plain)
        assert objectives.init_score(pandas.DataFrame({"a": y, "b": 1 - y})).shape == (2,)

    def test_negative_weights_are_lightgbms(self):
        # xgboost has none.
        weight = np.where(np.arange(len(Y)) % 10 == 0, -0.5, 1)
        own = {**LIGHTGBM, "objective": "binary"}
        model = lightgbm.train(own, lightgbm.Dataset(X, Y, weight=weight), ROUNDS)
        start = objectives.init_score(Y, weight)
        history = {}
        data = lightgbm.Dataset(X, Y, weight=weight, init_score=np.full(len(Y), start))
        ours = lightgbm.train(
            {**LIGHTGBM, "objective": objectives.logistic()},
            data,
            ROUNDS,
            valid_sets=[data],
            feval=objectives.lightgbm_logloss,
            callbacks=[lightgbm.record_evaluation(history)],
        )
        scores = ours.predict(X, raw_score=True) + start
        np.testing.assert_allclose(cyma.sigmoid(scores), model.predict(X), rtol=0, atol=1e-5)
        expected = np.average(cyma.sigmoid_bce(scores, Y), weights=weight)
        loss = history["training"]["lightgbm_logloss"][-1]
        assert loss == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("weight", [None, []])
    def test_no_data(self, weight):
        grad, hess = objectives.logistic()([], [], weight)
        assert grad.shape == hess.shape == (0,)

    def test_metrics(self):
        y, scores, weight = [0, 1, 1], [-1.0, 3.0, 0.5], [1.0, 2.0, 0.5]
        expected = log_loss(y, cyma.sigmoid(scores), sample_weight=weight)
        assert objectives.xgboost_logloss(y, scores, weight) == pytest.approx(expected, rel=1e-14)
        name, loss, is_higher_better = objectives.lightgbm_logloss(y, scores, weight)
        assert (name, is_higher_better) == ("lightgbm_logloss", False)
        assert loss == pytest.approx(expected, rel=1e-14)

    def test_objective_can_be_copied_pickled_and_printed(self):
        objective = objectives.logistic(scale_pos_weight=2, min_hessian=1e-6)
        assert pickle.loads(pickle.dumps(objective)) == copy.deepcopy(objective) == objective
        assert objective != objectives.logistic()
        assert eval(repr(objective), {"logistic": objectives.logistic}) == objective


class TestInitScore:
    def test_is_the_logit_of_the_mean(self):
        assert objectives.init_score([0, 1]) == 0
        assert objectives.init_score(Y) == pytest.approx(math.log(Y.mean() / (1 - Y.mean())))
        mean = np.average(Y, weights=WEIGHT)
        assert objectives.init_score(Y, WEIGHT) == pytest.approx(math.log(mean / (1 - mean)))
        assert type(objectives.init_score(Y.astype(np.float32))) is float

    def test_a_rare_class_keeps_its_digits(self):
        y = np.zeros(10**6, bool)
        y[0] = True
        assert objectives.init_score(y) == pytest.approx(-math.log(10**6 - 1), rel=1e-15)
        assert objectives.init_score(~y) == pytest.approx(math.log(10**6 - 1), rel=1e-15)

    def test_has_one_for_each_column(self):
        weight = np.random.default_rng(1).uniform(0, 2, TARGETS.shape)
        for w, columns in ((None, [None] * 3), (WEIGHT, [WEIGHT] * 3), (weight, weight.T)):
            scores = objectives.init_score(TARGETS, w, scale_pos_weight=3)
            each = [
                objectives.init_score(y, v, scale_pos_weight=3)
                for y, v in zip(TARGETS.T, columns, strict=True)
            ]
            assert scores.dtype == np.float64
            assert scores.tolist() == each
        assert objectives.init_score(TARGETS[:, :1]).shape == (1,)
        assert objectives.init_score(TARGETS[:, :0]).shape == (0,)

    @WEIGHTED
    @pytest.mark.parametrize("scale_pos_weight", [1, 5, 0.3])
    @pytest.mark.parametrize("soft", [False, True])
    def test_is_where_the_loss_is_least(self, soft, scale_pos_weight, weight):
        y = np.random.default_rng(0).random((len(Y), 2)) if soft else TARGETS
        scores = objectives.init_score(y, weight, scale_pos_weight=scale_pos_weight)
        grad = cyma.bce_with_logits_grad(
            np.tile(scores, (len(y), 1)),
            y,
            weight=None if weight is None else weight[:, np.newaxis],
            pos_weight=scale_pos_weight,
            reduction="sum",
        )
        assert np.all(np.abs(grad.sum(axis=0)) < 1e-14 * np.abs(grad).sum(axis=0))

    @pytest.mark.parametrize("real", ["?", "i1", "u8", "f2", "f4", "f8", "longdouble", ">f8"])
    def test_any_real_dtype(self, real):
        y, weight = Y.astype(real), (np.arange(len(Y)) % 3).astype(real)
        expected = objectives.init_score(Y, weight.astype(float))
        assert objectives.init_score(y, weight) == pytest.approx(expected, rel=1e-14)

    @pytest.mark.parametrize(
        ("y", "weight", "scale", "expected"),
        [
            ([0, 1, 1], [1e308, 1e308, 1e308], 1, math.log(2)),
            ([0, 0, 1, 1, 1], [1.5e308] * 5, 1e308, math.log(1.5) + 308 * math.log(10)),
            ([0, 1], [5e-324, 1e308], 1, math.log(1e308) - math.log(5e-324)),
            ([0, 1], [1e308, 1e-308], 1e-308, -924 * math.log(10)),
            ([0, 1e-320], [1e308, 1e-308], 1, math.log(1e-320) - 616 * math.log(10)),
            ([0, 1e-320, 0.5], [1e-308, 1e-308, 0], 1, math.log(1e-320) - math.log(2)),
            ([0, 1e-320, 1], [1e308, 1, 1e-308], 1, -616 * math.log(10)),
        ],
    )
    def test_no_weight_is_too_large_or_too_small(self, y, weight, scale, expected):
        with np.errstate(all="raise", under="ignore"):
            score = objectives.init_score(y, weight, scale_pos_weight=scale)
        assert score == pytest.approx(expected, rel=1e-14)

    @pytest.mark.parametrize("y", [[], [1, 1], [0.0, 0.0]])
    def test_one_class_has_none(self, y):
        with pytest.raises(ValueError, match="y has no finite logit of the mean: .* sum to"):
            objectives.init_score(y)

    def test_one_class_in_a_column_has_none(self):
        y = [[0, 1, 1], [1, 0, 1]]
        message = "has no finite logit of the mean: the weights of"
        with pytest.raises(ValueError, match=rf"y\[:, 2\] {message} 0 do not sum to more than 0"):
            objectives.init_score(y)
        with pytest.raises(ValueError, match=rf"y\[:, 0\] {message} 1"):
            objectives.init_score(y, [1, 0])
        with pytest.raises(ValueError, match=rf"y\[:, 1\] {message} 0"):
            objectives.init_score(y, [[1, 1, 1], [1, 0, 1]])
        with pytest.raises(ValueError, match=rf"y {message} 1"):
            objectives.init_score([0, 1], scale_pos_weight=0)
        with pytest.raises(ValueError, match=rf"y {message} 1"):
            objectives.init_score([0, 1], [1, -1])

    def test_errors(self):
        with pytest.raises(ValueError, match=r"y\[1\] = 2.0 is outside \[0, 1\]"):
            objectives.init_score([0, 2])
        with pytest.raises(ValueError, match=r"weight of shape \(3,\).*y of shape \(2,\)"):
            objectives.init_score([0, 1], [1, 1, 1])
        for shape in ((3,), (1, 3), (2, 1), (2, 3, 1), ()):
            with pytest.raises(ValueError, match=r"weight of shape .*y of shape \(2, 3\)"):
                objectives.init_score(np.zeros((2, 3)), np.ones(shape))
        for shape in ((), (2, 3, 1)):
            with pytest.raises(ValueError, match=r"y of shape .* is neither \(n,\) nor \(n, k\)"):
                objectives.init_score(np.zeros(shape))
        with pytest.raises(ValueError, match=r"weight\[0\] = inf is not finite"):
            objectives.init_score([0, 1], [np.inf, 1])
        with pytest.raises(ValueError, match="scale_pos_weight = -1.0 is negative or not finite"):
            objectives.init_score([0, 1], scale_pos_weight=-1)
        with pytest.raises(TypeError, match="y must be real numbers, not of dtype"):
            objectives.init_score(["a", "b"])


METRICS = [objectives.xgboost_logloss, objectives.lightgbm_logloss]
CALLS = pytest.mark.parametrize("call", [objectives.logistic(), *METRICS])
ALL = pytest.mark.parametrize("call", [objectives.logistic(), *METRICS, objectives.init_score])


class TestErrors:
    y, scores = np.array([0.0, 1.0, 1.0]), np.zeros(3)

    @CALLS
    def test_operands(self, call):
        with pytest.raises(ValueError, match=r"y_true of shape \(2,\).*y_pred of shape \(3,\)"):
            call(self.y[:2], self.scores)
        with pytest.raises(ValueError, match=r"y_true of shape \(3, 1\).*y_pred of shape \(3,\)"):
            call(self.y[:, np.newaxis], self.scores)
        with pytest.raises(ValueError, match=r"y_true of shape \(3, 2\).*y_pred of shape \(2, 3\)"):
            call(np.zeros((3, 2)), np.zeros((2, 3)))
        with pytest.raises(ValueError, match=r"y_true\[1\] = 3.0 is outside \[0, 1\]"):
            call([0.0, 3.0, 1.0], self.scores)
        with pytest.raises(ValueError, match=r"sample_weight of shape \(2,\).*\(3,\)"):
            call(self.y, self.scores, [1.0, 1.0])
        with pytest.raises(ValueError, match=r"sample_weight of shape \(0,\).*\(3,\)"):
            call(self.y, self.scores, [])
        with pytest.raises(ValueError, match=r"sample_weight of shape \(3, 1\).*\(3,\)"):
            call(self.y, self.scores, np.ones((3, 1)))
        with pytest.raises(TypeError, match="y_true must be real numbers, not of dtype <U"):
            call(["a", "b", "c"], self.scores)
        with pytest.raises(TypeError, match="y_pred must be real numbers, not of dtype complex"):
            call(self.y, self.scores + 1j)
        with pytest.raises(TypeError, match="sample_weight must be real numbers"):
            call(self.y, self.scores, [None] * 3)

    @CALLS
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_weights_that_are_not_finite(self, call, value):
        with pytest.raises(ValueError, match=rf"sample_weight\[1\] = {value} is not finite"):
            call(self.y, self.scores, [1.0, value, value])
        with pytest.raises(ValueError, match=rf"sample_weight\[2, 0\] = {value} is not finite"):
            call(self.y[:, np.newaxis], self.scores[:, np.newaxis], [[1.0], [1.0], [value]])

    @pytest.mark.parametrize("metric", METRICS)
    def test_mean_over_nothing_is_nan(self, metric):
        for arguments in ((self.y, self.scores, np.zeros(3)), ([], []), ([], [], [])):
            with pytest.warns(RuntimeWarning):
                result = metric(*arguments)
            loss = result[1] if isinstance(result, tuple) else result
            assert math.isnan(loss)

    @ALL
    def test_masked_arrays(self, call):
        is_start = call is objectives.init_score
        names = ["y", "weight"] if is_start else ["y_true", "y_pred", "sample_weight"]
        for k, name in enumerate(names):
            arguments = [self.y, np.ones(3), np.ones(3)][: len(names)]
            arguments[k] = np.ma.masked_array(arguments[k], [False, True, False])
            message = f"^{name} must not be a masked array: leave out the masked rows"
            with pytest.raises(TypeError, match=message) as error:
                call(*arguments)
            assert "where" not in str(error.value)

    @pytest.mark.parametrize("name", ["scale_pos_weight", "min_hessian"])
    @pytest.mark.parametrize("value", [-1, math.nan, math.inf])
    def test_parameters(self, name, value):
        message = f"{name} = {float(value)} is negative or not finite"
        with pytest.raises(ValueError, match=message):
            objectives.logistic(**{name: value})
        with pytest.raises(TypeError, match=f"{name} must be a number, not 'a'"):
            objectives.logistic(**{name: "a"})


class TestOtherClasses:
    three = np.arange(len(Y)) % 3

    @IN_ALL_WAYS
    def test_three_in_the_libraries(self, train):
        message = r"y_true\[2\] = 2(\.0)? is outside \[0, 1\]: the loss is binary only"
        with pytest.raises(ValueError, match=message):
            train(objectives.logistic(), self.three, None)

    @ALL
    @pytest.mark.parametrize("value", [2, -1, -0.25, math.nan, math.inf])
    def test_three(self, call, value):
        message = rf"\[3\] = {value:g}.* is outside \[0, 1\]: the loss is binary only"
        with pytest.raises(ValueError, match=message):
            call([0.0, 1.0, 0.5, value], np.ones(4))

    @ALL
    def test_plus_and_minus_one(self, call):
        with pytest.raises(ValueError, match=r"\[1\] = -1.*binary only.*\(label \+ 1\) / 2"):
            call([1, -1, 1], np.ones(3))
        with pytest.raises(ValueError, match=r"\[1\] = -1.*binary only") as error:
            call([1, -1, 0], np.ones(3))
        assert "(label + 1) / 2" not in str(error.value)

    def test_two_with_a_score_for_each(self):
        # As the libraries have it with num_class.
        objective, two = objectives.logistic(), {"num_class": 2}
        message = r"\(569,\) does not match y_pred of shape \(569, 2\): the objective is binary"
        with pytest.raises(ValueError, match=message):
            xgboost.train({**XGBOOST, **two}, xgboost.DMatrix(X, Y), 2, obj=objective)
        options = {**LIGHTGBM, **two, "objective": objective}
        with pytest.raises(ValueError, match=message):
            lightgbm.train(options, lightgbm.Dataset(X, Y), 2)
