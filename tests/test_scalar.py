"""`cyma.scalar`: the one-argument functions on Python floats."""

import doctest
import fractions
import inspect
import pickle

import numpy as np
import pytest
from conftest import assert_same_bits, inputs, ufunc_of

from cyma import scalar
from cyma._functions import ALIASES, FUNCTIONS

UNARY = [name for name, f in FUNCTIONS.items() if f.nin == 1]


def test_all_one_argument_functions_are_there():
    aliases = [alias for alias, name in ALIASES.items() if name in UNARY]
    assert scalar.__all__ == [*UNARY, *aliases]
    for alias in aliases:
        assert getattr(scalar, alias) is getattr(scalar, ALIASES[alias])


def test_same_bits_as_the_ufunc(unary, tier):
    (x,) = inputs(unary, "float64", 20_000)
    results = [getattr(scalar, unary.name)(v) for v in x.tolist()]
    assert {type(y) for y in results} == {float}
    assert_same_bits(np.array(results), ufunc_of(unary)(x))


def test_real_numbers_of_any_type(unary):
    f = getattr(scalar, unary.name)
    for one in (1, True, np.float32(1), np.float64(1), np.array(1.0), fractions.Fraction(1)):
        assert f(one) == f(1.0)


@pytest.mark.parametrize("bad", ["1", None, 1j, [1.0], np.zeros(2)])
def test_bad_input_is_named(unary, bad):
    with pytest.raises(TypeError) as error:
        getattr(scalar, unary.name)(bad)
    if not isinstance(bad, np.ndarray):  # NumPy has a message of its own
        kind = type(bad).__name__
        assert str(error.value) == f"{unary.name}: x must be a real number, not {kind}"


def test_errors_of_the_number_itself_pass(unary):
    f = getattr(scalar, unary.name)
    with pytest.raises(OverflowError, match="too large to convert to float"):
        f(10**400)
    with pytest.raises(TypeError, match="exactly one argument"):
        f()
    with pytest.raises(TypeError, match="no keyword arguments"):
        f(x=1.0)


def test_minus_one_is_a_number_like_others(unary):
    # PyFloat_AsDouble returns -1 for an error.
    f = getattr(scalar, unary.name)
    assert f(-1) == f(-1.0) == ufunc_of(unary)(-1.0)


def test_it_is_documented_and_pickled(unary):
    f = getattr(scalar, unary.name)
    assert (f.__name__, f.__module__) == (unary.name, "cyma.scalar")
    assert str(inspect.signature(f)) == "(x, /)"
    assert pickle.loads(pickle.dumps(f)) is f
    doc = inspect.getdoc(f)
    for section in ("Parameters", "Returns", "Raises", "See Also", "Notes"):
        assert f"\n{section}\n{'-' * len(section)}\n" in doc
    assert max(map(len, doc.splitlines())) < 80


@pytest.mark.thread_unsafe(reason="doctest is")
def test_examples():
    result = doctest.testmod(scalar)
    assert result.attempted >= 3
    assert result.failed == 0
