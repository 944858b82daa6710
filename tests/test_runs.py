"""What the measuring tools share."""

import argparse
import json

import pytest
from conftest import INFO

import cyma
from tools import runs


@pytest.mark.parametrize("name", INFO["supported_tiers"])
def test_calls_run_on_their_tier_and_restore_it(name):
    before = cyma.runtime_info()["tier"]
    assert runs.on_tier(name, lambda: cyma.runtime_info()["tier"])() == name
    assert cyma.runtime_info()["tier"] == before

    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runs.on_tier(name, fails)()
    assert cyma.runtime_info()["tier"] == before


def test_infinite_numbers_become_null(tmp_path):
    path = tmp_path / "run.json"
    runs.write(path, {"a": [1.5, float("inf"), {"b": float("nan")}], "c": "inf"})
    assert json.loads(path.read_text()) == {"a": [1.5, None, {"b": None}], "c": "inf"}


def test_machine_names_versions():
    facts = runs.machine(["numpy"])
    assert facts["cyma"] == cyma.__version__
    assert {"cpu", "python", "numpy"} <= set(facts)


@pytest.mark.parametrize("text", ["0", "-1", "1e3", "x", str(10**20)])
def test_numbers_that_are_not_positive(text):
    with pytest.raises((argparse.ArgumentTypeError, ValueError)):
        runs.positive(text)


def test_functions_of_one_argument():
    assert runs.unary_function("expit") == "sigmoid"
    with pytest.raises(argparse.ArgumentTypeError, match="sigmoid_bce"):
        runs.unary_function("sigmoid_bce")


def test_missing_peers_are_named(monkeypatch, capsys):
    monkeypatch.setattr(runs, "load_peers", lambda: ({"numpy": {}}, ["torch", "scipy"]))
    assert list(runs.usable_peers()) == ["numpy"]
    assert "torch, scipy" in capsys.readouterr().out
