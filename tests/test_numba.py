"""The ufuncs in functions that numba compiles: the same bits, whatever the operands."""

import os
import pathlib
import runpy
import subprocess
import sys

import numpy as np
import pytest
from conftest import INFO, assert_same_bits, inputs, ufunc_of

import cyma
from cyma._functions import ALIASES, FUNCTIONS
from cyma._ufuncs import SCALARS, UFUNCS

numba = pytest.importorskip("numba", reason="numba is not installed")
from numba.core.errors import TypingError  # noqa: E402

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples" / "embedding"
REALS = ("float32", "float64")


def compiled(function, nin, out=False):
    """A function that calls another one, compiled for whatever it is called with."""
    if nin == 1:
        plain = (lambda x, out: function(x, out)) if out else (lambda x: function(x))
    else:
        plain = (lambda x, y, out: function(x, y, out)) if out else (lambda x, y: function(x, y))
    return numba.njit(plain)


@pytest.fixture(scope="module")
def calls():
    """Every ufunc, compiled: by name, without and with ``out``."""
    return {
        name: (compiled(ufunc, ufunc.nin), compiled(ufunc, ufunc.nin, out=True))
        for name, ufunc in UFUNCS.items()
    }


@pytest.mark.parametrize("real", REALS)
def test_arrays_and_numbers(function, real, calls, tier):
    call, call_into = calls[function.name]
    ufunc = ufunc_of(function)
    operands = inputs(function, real, 600)
    expected = ufunc(*operands)
    assert_same_bits(call(*operands), expected)
    out = np.full(600, 7, real)
    assert call_into(*operands, out) is out
    assert_same_bits(out, expected)
    for k in range(function.nin):  # in place
        copies = [x.copy() for x in operands]
        call_into(*copies, copies[k])
        assert_same_bits(copies[k], expected)
    found = [call(*row) for row in zip(*operands, strict=True)]
    assert_same_bits(np.array(found, real), expected)


LAYOUTS = {
    "fortran": lambda x: np.asfortranarray(x.reshape(20, 30)),
    "strided": lambda x: x[::-3],
    "column": lambda x: x.reshape(20, 30)[:, 3],
    "transposed": lambda x: x.reshape(4, 5, 30).transpose(1, 0, 2),
    "empty": lambda x: x[:0].reshape(0, 3),
    "three": lambda x: x.reshape(4, 5, 30),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["sigmoid", "sigmoid_bce"])
def test_layouts(layout, name, calls):
    call, call_into = calls[name]
    operands = [LAYOUTS[layout](x) for x in inputs(FUNCTIONS[name], "float64", 600)]
    expected = UFUNCS[name](*operands)
    found = call(*operands)
    assert_same_bits(found, expected)
    if layout == "fortran":
        assert found.flags.f_contiguous
        assert not found.flags.c_contiguous
    out = np.empty_like(expected)
    assert_same_bits(call_into(*operands, out), expected)
    wide = np.zeros((*expected.shape, 2))
    call_into(*operands, wide[..., 0])
    assert_same_bits(np.ascontiguousarray(wide[..., 0]), np.ascontiguousarray(expected))
    assert not wide[..., 1].any()


@pytest.mark.parametrize(
    "shapes", [((3, 1), (1, 4)), ((5, 3, 4), (4,)), ((), (4,)), ((2, 3), (2, 1)), ((3,), (2, 3))]
)
def test_broadcasting(shapes, calls):
    call, call_into = calls["sigmoid_backward"]
    rng = np.random.default_rng(0)
    x, y = (rng.random(shape) for shape in shapes)
    x = float(x) if x.ndim == 0 else x
    expected = cyma.sigmoid_backward(x, y)
    assert_same_bits(call(x, y), expected)
    assert_same_bits(call_into(x, y, np.empty(expected.shape)), expected)
    larger = np.empty((2, *expected.shape))
    call_into(x, y, larger)
    assert_same_bits(larger, np.broadcast_to(expected, larger.shape))
    if isinstance(x, np.ndarray):
        x, y = np.asfortranarray(x), np.asfortranarray(y)
        assert_same_bits(np.ascontiguousarray(call(x, y)), np.ascontiguousarray(expected))


@pytest.mark.parametrize(
    "dtype_", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
)
def test_integers_have_the_ufuncs_dtype(dtype_, calls):
    x = np.arange(2, dtype=dtype_)
    call = calls["tanh"][0]
    assert_same_bits(call(x), cyma.tanh(x))
    number = call(x[1])
    assert number == cyma.tanh(x[1])
    assert_same_bits(calls["sigmoid_bce"][0](x, x), cyma.sigmoid_bce(x, x))


def test_mixed_types_are_computed_in_the_wider_one(calls):
    x, y = np.linspace(-3, 3, 50, dtype=np.float32), np.linspace(0, 1, 50)
    assert_same_bits(calls["sigmoid_bce"][0](x, y), cyma.sigmoid_bce(x, y))
    assert_same_bits(calls["sigmoid_bce"][0](y, x), cyma.sigmoid_bce(y, x))


def test_overlap_is_as_if_there_were_none(calls):
    x = np.linspace(-5, 5, 1001)
    into, into_2 = calls["sigmoid"][1], calls["sigmoid_backward"][1]
    for source, target in (
        (slice(None, -1), slice(1, None)),
        (slice(1, None), slice(None, -1)),
        (slice(None), slice(None, None, -1)),
        (slice(0, 600, 2), slice(0, 300)),
    ):
        memory = x.copy()
        into(memory[source], memory[target])
        assert_same_bits(memory[target], cyma.sigmoid(x[source]))
        memory = x.copy()
        into_2(memory[source], memory[source], memory[target])
        assert_same_bits(memory[target], cyma.sigmoid_backward(x[source], x[source]))


@pytest.mark.parametrize("shape", [(3,), (1001, 1), (1,), ()])
def test_wrong_shape_of_out(shape, calls):
    x = np.zeros(1001)
    with pytest.raises(ValueError, match="out has not the shape to which the operands broadcast"):
        calls["sigmoid"][1](x, np.empty(shape))
    with pytest.raises(ValueError, match="out has not the shape to which the operands broadcast"):
        calls["sigmoid_bce"][1](x, x[:1], np.empty(shape))


def test_shapes_that_do_not_broadcast(calls):
    with pytest.raises(ValueError, match="broadcast"):
        calls["sigmoid_bce"][0](np.zeros(5), np.zeros(4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1j,), "cyma.sigmoid takes real numbers and arrays of them, not complex128"),
        (("0.5",), "cyma.sigmoid takes real numbers and arrays of them, not unicode_type"),
        ((np.zeros(3, complex),), "cyma.sigmoid takes real numbers and arrays of them"),
        ((np.zeros(3, np.float16),), "compiled for results of float32 and float64, not float16"),
        ((np.zeros(3), np.zeros(3, np.float32)), "out must be an array of float64 that can be"),
        ((np.zeros(3), 0.5), "out must be an array of float64 that can be written to, not float64"),
    ],
)
def test_what_is_not_computed(arguments, message, calls):
    with pytest.raises(TypingError, match=message):
        calls["sigmoid"][len(arguments) - 1](*arguments)


def test_out_that_is_read_only(calls):
    out = np.zeros(3)
    out.flags.writeable = False
    with pytest.raises(TypingError, match="out must be an array of float64 that can be written"):
        calls["sigmoid"][1](np.zeros(3), out)


def test_keywords():
    @numba.njit
    def by_keyword(x, out):
        return cyma.sigmoid(x, out=out)

    @numba.njit
    def with_none(x):
        return cyma.sigmoid(x, None)

    @numba.njit
    def masked(x):
        return cyma.sigmoid(x, where=x > 0)

    x = np.linspace(-2, 2, 9)
    assert_same_bits(by_keyword(x, np.empty(9)), cyma.sigmoid(x))
    assert_same_bits(with_none(x), cyma.sigmoid(x))
    with pytest.raises(TypingError, match="where"):
        masked(x)


def test_aliases():
    @numba.njit
    def all_of_them(x):
        return cyma.expit(x), cyma.log_expit(x), cyma.softplus_deriv(x)

    assert set(ALIASES) == {"expit", "log_expit", "softplus_deriv"}
    x = np.linspace(-2, 2, 9)
    for found, expected in zip(
        all_of_them(x), (cyma.sigmoid(x), cyma.logsigmoid(x), cyma.sigmoid(x)), strict=True
    ):
        assert_same_bits(found, expected)


@pytest.mark.parametrize("name", SCALARS)
def test_scalars(name):
    call = compiled(SCALARS[name], 1)
    for x in (-700.3, -0.0, 0.3, np.nan, np.inf):
        assert_same_bits(np.float64(call(x)), np.float64(SCALARS[name](x)))
    assert call(np.float32(0.3)) == SCALARS[name](float(np.float32(0.3)))
    assert call(2) == SCALARS[name](2)
    with pytest.raises(TypingError, match=f"cyma.scalar.{name} takes a real number, not array"):
        call(np.zeros(3))


def test_ways_to_compile():
    def mean(x):
        total = 0.0
        for i in numba.prange(x.shape[0]):
            total += cyma.sigmoid(x[i]).sum()
        return total / x.size

    x = np.random.default_rng(0).normal(size=(16, 1000))
    expected = numba.njit(mean)(x)
    np.testing.assert_allclose(expected, cyma.sigmoid(x).mean(), rtol=1e-12)
    np.testing.assert_allclose(numba.njit(parallel=True, nogil=True)(mean)(x), expected, rtol=1e-12)
    fast = numba.njit(fastmath=True)(lambda x: cyma.softplus(x))
    special = np.array([np.nan, np.inf, -np.inf, -1e4, 1e-310])
    assert_same_bits(fast(special), cyma.softplus(special))

    @numba.vectorize
    def gate(x, y):
        return cyma.sigmoid(x) * y

    assert_same_bits(gate(x, 2.0), cyma.sigmoid(x) * 2.0)


def test_the_tier_is_that_of_the_thread():
    call = numba.njit(lambda x: (cyma.softplus(x), cyma.scalar.softplus(x[0])))
    x = np.linspace(-3, 3, 2000)
    for tier in INFO["supported_tiers"]:
        with cyma.tier(tier):
            array, number = call(x)
            assert_same_bits(array, cyma.softplus(x))
            assert number == cyma.scalar.softplus(x[0])


CACHED = """
import sys
sys.path.insert(0, sys.argv[1])
import cached, numpy as np, cyma
x = np.linspace(-9, 9, 1000)
assert (cached.call(x) == cyma.sigmoid(x) + cyma.scalar.tanh(0.5) + cyma.sigmoid(-0.5)).all()
print(sum(cached.call.stats.cache_hits.values()))
"""


def test_cached_code_runs_in_another_process(tmp_path):
    (tmp_path / "cached.py").write_text(
        "import cyma, numba\n"
        "@numba.njit(cache=True)\n"
        "def call(x):\n"
        "    return cyma.sigmoid(x) + cyma.scalar.tanh(0.5) + cyma.sigmoid(-0.5)\n"
    )
    hits = []
    for _ in range(2):
        process = subprocess.run(
            [sys.executable, "-W", "error", "-c", CACHED, str(tmp_path)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        hits.append(process.stdout.strip())
    assert hits == ["0", "1"]


def test_nothing_is_imported_for_those_who_do_not_use_it():
    code = "import sys, cyma, cyma.cython_api; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.filterwarnings("ignore::numba.NumbaPerformanceWarning")
def test_example(capsys):
    example = runpy.run_path(str(EXAMPLES / "numba_logistic_regression.py"))
    x, y, _ = example["problem"]()
    found = example["fit"](x, y, 1e-3, 200)
    gradient = x.T @ (cyma.sigmoid(x @ found) - y) / len(y) + 1e-3 * found
    assert np.abs(gradient).max() < 1e-9
    np.testing.assert_allclose(example["loss"](x, y, found), cyma.bce_with_logits(x @ found, y))
    example["main"]()
    assert "mean loss 0.6931 -> 0." in capsys.readouterr().out
