"""What the documentation says is what the code does."""

import doctest
import inspect
import pathlib

import pytest

import cyma
from cyma._ufuncs import UFUNCS

EXAMPLES = {**UFUNCS, "set_tier": cyma.set_tier, "runtime_info": cyma.runtime_info}


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring_examples(name):
    parsed = doctest.DocTestParser().get_doctest(
        inspect.getdoc(EXAMPLES[name]), {}, name, None, None
    )
    assert len(parsed.examples) >= 2
    result = doctest.DocTestRunner().run(parsed)
    assert result.failed == 0
