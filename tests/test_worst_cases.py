"""The largest errors that the sweep and the hunt found: still what they were, and in bounds."""

import re

import numpy as np
import pytest
from conftest import INFO, ufunc_of

from cyma import _accuracy, _reference
from cyma._functions import FUNCTIONS
from tools import publish, runs


def witnesses(function, tier):
    """Rows of the runs: dtype, record, operands, whether the error is an absolute one."""

    def of_this_kernel(fma, by, dtype, hand_written):
        """Whether a record of this function is of the kernel that the tier runs."""
        own = runs.is_hand_written(tier, function.name, dtype)
        same_kind = fma == (tier in INFO["fma_tiers"]) and own == hand_written
        return same_kind and (not own or by == tier)

    for row in publish.HUNT["errors"]:
        kind = row["fma"], row["tier"], row["dtype"], row["hand_written"]
        if row["function"] == function.name and of_this_kernel(*kind):
            for worst in row["worst"]:
                yield row["dtype"], worst, worst["operands"], row["absolute"]
    for row in publish.SWEEP["results"]:
        key = [row["function"], row["dtype"]]
        own = key in publish.SWEEP["hand_written"].get(row["by"], [])
        kind = row["by"] in publish.SWEEP["fma_tiers"], row["by"], row["dtype"], own
        ours = row["by"] in publish.SWEEP["tiers"] and row["function"] == function.name
        if ours and of_this_kernel(*kind):
            for extreme in (row["normal"], row["subnormal"]):
                yield row["dtype"], extreme, [extreme["x"]], False


def test_errors_at_the_worst_inputs_are_those_recorded(function, tier):
    fma = tier in INFO["fma_tiers"]
    rows = list(witnesses(function, tier))
    assert len(rows) >= 12
    for dtype, record, operands, absolute in rows:
        x = tuple(np.array([float.fromhex(v)]).astype(dtype) for v in operands)
        exact = _accuracy.exact(function.name, x, mpmath=True)
        y = ufunc_of(function)(*x)
        error = (exact.absolute_error(y) if absolute else exact.error(y))[0]
        bound = function.absolute[dtype] if absolute else function.bound(dtype, fma=fma)
        assert error <= bound, (dtype, operands)
        assert error == pytest.approx(record["error"], rel=1e-5, abs=1e-6), (dtype, operands)
        assert y[0] == float.fromhex(record["got"])


def test_results_lie_where_the_record_says(function):
    for row in publish.HUNT["errors"]:
        if row["function"] == function.name:
            x = tuple(np.array([float.fromhex(v)]) for v in row["worst"][0]["operands"])
            (exact,) = _reference.in_mpmath(function.name, x)
            got = float.fromhex(row["worst"][0]["got"])
            assert (abs(got) > abs(exact)) == row["worst"][0]["above"], row


def test_comments_of_kernels_are_made_anew():
    paths = [path for path in publish.HEADERS if "Worst: 0." in path.read_text()]
    assert len(paths) >= 3
    for path in paths:
        text = path.read_text()
        assert publish.with_comments(text.replace("Worst: 0.", "Worst: 9.")) == text


def test_comment_of_float16():
    text = (publish.ROOT / "include" / "cyma" / "f16.h").read_text()
    errors = {
        row["function"]: max(row["normal"]["error"], row["subnormal"]["error"])
        for row in publish.SWEEP["results"]
        if row["dtype"] == "float16" and row["by"] in publish.SWEEP["fma_tiers"]
    }
    for row in publish.HUNT["errors"]:
        if row["dtype"] == "float16" and row["fma"] and not row["absolute"]:
            errors[row["function"]] = row["worst"][0]["error"]
    assert errors.keys() == FUNCTIONS.keys()
    largest = max(errors.values())
    assert 0 < float(re.search(r"Worst: below ([\d.]+)", text)[1]) - largest < 0.001


def test_comment_of_the_hand_written_tanh():
    (row,) = (
        r
        for r in publish.SWEEP["results"]
        if (r["function"], r["dtype"], r["by"]) == ("tanh", "float32", "x86_64_v4")
    )
    worst = row["normal"]
    header = publish.ROOT / "pyx" / "core" / "avx512" / "tanh.h"
    text = f"Worst: {worst['error']:.3f}, {worst['x']} -> {worst['got']} - {worst['error']:.3f} ulp"
    assert text in header.read_text()


def test_function_table_holds_the_worst(function):
    dtypes = ("float16", "float32", "float64")
    assert set(function.worst) == {(dtype, fma) for dtype in dtypes for fma in (True, False)}
    for (dtype, fma), worst in function.worst.items():
        record = publish.RECORDS[function.name, dtype, fma]
        assert 0 <= worst.error - record.error <= 1.1e-4
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
