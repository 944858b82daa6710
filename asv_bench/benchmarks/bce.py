"""Time of `bce_with_logits` in its forms."""

import functools

import numpy as np

import cyma

from .common import repeats

CLASSES = 10
LARGEST = 100_000  # logits that are timed

# The function, and its keywords: names of operands are replaced by them.
FORMS = {
    "mean": ("", {}),
    "sum": ("", {"reduction": "sum"}),
    "none": ("", {"reduction": "none"}),
    "mean of each class": ("", {"axis": 0}),
    "weighted": ("", {"weight": "weight", "pos_weight": "pos_weight"}),
    "weighted by class": ("", {"weight": "class_weight", "pos_weight": "class_weight"}),
    "smoothed": ("", {"label_smoothing": 0.1}),
    "masked": ("", {"where": "mask"}),
    "gradient": ("_grad", {}),
    "Hessian": ("_hess", {}),
    "value and gradient": ("_value_and_grad", {}),
    "value and gradient, weighted": (
        "_value_and_grad",
        {"weight": "weight", "pos_weight": "pos_weight"},
    ),
}


def problem(dtype, n):
    """Logits, targets, weights of each kind and a mask; the last axis are classes."""
    rng = np.random.default_rng(0)
    shape = (n // CLASSES, CLASSES)
    return {
        "logits": rng.normal(0, 3, shape).astype(dtype),
        "targets": (rng.random(shape) < 0.3).astype(dtype),
        "weight": rng.random(shape).astype(dtype),
        "pos_weight": np.array([2.5], dtype),
        "class_weight": rng.random(CLASSES).astype(dtype),
        "mask": rng.random(shape) < 0.9,
    }


@functools.lru_cache(maxsize=1)
def call(form, dtype, n):
    """A form as a function without arguments; skips the benchmark if the commit has none."""
    suffix, keywords = FORMS[form]
    try:
        function = getattr(cyma, f"bce_with_logits{suffix}")
    except AttributeError as error:
        raise NotImplementedError(str(error)) from None
    # Operands as large as the logits repeat, so that making them takes no memory of a peak.
    block = problem(dtype, min(n, LARGEST))
    operands = {
        key: np.resize(x, (n // CLASSES, CLASSES)) if x.ndim == 2 else x
        for key, x in block.items()
        if key in ("logits", "targets", *keywords.values())
    }
    keywords = {k: operands.get(v, v) if isinstance(v, str) else v for k, v in keywords.items()}
    return functools.partial(function, operands["logits"], operands["targets"], **keywords)


class BceWithLogits:
    """Single calls on many elements, 1,000 calls on few."""

    params = (list(FORMS), ["float32", "float64"], [10, LARGEST])
    param_names = ("form", "dtype", "n")

    def setup(self, form, dtype, n):
        self.call = call(form, dtype, n)

    def time_bce(self, form, dtype, n):
        for _ in repeats(n):
            self.call()
