"""Docstrings of the ufuncs. NumPy puts the call signature before each of them."""

from __future__ import annotations

import textwrap

from cyma._table import Function

_TEMPLATE = """{summary}

{description}

Parameters
----------
{operands}
out : ndarray, None, or tuple of ndarray and None, optional
    Array to write to, of the broadcast shape; an operand itself is fine. A
    new one by default.
where : array_like, optional
    Boolean mask, broadcast with the operands: where it is False, ``out``
    keeps its value.
**kwargs
    The other keyword arguments of :ref:`ufuncs <ufuncs.kwargs>`.

Returns
-------
result : ndarray or scalar
{returns}

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

_SCALAR_TEMPLATE = """{name}(x, /)
--

{summary}

{description}

Parameters
----------
x : float
    A real number.

Returns
-------
result : float
    {returns}

Raises
------
TypeError
    If ``x`` is not a real number.

See Also
--------
cyma.{name} : The same, on arrays.

Notes
-----
In float64, with the bits that `cyma.{name}` gives.
"""

_RETURNS = (
    "{} Of the (broadcast) shape and the common floating dtype of the operands; bool and integers "
    "of at most 16 bits give float32, wider integers float64."
)

_GRAD = ("grad", "Gradient of a loss with respect to the output.")
_LOGITS = ("x", "Logits.")
_TARGETS = ("z", "Targets, probabilities in [0, 1], which is not checked.")

# What fills the template, by function. The README takes operands and formula from here, too.
TEXTS = {
    "sigmoid": {
        "summary": "Logistic sigmoid, elementwise.",
        "formula": "1 / (1 + exp(-x))",
        "remark": "Also named ``expit`` and, being the derivative of softplus, ``softplus_deriv``.",
        "operands": [("x", "Input.")],
        "returns": "In [0, 1].",
        "see_also": "logsigmoid, sigmoid_deriv, sigmoid_backward",
        "notes": "With ``|x| = n ln2 + r`` and ``M = exp(r)``, ``sigmoid(-|x|)`` is ``2**-n / (M + "
        "2**-n)``: the numerator is exact, so that the error of the exponential enters once. "
        "Results underflow gradually.",
        "example": """
            >>> cyma.sigmoid([-100.0, 0.0, 100.0])
            array([3.72007598e-44, 5.00000000e-01, 1.00000000e+00])
        """,
    },
    "logsigmoid": {
        "summary": "Logarithm of the logistic sigmoid, elementwise.",
        "formula": "log(sigmoid(x))",
        "remark": "Also named ``log_expit``.",
        "operands": [("x", "Input.")],
        "returns": "At most 0.",
        "see_also": "softplus, logsigmoid_deriv, logsigmoid_backward",
        "notes": "Equal to ``-softplus(-x)`` to the bit.",
        "example": """
            >>> cyma.logsigmoid([-1000.0, 0.0, 40.0])
            array([-1.00000000e+03, -6.93147181e-01, -4.24835426e-18])
        """,
    },
    "softplus": {
        "summary": "Smooth maximum of x and 0, elementwise.",
        "formula": "log(1 + exp(x))",
        "remark": "",
        "operands": [("x", "Input.")],
        "returns": "At least 0.",
        "see_also": "logsigmoid, softplus_deriv",
        "notes": "Evaluated as ``max(x, 0) + log1p(e)`` with ``e = exp(-|x|)``. For the logarithm, "
        "``log1p(f) = 2 atanh(f / (2 + f))`` with ``f = e``, or with ``f = (e - 1) / 2`` and "
        "another ln2 if ``e > 1/2``.",
        "example": """
            >>> cyma.softplus([-40.0, 0.0, 1000.0])
            array([4.24835426e-18, 6.93147181e-01, 1.00000000e+03])
        """,
    },
    "tanh": {
        "summary": "Hyperbolic tangent, elementwise.",
        "formula": "(exp(2x) - 1) / (exp(2x) + 1)",
        "remark": "",
        "operands": [("x", "Input.")],
        "returns": "In [-1, 1].",
        "see_also": "tanh_deriv, tanh_backward, numpy.tanh",
        "notes": "Odd to the bit. With ``|x| = n ln2 / 2 + r``, the addition theorem gives "
        "``tanh(|x|)`` from ``2**-n`` and ``tanh(r)``, which a short polynomial and ``r`` make "
        "almost without an error.",
        "example": """
            >>> cyma.tanh([-1.0, 0.0, 1.0])
            array([-0.76159416,  0.        ,  0.76159416])
        """,
    },
    "sigmoid_deriv": {
        "summary": "Derivative of the logistic sigmoid, elementwise.",
        "formula": "sigmoid(x) * sigmoid(-x)",
        "remark": "Accurate relative to the result in both tails.",
        "operands": [("x", "Input.")],
        "returns": "In [0, 1/4].",
        "see_also": "sigmoid, sigmoid_backward",
        "notes": "Even to the bit. The usual ``s * (1 - s)`` has no correct digit for large ``x``, "
        "where ``s`` rounds to 1.",
        "example": """
            >>> cyma.sigmoid_deriv([-40.0, 0.0, 40.0])
            array([4.24835426e-18, 2.50000000e-01, 4.24835426e-18])
        """,
    },
    "logsigmoid_deriv": {
        "summary": "Derivative of the log-sigmoid, elementwise.",
        "formula": "sigmoid(-x)",
        "remark": "",
        "operands": [("x", "Input.")],
        "returns": "In [0, 1].",
        "see_also": "logsigmoid, logsigmoid_backward",
        "notes": "Never ``1 - sigmoid(x)``, which cancels for large ``x``.",
        "example": """
            >>> cyma.logsigmoid_deriv([-40.0, 0.0, 40.0])
            array([1.00000000e+00, 5.00000000e-01, 4.24835426e-18])
        """,
    },
    "tanh_deriv": {
        "summary": "Derivative of the hyperbolic tangent, elementwise.",
        "formula": "1 / cosh(x)**2",
        "remark": "Accurate relative to the result in both tails.",
        "operands": [("x", "Input.")],
        "returns": "In [0, 1].",
        "see_also": "tanh, tanh_backward",
        "notes": "Even to the bit, being ``4 * sigmoid_deriv(2x)``. The usual ``1 - tanh(x)**2`` "
        "has no correct digit for large ``|x|``.",
        "example": """
            >>> cyma.tanh_deriv([-20.0, 0.0, 20.0])
            array([1.6993417e-17, 1.0000000e+00, 1.6993417e-17])
        """,
    },
    "sigmoid_backward": {
        "summary": "Gradient through the logistic sigmoid, from its output, elementwise.",
        "formula": "grad * y * (1 - y)",
        "remark": "",
        "operands": [_GRAD, ("y", "Output of `sigmoid`, in [0, 1].")],
        "returns": "Gradient with respect to the input of `sigmoid`.",
        "see_also": "sigmoid, sigmoid_deriv",
        "notes": "The order of the arguments is that of ``torch.ops.aten.sigmoid_backward``. "
        "Accurate for the given ``y``, but where that rounds to 1, it has lost what the gradient "
        "depends on: ``grad * sigmoid_deriv(x)``, from the input, is accurate in both tails.",
        "example": """
            >>> cyma.sigmoid_backward([1.0, 2.0], [0.5, 0.75])
            array([0.25 , 0.375])
        """,
    },
    "tanh_backward": {
        "summary": "Gradient through the hyperbolic tangent, from its output, elementwise.",
        "formula": "grad * (1 - y**2)",
        "remark": "",
        "operands": [_GRAD, ("y", "Output of `tanh`, in [-1, 1].")],
        "returns": "Gradient with respect to the input of `tanh`.",
        "see_also": "tanh, tanh_deriv",
        "notes": "The order of the arguments is that of ``torch.ops.aten.tanh_backward``. Accurate "
        "for the given ``y``, but where that rounds to -1 or 1, it has lost what the gradient "
        "depends on: ``grad * tanh_deriv(x)``, from the input, is accurate in both tails.",
        "example": """
            >>> cyma.tanh_backward([1.0, 2.0], [0.0, 0.5])
            array([1. , 1.5])
        """,
    },
    "logsigmoid_backward": {
        "summary": "Gradient through the log-sigmoid, from its input, elementwise.",
        "formula": "grad * sigmoid(-x)",
        "remark": "",
        "operands": [_GRAD, ("x", "Input of `logsigmoid`.")],
        "returns": "Gradient with respect to ``x``.",
        "see_also": "logsigmoid, logsigmoid_deriv",
        "notes": "Accurate even where ``sigmoid(-x)`` alone would underflow and a large ``grad`` "
        "brings the product back into range.",
        "example": """
            >>> cyma.logsigmoid_backward([1.0, 1e300], [0.0, 800.0])
            array([5.00000000e-01, 3.66787458e-48])
        """,
    },
    "sigmoid_bce": {
        "summary": "Binary cross-entropy of logits against targets, elementwise.",
        "formula": "z * softplus(-x) + (1 - z) * softplus(x)",
        "remark": "That is, ``-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x))``.",
        "operands": [_LOGITS, _TARGETS],
        "returns": "Loss of each element.",
        "see_also": "sigmoid_bce_grad",
        "notes": "A term whose coefficient is 0 is 0 also for an infinite logit: the loss of "
        "(inf, 1) is 0. For ``z`` in [0, 1] neither term is negative, unlike those of the "
        "textbook's ``max(x, 0) - x z + log1p(exp(-|x|))``, which cancel.",
        "example": """
            >>> cyma.sigmoid_bce([-40.0, 0.0, 40.0], [0.0, 0.5, 0.0])
            array([4.24835426e-18, 6.93147181e-01, 4.00000000e+01])
        """,
    },
    "sigmoid_bce_grad": {
        "summary": "Derivative of the binary cross-entropy by the logits, elementwise.",
        "formula": "(1 - z) * sigmoid(x) - z * sigmoid(-x)",
        "remark": "That is ``sigmoid(x) - z``, which would cancel for ``z`` = 0 or 1.",
        "operands": [_LOGITS, _TARGETS],
        "returns": "Derivative of each element's loss.",
        "see_also": "sigmoid_bce",
        "notes": "For 0 < z < 1 the exact value may be close to 0. There the absolute error is "
        "bounded.",
        "example": """
            >>> cyma.sigmoid_bce_grad([-40.0, 0.0, 40.0], [0.0, 0.5, 1.0])
            array([ 4.24835426e-18,  0.00000000e+00, -4.24835426e-18])
        """,
    },
}


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, 79, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _bounds(function: Function) -> str:
    """Say what the table says of the accuracy."""
    per_dtype = ", ".join(f"{bound:g} ({dtype})" for dtype, bound in function.bounds.items())
    domain = function.domain_text(function.domain, "the second operand")
    text = f"Largest error{domain}, in units in the last place: {per_dtype}."
    found = [f"{w.error:.4f} ({dtype})" for (dtype, fma), w in function.worst.items() if fma]
    if found:
        text += f" Largest one known, on CPUs with FMA: {', '.join(found)}."
    if function.absolute is not None:
        per_dtype = ", ".join(f"{b:.3g} ({dtype})" for dtype, b in function.absolute.items())
        domain = function.domain_text(function.absolute_domain, "it")
        text += f" Largest absolute error{domain}: {per_dtype}."
    return text


def docstring(function: Function) -> str:
    """Docstring of a ufunc; KeyError names the function that has none."""
    texts = TEXTS[function.name]
    operands = [
        f"{name} : array_like\n{_fill(f'{meaning} Of any shape.', '    ')}"
        for name, meaning in texts["operands"]
    ]
    return _TEMPLATE.format(
        summary=texts["summary"],
        description=_fill(f"Computes ``{texts['formula']}``. {texts['remark']}"),
        operands="\n".join(operands),
        returns=_fill(_RETURNS.format(texts["returns"]), "    "),
        see_also=texts["see_also"],
        notes=_fill(texts["notes"]),
        bounds=_fill(_bounds(function)),
        example=textwrap.dedent(texts["example"]).strip(),
    )


def scalar_docstring(function: Function) -> str:
    """Docstring of the function on Python floats, with its signature for `inspect`."""
    texts = TEXTS[function.name]
    return _SCALAR_TEMPLATE.format(
        name=function.name,
        summary=texts["summary"].replace(", elementwise", ""),
        description=_fill(f"Computes ``{texts['formula']}``. {texts['remark']}"),
        returns=texts["returns"],
    )
