"""Logistic regression on scikit-learn's breast-cancer data: L-BFGS on the fused loss and gradient.

The loss is the mean binary cross-entropy with an L2 penalty on all coefficients but the intercept,
so the coefficients are those of ``sklearn.linear_model.LogisticRegression``.

Usage: ``python examples/logistic_regression.py``; needs SciPy and scikit-learn.
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import cyma


def fit(x, y, C=1.0):  # noqa: N803, as scikit-learn has it
    """Fit logistic regression.

    Parameters
    ----------
    x : ndarray of float, shape (n_samples, n_features)
        Samples.
    y : ndarray, shape (n_samples,)
        Labels, 0 or 1.
    C : float, optional
        Inverse of the strength of the penalty.

    Returns
    -------
    coefficients : ndarray, shape (n_features,)
        Of the features.
    intercept : float
        The logit where all features are 0.
    """
    penalty = 1 / (C * len(y))

    def loss_and_gradient(parameters):
        coefficients, intercept = parameters[:-1], parameters[-1]
        loss, grad = cyma.bce_with_logits_value_and_grad(x @ coefficients + intercept, y)
        loss += penalty / 2 * (coefficients @ coefficients)
        return loss, np.append(x.T @ grad + penalty * coefficients, grad.sum())

    start = np.zeros(x.shape[1] + 1)
    options = {"maxiter": 10_000, "ftol": 0, "gtol": 1e-10}
    result = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return result.x[:-1], result.x[-1]


def main():
    """Fit both, print both; returns the largest difference of a coefficient."""
    data = load_breast_cancer()
    x, y = StandardScaler().fit_transform(data.data), data.target
    coefficients, intercept = fit(x, y)
    reference = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12).fit(x, y)
    names = [*data.feature_names, "intercept"]
    ours = [*coefficients, intercept]
    theirs = [*reference.coef_[0], *reference.intercept_]
    print(f"{'':25} {'cyma':>10} {'scikit-learn':>13}")
    for row in zip(names, ours, theirs, strict=True):
        print("{:25} {:10.6f} {:13.6f}".format(*row))
    accuracy = np.mean((x @ coefficients + intercept > 0) == y)
    difference = np.max(np.abs(np.subtract(ours, theirs)))
    print(f"Largest difference: {difference:.1e}. Accuracy on the training data: {accuracy:.1%}.")
    return difference


if __name__ == "__main__":
    main()
