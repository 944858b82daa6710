"""Objectives and metrics: the values, real models trained with them, and errors."""

import copy
import math
import pickle

import lightgbm
import numpy as np
import pytest
import xgboost
from conftest import assert_same_bits
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss

import cyma
from cyma import objectives

X, Y = load_breast_cancer(return_X_y=True)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(Y))
WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
SCALED = pytest.mark.parametrize("scale_pos_weight", [1.0, 2.5])
ROUNDS = 50
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
            np.testing.assert_allclose(a, b * weight * np.where(self.y == 1, 3, 1), rtol=1e-6)

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

    @pytest.mark.parametrize("y", [[], [1, 1], [0.0, 0.0]])
    def test_one_class_has_none(self, y):
        with pytest.raises(ValueError, match="y has no finite logit of the mean: .* sum to"):
            objectives.init_score(y)

    def test_errors(self):
        with pytest.raises(ValueError, match=r"y\[1\] = 2.0 is outside \[0, 1\]"):
            objectives.init_score([0, 2])
        with pytest.raises(ValueError, match=r"weight of shape \(3,\).*y of shape \(2,\)"):
            objectives.init_score([0, 1], [1, 1, 1])
        with pytest.raises(ValueError, match="weight has -1.0, which is negative or not finite"):
            objectives.init_score([0, 1], [1, -1])
        with pytest.raises(ValueError, match="weight has inf, which"):
            objectives.init_score([0, 1], [np.inf, 1])
        with pytest.raises(TypeError, match="y must be real numbers, not of dtype"):
            objectives.init_score(["a", "b"])


class TestErrors:
    y, scores = np.array([0.0, 1.0, 1.0]), np.zeros(3)

    @pytest.mark.parametrize(
        "call", [objectives.logistic(), objectives.xgboost_logloss, objectives.lightgbm_logloss]
    )
    def test_operands(self, call):
        with pytest.raises(ValueError, match=r"y_true of shape \(2,\).*y_pred of shape \(3,\)"):
            call(self.y[:2], self.scores)
        with pytest.raises(ValueError, match=r"y_true of shape \(3, 1\).*y_pred of shape \(3,\)"):
            call(self.y[:, np.newaxis], self.scores)
        with pytest.raises(ValueError, match=r"y_true\[1\] = 3.0 is outside \[0, 1\]"):
            call([0.0, 3.0, 1.0], self.scores)
        with pytest.raises(ValueError, match=r"sample_weight of shape \(2,\).*\(3,\)"):
            call(self.y, self.scores, [1.0, 1.0])
        with pytest.raises(TypeError, match="y_true must be real numbers, not of dtype <U"):
            call(["a", "b", "c"], self.scores)
        with pytest.raises(TypeError, match="y_pred must be real numbers, not of dtype complex"):
            call(self.y, self.scores + 1j)
        with pytest.raises(TypeError, match="sample_weight must be real numbers"):
            call(self.y, self.scores, [None] * 3)

    @pytest.mark.parametrize("name", ["scale_pos_weight", "min_hessian"])
    @pytest.mark.parametrize("value", [-1, math.nan, math.inf])
    def test_parameters(self, name, value):
        message = f"{name} = {float(value)} is negative or not finite"
        with pytest.raises(ValueError, match=message):
            objectives.logistic(**{name: value})
        with pytest.raises(TypeError, match=f"{name} must be a number, not 'a'"):
            objectives.logistic(**{name: "a"})
