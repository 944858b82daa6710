# cython: language_level=3, boundscheck=False, wraparound=False
"""Probabilities and loss of many models at once, in threads, without the GIL.

A Cython module that is built outside cyma, against the installed package: ``cimport`` finds the
declarations beside ``cyma``, and neither headers nor a library are needed. Array functions take
pointers and a length, so that rows of a matrix need no copies; each thread has rows of its own.

``python setup.py build_ext --inplace``, then ``python -c "import scoring"``.
"""

from cyma.cython_api cimport bce_with_logits_f64_sum, sigmoid_f64_array, softplus_f64
from cython.parallel cimport prange

import numpy as np


def score(const double[:, ::1] logits not None, const double[::1] labels not None):
    """Probabilities of each model, and its mean loss.

    Parameters
    ----------
    logits : (models, n) array of float64
    labels : (n,) array of float64

    Returns
    -------
    probabilities : (models, n) ndarray
    losses : (models,) ndarray
    """
    cdef Py_ssize_t models = logits.shape[0], n = logits.shape[1], k
    if labels.shape[0] != n or n == 0:
        raise ValueError(f"labels of shape ({labels.shape[0]},) for logits of ({models}, {n})")
    probabilities, losses = np.empty((models, n)), np.empty(models)
    cdef double[:, ::1] p = probabilities
    cdef double[::1] loss = losses
    for k in prange(models, nogil=True, schedule="static"):
        sigmoid_f64_array(&logits[k, 0], &p[k, 0], n)
        loss[k] = bce_with_logits_f64_sum(&logits[k, 0], &labels[0], NULL, 1.0, n) / n
    return probabilities, losses


def loss_of_constant(double logit, double share):
    """The mean loss of one logit for all, where a share of the labels is 1: by numbers."""
    return share * softplus_f64(-logit) + (1 - share) * softplus_f64(logit)
