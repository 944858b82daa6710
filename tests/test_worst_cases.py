"""The largest errors that the sweep and the hunt found: still what they were, and in bounds."""

import numpy as np
import publish
import pytest
from conftest import INFO, ufunc_of

from cyma import _accuracy
from cyma._ufuncs import FUNCTIONS


def witnesses(function, fma):
    """Rows of the runs: dtype, operands, error, whether that is an absolute one."""
    for row in publish.HUNT["errors"]:
        if (row["function"], row["fma"]) == (function.name, fma):
            for worst in row["worst"]:
                yield row["dtype"], worst["operands"], worst["error"], row["absolute"]
    for row in publish.SWEEP["results"]:
        ours = row["by"] in publish.SWEEP["tiers"]
        if ours and (row["function"], row["by"] in INFO["fma_tiers"]) == (function.name, fma):
            for extreme in (row["normal"], row["subnormal"]):
                yield row["dtype"], [extreme["x"]], extreme["error"], False


def test_errors_at_the_worst_inputs_are_those_recorded(function, tier):
    fma = tier in INFO["fma_tiers"]
    rows = list(witnesses(function, fma))
    assert len(rows) >= 12
    for dtype, operands, recorded, absolute in rows:
        x = tuple(np.array([float.fromhex(v)]).astype(dtype) for v in operands)
        exact = _accuracy.exact(function.name, x, mpmath=True)
        y = ufunc_of(function)(*x)
        error = (exact.absolute_error(y) if absolute else exact.error(y))[0]
        bound = function.absolute[dtype] if absolute else function.bound(dtype, fma=fma)
        assert error <= bound, (dtype, operands)
        assert error == pytest.approx(recorded, rel=1e-5, abs=1e-6), (dtype, operands)


def test_function_table_holds_the_worst(function):
    dtypes = ("float16", "float32", "float64")
    assert set(function.worst) == {(dtype, fma) for dtype in dtypes for fma in (True, False)}
    for (dtype, fma), worst in function.worst.items():
        record = publish.RECORDS[function.name, dtype, fma]
        assert worst.error == pytest.approx(record.error, abs=1e-4)
        assert worst.operands == record.operands
        assert worst.error <= function.bound(dtype, fma=fma)


def test_runs_were_complete():
    rows = [row for row in publish.SWEEP["results"] if row["dtype"] == "float32"]
    assert publish.SWEEP["stride"] == 1
    assert {row["inputs"] for row in rows} == {2**32}
    assert {row["function"] for row in rows} == {n for n, f in FUNCTIONS.items() if f.nin == 1}
    assert min(row["points"] for row in publish.HUNT["errors"]) >= 10**8
    assert max(publish.SWEEP["reference_errors"].values()) < 1e-6
    assert {"numpy", "scipy", "torch"} <= {row["by"] for row in rows}


def test_promises_kept_over_all_float32():
    for row in publish.SWEEP["results"]:
        if row["by"] not in publish.SWEEP["tiers"]:
            continue
        assert row["out_of_range"] == row["asymmetric"] == row["nan_faults"] == 0, row
        if row["function"] in ("sigmoid", "tanh"):
            assert row["steps_back"] == 0, row
        assert row["step"]["error"] <= 1, row
