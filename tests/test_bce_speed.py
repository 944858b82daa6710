"""The comparison of speeds: its contenders compute the same, and it tells."""

import numpy as np
import pytest

from tools import runs
from tools.speed import bce_speed


@pytest.mark.parametrize("form", bce_speed.FORMS)
@pytest.mark.parametrize("dtype_", ["float32", "float64"])
def test_contenders_agree(dtype_, form):
    times = bce_speed.measure(form, 1000, dtype_, runs.installed(bce_speed.CONTENDERS), 0.0)
    assert {"cyma", "numpy"} <= set(times)
    assert all(0 < t < 1e9 for t in times.values())


def test_what_differs_is_not_timed(monkeypatch):
    monkeypatch.setitem(bce_speed.CONTENDERS, "numpy", lambda *_: lambda: np.float64(0.5))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        bce_speed.measure("mean", 1000, "float64", ["cyma", "numpy"], 0.0)


def test_recorded_run_is_complete():
    from tools import publish

    rows = publish.BCE_SPEED["results"]
    assert {(r["form"], r["n"]) for r in rows} == {
        (form, n) for form in bce_speed.FORMS for n in bce_speed.SIZES
    }
    assert all(set(r["times"]) == set(bce_speed.CONTENDERS) for r in rows)
