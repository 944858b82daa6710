"""What the documentation says is what the code does."""

import doctest
import inspect
import pathlib
import subprocess
import sys

import pytest

import cyma
from cyma import objectives
from cyma._functions import ALIASES, FUNCTIONS

pytestmark = pytest.mark.thread_unsafe(reason="doctest is")

OBJECTIVES = {f"objectives.{name}": getattr(objectives, name) for name in objectives.__all__}
EXAMPLES = OBJECTIVES | {
    name: getattr(cyma, name)
    for name in cyma.__all__
    if name not in ("__version__", "objectives", "scalar")
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring_examples(name):
    parsed = doctest.DocTestParser().get_doctest(
        inspect.getdoc(EXAMPLES[name]), {}, name, None, None
    )
    assert len(parsed.examples) >= 2
    result = doctest.DocTestRunner().run(parsed)
    assert result.failed == 0


README = pathlib.Path(__file__).parents[1] / "README.md"


def test_readme_examples():
    result = doctest.testfile(str(README), module_relative=False)
    assert result.attempted >= 6
    assert result.failed == 0


def test_generated_parts_are_up_to_date():
    command = [sys.executable, "-m", "tools.publish", "--check"]
    process = subprocess.run(
        command, cwd=README.parent, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr


def test_readme_names_every_function_and_alias():
    text = README.read_text(encoding="utf-8")
    assert all(f"`{name}(" in text for name in FUNCTIONS)
    assert all(f"`{alias}`" in text for alias in ALIASES)


def test_readme_has_two_setup_commands():
    # .ci/run takes them from here.
    commands = [line for line in README.read_text().splitlines() if line.startswith("python -m ")]
    assert [command.split()[-1] for command in commands] == ["cyma", "pytest"]
