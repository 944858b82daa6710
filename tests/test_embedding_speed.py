"""The tool that measures compiled callers."""

import math
import shutil

import pytest

from tools.speed import embedding_speed

pytest.importorskip("numba", reason="numba is not installed")
pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def document():
    return embedding_speed.run(0.02, ["sigmoid", "sigmoid_bce"])


def test_every_way_is_measured(document):
    cells = {(row["function"], row["dtype"], row["n"]) for row in document["arrays"]}
    sizes = (embedding_speed.LARGE, *embedding_speed.FEW)
    dtypes = embedding_speed.SUFFIXES
    assert cells == {(f, d, n) for f in ("sigmoid", "sigmoid_bce") for d in dtypes for n in sizes}
    for row in document["arrays"]:
        assert set(row["ns"]) == {"ufunc", "ufunc, new", "c", "numba", "numba, new"}
    for row in document["numbers"]:
        assert row["function"] == "sigmoid"
        assert set(row["ns"]) == {"cython", "numba", "plain", "native", "scipy"}
    times = [
        ns for part in ("arrays", "numbers") for row in document[part] for ns in row["ns"].values()
    ]
    assert all(0 < ns < math.inf for ns in times)


def test_tables(document):
    header, rows = embedding_speed.arrays_table(document)
    assert [row[:2] for row in rows] == [
        [f, d] for f in ("sigmoid", "sigmoid_bce") for d in embedding_speed.SUFFIXES
    ]
    assert {len(row) for row in rows} == {len(header)}
    header, rows = embedding_speed.numbers_table(document)
    assert {len(row) for row in rows} == {len(header)}
    assert len(rows) == len(embedding_speed.SUFFIXES)


def test_recorded_run_is_complete():
    from cyma._functions import FUNCTIONS
    from tools import publish

    cells = {(r["function"], r["dtype"], r["n"]) for r in publish.EMBEDDING_SPEED["arrays"]}
    sizes = (embedding_speed.LARGE, *embedding_speed.FEW)
    assert cells == {(f, d, n) for f in FUNCTIONS for d in embedding_speed.SUFFIXES for n in sizes}
