"""Logistic regression by gradient descent, all of it compiled by numba.

Inside ``numba.njit``, ``cyma.sigmoid`` is what it is outside: it takes arrays and numbers, writes
to ``out``, and gives the same bits. So the loop over the steps needs no Python, and arrays are
computed by the kernels for this CPU, which numba could not make of a formula.

Usage: ``python examples/embedding/numba_logistic_regression.py``; needs numba, and SciPy,
by which numba multiplies matrices.
"""

import numba
import numpy as np

import cyma


@numba.njit
def fit(x, y, penalty, steps):
    """Coefficients that minimise the mean loss plus ``penalty / 2`` times their squares.

    Gradient descent with Nesterov's momentum, for the steepest and the flattest curvature that the
    loss may have; x has a row for each observation, and y is 0 or 1.
    """
    n, features = x.shape
    steepest = np.linalg.norm(x, 2) ** 2 / (4 * n) + penalty
    ratio = np.sqrt(penalty / steepest)
    momentum = (1 - ratio) / (1 + ratio)
    coefficients = np.zeros(features)
    ahead = coefficients.copy()
    probabilities = np.empty(n)
    for _ in range(steps):
        cyma.sigmoid(x @ ahead, probabilities)
        gradient = x.T @ (probabilities - y) / n + penalty * ahead
        previous = coefficients
        coefficients = ahead - gradient / steepest
        ahead = coefficients + momentum * (coefficients - previous)
    return coefficients


@numba.njit
def loss(x, y, coefficients):
    """Mean loss, with losses of large logits as exact as any."""
    return np.mean(cyma.sigmoid_bce(x @ coefficients, y))


def problem(n=2000, features=5):
    """Observations of a logistic model."""
    rng = np.random.default_rng(0)
    x, truth = rng.normal(size=(n, features)), np.linspace(-2, 2, features)
    y = (rng.random(n) < cyma.sigmoid(x @ truth)).astype(float)
    return x, y, truth


def main():
    """Fit, and print what was found."""
    x, y, truth = problem()
    coefficients = fit(x, y, 1e-3, 200)
    for found, true in zip(coefficients, truth, strict=True):
        print(f"{found:8.4f}, of which the data were made with {true:4.1f}")
    print(f"mean loss {loss(x, y, np.zeros(x.shape[1])):.4f} -> {loss(x, y, coefficients):.4f}")


if __name__ == "__main__":
    main()
