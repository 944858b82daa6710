"""Docstrings of the ufuncs. NumPy puts the call signature before each of them."""

from __future__ import annotations

from cyma._table import Function

_UNARY = """{summary}

{description}

Parameters
----------
x : array_like
    Input, of any shape. bool and integers of at most 16 bits are computed in float32, wider
    integers in float64.
out : ndarray, None, or tuple of ndarray and None, optional
    Array to write to, of the broadcast shape; ``x`` itself is fine. A new one by default.
where : array_like, optional
    Boolean mask, broadcast with ``x``: where it is False, ``out`` keeps its value.
**kwargs
    The other keyword arguments of :ref:`ufuncs <ufuncs.kwargs>`.

Returns
-------
y : ndarray or scalar
    {returns} Same shape as ``x``; same dtype where that is floating.

Raises
------
TypeError
    If ``x`` is complex, object, string, datetime or timedelta.
ValueError
    If ``out`` or ``where`` do not broadcast with ``x``.

See Also
--------
{see_also}

Notes
-----
{notes}

{bounds}

Examples
--------
>>> import cyma
{example}
"""

_BINARY = """{summary}

{description}

Parameters
----------
{x1}
{x2}
out : ndarray, None, or tuple of ndarray and None, optional
    Array to write to, of the broadcast shape; an operand itself is fine. A new one by default.
where : array_like, optional
    Boolean mask, broadcast with the operands: where it is False, ``out`` keeps its value.
**kwargs
    The other keyword arguments of :ref:`ufuncs <ufuncs.kwargs>`.

Returns
-------
y : ndarray or scalar
    {returns} Of the broadcast shape, in the operands' common floating dtype (float32 for bool and
    integers of at most 16 bits, float64 for wider ones).

Raises
------
TypeError
    If an operand is complex, object, string, datetime or timedelta.
ValueError
    If the operands, ``out`` and ``where`` do not broadcast.

See Also
--------
{see_also}

Notes
-----
{notes}

{bounds}

Examples
--------
>>> import cyma
{example}
"""

_GRAD = """grad : array_like
    Gradient of a loss with respect to the output, of any shape."""

_TEXTS = {
    "sigmoid": {
        "summary": "Logistic sigmoid, elementwise.",
        "description": "Computes ``1 / (1 + exp(-x))``. Also named ``expit`` and, as it is the "
        "derivative of\nsoftplus, ``softplus_deriv``.",
        "returns": "In [0, 1].",
        "see_also": "logsigmoid, sigmoid_deriv, sigmoid_backward",
        "notes": "With ``|x| = n ln2 + r`` and ``M = exp(r)``, ``sigmoid(-|x|) = 2**-n / "
        "(M + 2**-n)``: the numerator is\nexact, so that the error of the exponential enters once. "
        "Results underflow gradually.",
        "example": ">>> cyma.sigmoid([-100.0, 0.0, 100.0])\n"
        "array([3.72007598e-44, 5.00000000e-01, 1.00000000e+00])",
    },
    "logsigmoid": {
        "summary": "Logarithm of the logistic sigmoid, elementwise.",
        "description": "Computes ``log(sigmoid(x)) = -log1p(exp(-x))``. Also named ``log_expit``.",
        "returns": "At most 0.",
        "see_also": "softplus, logsigmoid_deriv, logsigmoid_backward",
        "notes": "``logsigmoid(x) == -softplus(-x)``, to the bit.",
        "example": ">>> cyma.logsigmoid([-1000.0, 0.0, 40.0])\n"
        "array([-1.00000000e+03, -6.93147181e-01, -4.24835426e-18])",
    },
    "softplus": {
        "summary": "Smooth maximum of x and 0, elementwise.",
        "description": "Computes ``log(1 + exp(x))``.",
        "returns": "At least 0.",
        "see_also": "logsigmoid, softplus_deriv",
        "notes": "Evaluated as ``max(x, 0) + log1p(e)``, ``e = exp(-|x|)``, where ``log1p(f) = "
        "2 atanh(f / (2 + f))``\nwith ``f = e``, or with ``f = (e - 1) / 2`` and another ln2 if "
        "``e > 1/2``.",
        "example": ">>> cyma.softplus([-40.0, 0.0, 1000.0])\n"
        "array([4.24835426e-18, 6.93147181e-01, 1.00000000e+03])",
    },
    "tanh": {
        "summary": "Hyperbolic tangent, elementwise.",
        "description": "Computes ``(exp(2x) - 1) / (exp(2x) + 1)``.",
        "returns": "In [-1, 1].",
        "see_also": "tanh_deriv, tanh_backward, numpy.tanh",
        "notes": "Odd to the bit: ``tanh(-x) == -tanh(x)``. With ``2 |x| = n ln2 + r`` and "
        "``M = exp(r)``,\n``tanh(|x|) = (M - 2**-n) / (M + 2**-n)``, whose numerator is kept as a "
        "pair of numbers.",
        "example": ">>> cyma.tanh([-1.0, 0.0, 1.0])\narray([-0.76159416,  0.        ,  0.76159416])",
    },
    "sigmoid_deriv": {
        "summary": "Derivative of the logistic sigmoid, elementwise.",
        "description": "Computes ``sigmoid(x) * sigmoid(-x)``, with full relative accuracy in both "
        "tails.",
        "returns": "In [0, 1/4].",
        "see_also": "sigmoid, sigmoid_backward",
        "notes": "Even to the bit. The usual ``s * (1 - s)`` has no correct digit for large ``x``, "
        "where ``s``\nrounds to 1.",
        "example": ">>> cyma.sigmoid_deriv([-40.0, 0.0, 40.0])\n"
        "array([4.24835426e-18, 2.50000000e-01, 4.24835426e-18])",
    },
    "logsigmoid_deriv": {
        "summary": "Derivative of the log-sigmoid, elementwise.",
        "description": "Computes ``sigmoid(-x)``.",
        "returns": "In [0, 1].",
        "see_also": "logsigmoid, logsigmoid_backward",
        "notes": "Never ``1 - sigmoid(x)``, which cancels for large ``x``.",
        "example": ">>> cyma.logsigmoid_deriv([-40.0, 0.0, 40.0])\n"
        "array([1.00000000e+00, 5.00000000e-01, 4.24835426e-18])",
    },
    "tanh_deriv": {
        "summary": "Derivative of the hyperbolic tangent, elementwise.",
        "description": "Computes ``sech(x)**2 = 4 * sigmoid_deriv(2x)``, with full relative accuracy "
        "in both tails.",
        "returns": "In [0, 1].",
        "see_also": "tanh, tanh_backward",
        "notes": "Even to the bit. The usual ``1 - tanh(x)**2`` has no correct digit for large "
        "``|x|``.",
        "example": ">>> cyma.tanh_deriv([-20.0, 0.0, 20.0])\n"
        "array([1.69934170e-17, 1.00000000e+00, 1.69934170e-17])",
    },
    "sigmoid_backward": {
        "summary": "Gradient through the logistic sigmoid, from its output, elementwise.",
        "description": "Computes ``grad * y * (1 - y)``.",
        "x1": _GRAD,
        "x2": "y : array_like\n    Output of `sigmoid`, in [0, 1].",
        "returns": "Gradient with respect to the input of `sigmoid`.",
        "see_also": "sigmoid, sigmoid_deriv",
        "notes": "The argument order is that of ``torch.ops.aten.sigmoid_backward``. Accurate for "
        "the given ``y``, but\n``y`` itself loses the information about the input where it "
        "rounds to 1: from the input,\n``grad * sigmoid_deriv(x)`` is accurate in both tails.",
        "example": ">>> cyma.sigmoid_backward([1.0, 2.0], [0.5, 0.75])\narray([0.25 , 0.375])",
    },
    "tanh_backward": {
        "summary": "Gradient through the hyperbolic tangent, from its output, elementwise.",
        "description": "Computes ``grad * (1 - y**2)``, as ``grad * ((1 - y) * (1 + y))``.",
        "x1": _GRAD,
        "x2": "y : array_like\n    Output of `tanh`, in [-1, 1].",
        "returns": "Gradient with respect to the input of `tanh`.",
        "see_also": "tanh, tanh_deriv",
        "notes": "The argument order is that of ``torch.ops.aten.tanh_backward``. Accurate for the "
        "given ``y``, but ``y``\nitself loses the information about the input where it rounds to "
        "-1 or 1: from the input,\n``grad * tanh_deriv(x)`` is accurate in both tails.",
        "example": ">>> cyma.tanh_backward([1.0, 2.0], [0.0, 0.5])\narray([1. , 1.5])",
    },
    "logsigmoid_backward": {
        "summary": "Gradient through the log-sigmoid, from its input, elementwise.",
        "description": "Computes ``grad * sigmoid(-x)``.",
        "x1": _GRAD,
        "x2": "x : array_like\n    Input of `logsigmoid`.",
        "returns": "Gradient with respect to ``x``.",
        "see_also": "logsigmoid, logsigmoid_deriv",
        "notes": "A large ``grad`` and a tiny ``sigmoid(-x)`` are multiplied before anything is "
        "rounded, so the product\nis accurate even where ``sigmoid(-x)`` alone underflows.",
        "example": ">>> cyma.logsigmoid_backward([1.0, 1e300], [0.0, 800.0])\n"
        "array([5.00000000e-01, 3.67487729e-48])",
    },
    "sigmoid_bce": {
        "summary": "Binary cross-entropy of a logit against a target, elementwise.",
        "description": "Computes ``-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x))``, evaluated "
        "as\n``z softplus(-x) + (1 - z) softplus(x)``.",
        "x1": "logits : array_like\n    ``x``, of any shape.",
        "x2": "targets : array_like\n    ``z``, a probability in [0, 1]; not checked.",
        "returns": "Loss of each element.",
        "see_also": "sigmoid_bce_grad",
        "notes": "A term whose coefficient is 0 is 0 also for an infinite logit: the loss of (inf, "
        "1) is 0. Both terms\nare positive for ``z`` in [0, 1]; the textbook order ``max(x, 0) - x "
        "z + log1p(exp(-|x|))`` cancels.",
        "example": ">>> cyma.sigmoid_bce([-40.0, 0.0, 40.0], [0.0, 0.5, 0.0])\n"
        "array([4.24835426e-18, 6.93147181e-01, 4.00000000e+01])",
    },
    "sigmoid_bce_grad": {
        "summary": "Derivative of the binary cross-entropy with respect to the logit, elementwise.",
        "description": "Computes ``sigmoid(x) - z``, evaluated as ``(1 - z) sigmoid(x) - z "
        "sigmoid(-x)``, which does not cancel\nfor ``z`` = 0 or 1.",
        "x1": "logits : array_like\n    ``x``, of any shape.",
        "x2": "targets : array_like\n    ``z``, a probability in [0, 1]; not checked.",
        "returns": "Gradient of each element's loss.",
        "see_also": "sigmoid_bce",
        "notes": "For 0 < z < 1 the exact value may be close to 0; then the absolute error is "
        "bounded.",
        "example": ">>> cyma.sigmoid_bce_grad([-40.0, 0.0, 40.0], [0.0, 0.5, 1.0])\n"
        "array([ 4.24835426e-18,  0.00000000e+00, -4.24835426e-18])",
    },
}


def _bounds(function: Function) -> str:
    """Say what the table says of the accuracy."""
    per_dtype = ", ".join(f"{bound:g} ({dtype})" for dtype, bound in function.bounds.items())
    domain = function.domain_text("the second operand")
    text = f"Largest error in ULP{domain}: {per_dtype}."
    if function.absolute is not None:
        per_dtype = ", ".join(f"{b:.3g} ({dtype})" for dtype, b in function.absolute.items())
        text += f"\nLargest absolute error for the others in [0, 1]: {per_dtype}."
    return text


def docstring(function: Function) -> str:
    """Docstring of a ufunc; KeyError names the function that has none."""
    template = _UNARY if function.nin == 1 else _BINARY
    return template.format(bounds=_bounds(function), **_TEXTS[function.name])
