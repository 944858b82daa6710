"""The examples run, and say what is true."""

import pathlib
import runpy

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"


def test_logistic_regression_is_scikit_learns(capsys):
    example = runpy.run_path(str(EXAMPLES / "logistic_regression.py"))
    assert example["main"]() < 1e-5
    printed = capsys.readouterr().out
    assert "worst radius" in printed
    assert "98.8%" in printed


def test_logistic_regression_with_another_penalty():
    from sklearn.linear_model import LogisticRegression

    fit = runpy.run_path(str(EXAMPLES / "logistic_regression.py"))["fit"]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.3 + rng.logistic(size=200) > 0
    coefficients, intercept = fit(x, y, C=0.1)
    reference = LogisticRegression(C=0.1, solver="newton-cholesky", tol=1e-12).fit(x, y)
    np.testing.assert_allclose(coefficients, reference.coef_[0], atol=1e-5)
    np.testing.assert_allclose(intercept, reference.intercept_[0], atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*eval_set")  # the newest LightGBM has other arguments
def test_early_stopping_is_that_of_the_libraries_own_objectives(capsys):
    example = runpy.run_path(str(EXAMPLES / "early_stopping.py"))
    results = example["main"]()
    printed = capsys.readouterr().out
    assert len(results) == 4
    for ours, own in results.values():
        assert 10 < ours[0] == own[0] < example["ROUNDS"]
        assert abs(ours[1] - own[1]) < 1e-5
        assert f"{ours[0]} rounds {ours[1]:.4f}" in printed
