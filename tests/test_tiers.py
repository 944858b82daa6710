"""The choice of the tier."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import INFO

import cyma

pytestmark = pytest.mark.thread_unsafe(reason="changes the tier of the process")


def run(code, **environment):
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PRINT_INFO = "import json, cyma; print(json.dumps(cyma.runtime_info()))"


def test_runtime_info():
    info = cyma.runtime_info()
    assert info["version"] == cyma.__version__
    assert info["numpy"] == np.__version__
    assert info["tier"] in info["supported_tiers"]
    assert info["compiled_tiers"][0] == "baseline"
    assert "baseline" in info["supported_tiers"]
    assert set(info["supported_tiers"]) <= set(info["compiled_tiers"])
    assert set(info["fma_tiers"]) <= set(info["compiled_tiers"])
    assert set(info["hand_written"]) <= set(info["fma_tiers"])
    if "x86_64_v4" in info["compiled_tiers"]:
        assert list(info["hand_written"]) == ["x86_64_v4"]
        of_both = itertools.product(
            ("softplus", "logsigmoid", "sigmoid_bce"), ("float32", "float64")
        )
        assert set(info["hand_written"]["x86_64_v4"]) == {("tanh", "float32"), *of_both}


def test_supported_tiers_agree_with_the_operating_system():
    # /proc/cpuinfo lists only what CPU and kernel support: independent of our own detection.
    try:
        with open("/proc/cpuinfo") as file:
            flags = next(set(line.split()) for line in file if line.startswith("flags"))
    except (OSError, StopIteration):
        pytest.skip("no x86 /proc/cpuinfo here")
    v3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
    v4 = v3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    expected = {"baseline", *(["x86_64_v3"] * (v3 <= flags)), *(["x86_64_v4"] * (v4 <= flags))}
    assert set(INFO["supported_tiers"]) == expected & set(INFO["compiled_tiers"])


def test_the_widest_supported_tier_is_the_default():
    environment = {k: v for k, v in os.environ.items() if k != "CYMA_TIER"}
    process = subprocess.run(
        [sys.executable, "-c", PRINT_INFO], env=environment, capture_output=True, check=True
    )
    assert json.loads(process.stdout)["tier"] == INFO["supported_tiers"][-1]


def test_set_tier_returns_the_previous_one():
    original = cyma.runtime_info()["tier"]
    try:
        assert cyma.set_tier("baseline") == original
        assert cyma.runtime_info()["tier"] == "baseline"
        assert cyma.set_tier(original) == "baseline"
    finally:
        cyma.set_tier(original)


def test_set_tier_changes_what_runs():
    without_fma = [name for name in INFO["supported_tiers"] if name not in INFO["fma_tiers"]]
    with_fma = [name for name in INFO["supported_tiers"] if name in INFO["fma_tiers"]]
    if not without_fma or not with_fma:
        pytest.skip("there are no two tiers here whose results differ")
    # Without FMA, results are rounded differently somewhere in a sample of this size.
    x = np.linspace(-10, 10, 100_001)
    results = []
    for name in (without_fma[0], with_fma[0]):
        previous = cyma.set_tier(name)
        results.append(cyma.sigmoid_deriv(x))
        cyma.set_tier(previous)
    assert np.any(results[0] != results[1])


@pytest.mark.parametrize("name", ["avx9000", "", "Baseline", "x86-64-v3"])
def test_unknown_tier(name):
    before = cyma.runtime_info()["tier"]
    with pytest.raises(ValueError, match="supported tiers") as error:
        cyma.set_tier(name)
    assert repr(name) in str(error.value)
    assert all(repr(tier) in str(error.value) for tier in INFO["supported_tiers"])
    assert cyma.runtime_info()["tier"] == before


def test_tier_may_come_from_an_array_of_names():
    previous = cyma.set_tier(np.array(["baseline"])[0])
    assert type(cyma.runtime_info()["tier"]) is str
    cyma.set_tier(previous)


@pytest.mark.parametrize("name", [None, 3, b"baseline"])
def test_tier_of_a_wrong_type(name):
    with pytest.raises(TypeError, match="name"):
        cyma.set_tier(name)


@pytest.mark.parametrize("name", INFO["supported_tiers"])
def test_environment_variable(name):
    process = run(PRINT_INFO, CYMA_TIER=name)
    assert json.loads(process.stdout)["tier"] == name
    assert process.stderr == ""


def test_unknown_tier_in_the_environment_warns_and_is_ignored():
    process = run(PRINT_INFO, CYMA_TIER="avx9000")
    assert process.returncode == 0
    assert json.loads(process.stdout)["tier"] == INFO["supported_tiers"][-1]
    assert "RuntimeWarning: environment variable CYMA_TIER: tier 'avx9000'" in process.stderr
    assert process.stderr.startswith("<string>:1: ")  # where the import is
    assert all(repr(tier) in process.stderr for tier in INFO["supported_tiers"])


def test_empty_environment_variable_is_no_choice():
    process = run(PRINT_INFO, CYMA_TIER="")
    assert json.loads(process.stdout)["tier"] == INFO["supported_tiers"][-1]
    assert process.stderr == ""
