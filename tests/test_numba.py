"""The ufuncs and cyma.scalar in functions that numba compiles: the same bits, for any operands."""

import functools
import importlib.metadata
import os
import pathlib
import pickle
import re
import runpy
import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import assert_same_bits, inputs, ufunc_of

import cyma
from cyma import scalar
from cyma._functions import ALIASES, FUNCTIONS
from cyma._ufuncs import UFUNCS

numba = pytest.importorskip("numba", reason="numba is not installed")

EXAMPLE = pathlib.Path(__file__).parents[1] / "examples/embedding/numba_logistic_regression.py"
REALS = ["float32", "float64"]
# All functions come from one factory: what depends on types alone is tested with these.
SOME = ["softplus", "sigmoid_bce"]


# A function is compiled once, for each combination of types that a test gives it.


@functools.cache
def compiled(f, nin):
    """Call f on operands."""
    if nin == 1:
        return numba.njit(lambda x: f(x))
    return numba.njit(lambda x, y: f(x, y))


@functools.cache
def compiled_out(f, nin):
    """Call f with an array for the results, by position or by name."""
    if nin == 1:
        by_position, by_name = (lambda x, out: f(x, out)), (lambda x, out: f(x, out=out))
    else:
        by_position, by_name = (
            (lambda x, y, out: f(x, y, out)),
            (lambda x, y, out: f(x, y, out=out)),
        )
    return numba.njit(by_position), numba.njit(by_name)


@functools.cache
def compiled_loop(f, nin):
    """Call f on numbers: the elements of arrays."""

    def unary(x, out):
        for i in range(x.size):
            out[i] = f(x[i])

    def binary(x, y, out):
        for i in range(x.size):
            out[i] = f(x[i], y[i])

    return numba.njit(unary if nin == 1 else binary)


def call(name, *operands):
    return compiled(UFUNCS[name], len(operands))(*operands)


def call_out(name, *operands, out):
    """Call with `out`, which is returned."""
    by_position, _ = compiled_out(UFUNCS[name], len(operands))
    returned = by_position(*operands, out)
    assert returned.ctypes.data == out.ctypes.data
    assert returned.strides == out.strides
    return returned


def operands_of(name, dtype, count=300):
    return inputs(FUNCTIONS[name], dtype, count)


@pytest.mark.parametrize(
    ("shape", "order", "real"),
    [((9999,), "C", "float32"), ((101, 99), "C", "float64"), ((101, 99), "F", "float64")],
)
def test_large_arrays(shape, order, real):
    for name in SOME:
        operands = [np.asarray(np.resize(x, shape), order=order) for x in operands_of(name, real)]
        found = call(name, *operands)
        assert_same_bits(found, UFUNCS[name](*operands))
        assert found.ctypes.data % 4096 == 0
        assert found.strides == operands[0].strides


@pytest.mark.parametrize("real", REALS)
def test_numbers_have_the_bits_of_the_ufuncs(function, real, tier):
    f, operands = ufunc_of(function), inputs(function, real, 300)
    out = np.empty_like(operands[0])
    compiled_loop(f, function.nin)(*operands, out)
    assert_same_bits(out, f(*operands))


@pytest.mark.parametrize("real", REALS)
def test_arrays_have_the_bits_of_the_ufuncs(function, real, tier):
    f, operands = ufunc_of(function), inputs(function, real, 1001)
    for n in (0, 1, 7, 64, 1001):
        part = [x[:n] for x in operands]
        assert_same_bits(compiled(f, function.nin)(*part), f(*part))


def test_numbers_of_python_have_the_bits_of_cyma_scalar(unary, tier):
    f, (x,) = getattr(scalar, unary.name), inputs(unary, "float64", 300)
    out = np.empty_like(x)
    compiled_loop(f, 1)(x, out)
    assert_same_bits(out, np.array([f(number) for number in x]))
    assert compiled(f, 1)(2) == f(2)
    assert compiled(f, 1)(True) == f(True)
    single = np.float32(0.3)
    assert compiled(f, 1)(single) == f(single) != f(0.3)


def test_aliases_and_names_of_the_module():
    from cyma import tanh

    assert set(ALIASES) == {"expit", "log_expit", "softplus_deriv"}

    @numba.njit
    def all_of(x):
        return cyma.expit(x), cyma.log_expit(x), cyma.softplus_deriv(x), tanh(x), scalar.expit(x[1])

    x = np.linspace(-3, 3, 20)
    expected = cyma.sigmoid(x), cyma.logsigmoid(x), cyma.sigmoid(x), cyma.tanh(x)
    *found, number = all_of(x)
    for y, z in zip(found, expected, strict=True):
        assert_same_bits(y, z)
    assert number == expected[0][1]


def test_arrays_are_computed_as_a_whole():
    """Not fused into loops over elements, as numba does with its own ufuncs."""
    x = np.ones(3)
    for name, operands in (("softplus", [x]), ("sigmoid_bce", [x, x])):
        call(name, *operands)
        f = compiled(UFUNCS[name], len(operands))
        code = f.inspect_llvm(tuple(map(numba.typeof, operands)))
        assert f"@cyma_{name}_f64_array(" in code
        assert f"@cyma_{name}_f64(" not in code


# Types and layouts.


def unaligned(x):
    view = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype)
    view[...] = x
    return view


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS = {
    "two dimensions": lambda x: x.reshape(15, 20),
    "Fortran": lambda x: x.reshape(15, 20, order="F"),
    "transposed": lambda x: x.reshape(2, 15, 10).transpose(0, 2, 1)[0],
    "reversed": lambda x: x[::-1],
    "strided": lambda x: np.repeat(x, 2)[::2],
    "read-only": read_only,
    "unaligned": unaligned,
    "of one element": lambda x: x[7:8].reshape(1, 1),
    "empty": lambda x: x[:0].reshape(3, 0),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", SOME)
def test_layouts(name, layout):
    operands = [LAYOUTS[layout](x) for x in operands_of(name, "float64")]
    found, expected = call(name, *operands), UFUNCS[name](*operands)
    assert_same_bits(found, expected)
    assert found.flags.writeable
    assert found.flags.f_contiguous or layout != "Fortran"


def test_operands_of_different_layouts():
    x, z = (operand.reshape(15, 20) for operand in operands_of("sigmoid_bce", "float64"))
    fortran = np.asfortranarray(z)
    assert_same_bits(call("sigmoid_bce", x, fortran), cyma.sigmoid_bce(x, z))
    assert_same_bits(call("sigmoid_bce", fortran, x), cyma.sigmoid_bce(z, x))


def test_contiguous_arrays_in_a_function_for_any_layout():
    f = cyma.softplus
    any_layout = numba.njit("float64[:,:](float64[:,:])")(lambda x: f(x))
    x = np.linspace(-5, 5, 24).reshape(4, 6)
    for operand in (x, x.T, np.asfortranarray(x), x[:, ::2], x[:0], x[:1, ::-1]):
        assert_same_bits(any_layout(operand), f(operand))


INTEGERS = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
VALUES = {"bool": [False, True], "int8": [-128, 0, 3], "uint64": [0, 3, 2**63 + 1, 2**64 - 1]}


@pytest.mark.parametrize("kind", [*INTEGERS, *REALS])
def test_types_of_results_are_those_of_the_ufuncs(kind):
    x = np.array(VALUES.get(kind, [0, 1, 12]), kind)
    assert_same_bits(call("softplus", x), cyma.softplus(x))
    typed = numba.njit(lambda x: np.array([cyma.softplus(x[1])]))
    assert_same_bits(typed(x), cyma.softplus(x[1:2]))


@pytest.mark.parametrize(
    "kinds",
    [("float32", "float64"), ("float64", "float32"), ("float32", "int64"), ("bool", "float32")],
    ids=str,
)
def test_types_of_results_of_two_operands_are_those_of_the_ufunc(kinds):
    x, y = (np.array([0, 1, 1], kind) for kind in kinds)
    assert_same_bits(call("sigmoid_bce", x, y), cyma.sigmoid_bce(x, y))
    typed = numba.njit(lambda x, y: np.array([cyma.sigmoid_bce(x[1], y[1])]))
    assert_same_bits(typed(x, y), cyma.sigmoid_bce(x[1:2], y[1:2]))


@pytest.mark.parametrize("real", REALS)
def test_arrays_without_dimensions(real):
    x = np.array(0.3, real)
    assert call("softplus", x) == cyma.softplus(x)
    assert call("sigmoid_bce", x, x) == cyma.sigmoid_bce(x, x)
    out = np.zeros((), real)
    assert_same_bits(call_out("softplus", x, out=out), cyma.softplus(x))
    assert_same_bits(call_out("softplus", out, out=out), cyma.softplus(cyma.softplus(x)))


SHAPES = [((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (1, 4)), ((3, 1), (3, 0)), ((1,), (5,))]
SHAPES += [((1,), (0,)), ((3, 4), ())]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_operands_are_broadcast(shapes):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=shape) for shape in shapes)
    expected = cyma.sigmoid_bce(x, y)
    assert_same_bits(call("sigmoid_bce", x, y), expected)
    if shapes == SHAPES[0]:
        out = np.empty_like(expected)
        assert_same_bits(call_out("sigmoid_bce", x, y, out=out), expected)


@pytest.mark.parametrize("order", "CF")
def test_numbers_are_broadcast(order):
    x = np.linspace(-3, 3, 12).reshape(3, 4, order=order)
    for operands in ((x, 0.3), (0.3, x)):
        found, expected = call("sigmoid_bce", *operands), cyma.sigmoid_bce(*operands)
        assert_same_bits(found, expected)
        assert found.strides == expected.strides


# Arrays for the results.


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("name", SOME)
def test_out(name, real):
    operands = operands_of(name, real)
    expected = UFUNCS[name](*operands)
    for f in compiled_out(UFUNCS[name], len(operands)):
        out = np.full_like(expected, 7)
        returned = f(*operands, out)
        assert returned.ctypes.data == out.ctypes.data
        assert_same_bits(out, expected)
    for k in range(len(operands)):
        in_place = [x.copy() for x in operands]
        assert_same_bits(call_out(name, *in_place, out=in_place[k]), expected)


OUTS = {
    "strided": lambda: np.zeros(600)[::2],
    "reversed": lambda: np.zeros(300)[::-1],
    "unaligned": lambda: unaligned(np.zeros(300)),
    "of another type": lambda: np.zeros(300, np.float32),
    "larger": lambda: np.zeros((2, 300)),
    "Fortran": lambda: np.zeros((2, 300), order="F"),
}


@pytest.mark.parametrize(
    ("name", "layout"), [*(("softplus", layout) for layout in OUTS), ("sigmoid_bce", "strided")]
)
def test_layouts_of_out(name, layout):
    operands = operands_of(name, "float64")
    for part in (operands, [x[20:21] for x in operands]):  # which is broadcast to all of out
        expected = UFUNCS[name](*part, out=OUTS[layout]())
        assert_same_bits(call_out(name, *part, out=OUTS[layout]()), expected)


def test_what_lies_between_elements_of_out_stays():
    memory, x = np.full(600, 7.0), np.linspace(-3, 3, 300)
    call_out("softplus", x, out=memory[::2])
    assert np.all(memory[1::2] == 7)


def test_none_for_out():
    x = np.linspace(-3, 3, 300)
    with_none = numba.njit(lambda x: cyma.softplus(x, None))
    assert_same_bits(with_none(x), cyma.softplus(x))


def test_numbers_fill_out():
    assert_same_bits(call_out("softplus", 2, out=np.empty(5)), np.full(5, cyma.softplus(2)))
    for out in (np.empty(5), np.empty(10)[::2]):
        found = call_out("sigmoid_bce", 0.3, 2, out=out)
        assert_same_bits(found, np.full(5, cyma.sigmoid_bce(0.3, 2.0)))
    y = np.linspace(0, 1, 5)
    for k in range(2):  # a number beside an operand that is out
        arguments = [0.3, 0.3]
        arguments[k] = y.copy()
        expected = cyma.sigmoid_bce(*arguments)
        assert_same_bits(call_out("sigmoid_bce", *arguments, out=arguments[k]), expected)


@pytest.mark.parametrize("name", SOME)
def test_operands_that_overlap_out(name):
    operands, size = operands_of(name, "float64", 1000), 900
    # These are of two types, contiguous and of any layout.
    sources = [np.s_[:size], np.s_[1 : size + 1], np.s_[100:], np.s_[size - 1 :: -1], np.s_[:99:-1]]
    targets = [np.s_[:size], np.s_[50 : size + 50], np.s_[size - 1 :: -1]]
    for k in range(len(operands)):
        for source in sources:
            for target in targets:
                memory = operands[k].copy()
                arguments = [x[:size] for x in operands]
                arguments[k] = memory[source]
                expected = UFUNCS[name](*(x.copy() for x in arguments))
                call_out(name, *arguments, out=memory[target])
                assert_same_bits(memory[target], expected)


def test_both_operands_in_the_memory_of_out():
    for x_view, y_view in [(np.s_[::-1], np.s_[:]), (np.s_[:], np.s_[::-1])]:
        memory = np.linspace(0, 1, 300)
        expected = cyma.sigmoid_bce(memory[x_view].copy(), memory[y_view].copy())
        assert_same_bits(
            call_out("sigmoid_bce", memory[x_view], memory[y_view], out=memory), expected
        )
    memory = np.linspace(0, 1, 300)
    integers = memory.view(np.int64)  # of another type
    expected = cyma.sigmoid_bce(integers.copy(), memory.copy())
    assert_same_bits(call_out("sigmoid_bce", integers, memory, out=memory), expected)


# Errors.


@pytest.mark.parametrize("out", [np.empty(4), np.empty(8)[::2]], ids=["contiguous", "strided"])
def test_a_wrong_shape_of_out_is_named(out):
    text = r"^cyma.softplus: an operand of shape \(3,\) does not fit into out of shape \(4,\)$"
    with pytest.raises(ValueError, match=text) as error:
        call_out("softplus", np.ones(3), out=out)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
    with pytest.raises(ValueError, match=r"shape \(2,\) does not fit into out of shape \(4,\)"):
        call_out("sigmoid_bce", np.ones(4), np.ones(2), out=out)
    for shape in ((1,), (), (4, 1)):
        with pytest.raises(ValueError, match="softplus: an operand of shape .* does not fit into"):
            call_out("softplus", np.ones(4), out=np.empty(shape))


def test_shapes_of_operands_that_do_not_go_together_are_named():
    text = r"^cyma.sigmoid_bce: operands of shapes \(2, 3\) and \(2,\) do not go together$"
    with pytest.raises(ValueError, match=text):
        call("sigmoid_bce", np.ones((2, 3)), np.ones(2))


F, X = cyma.softplus, np.ones(3)
UNSUPPORTED = [
    (lambda x: F(x), X * 1j),
    (lambda x: F(x), 1j),
    (lambda x: F(x), X.astype(np.float16)),
    (lambda x: F(x), "1"),
    (lambda x: F(x), (1.0, 2.0)),
    (lambda x: F(x), np.ones(2, "m8[s]")),
    (lambda x: F(x, np.empty(3, np.int64)), X),
    (lambda x: F(x, out=0.0), X),
    (lambda x: F(x, out=(x,)), X),
    (lambda x: F(x[0], out=x), read_only(X)),
    (lambda x: F(x, where=x > 0), X),
    (lambda x: F(x, dtype=np.float32), X),
    (lambda x: F(x, x, x), X),
    (lambda x: F(), X),
    (lambda x: scalar.softplus(x), X),
    (lambda x: scalar.softplus(x), 1j),
]
# Apart from the functions: numba's message has the lines around a call, too.
OPERAND = "cyma.softplus: {} is not supported in numba; operands must be float32, float64, integers"
OUT = "cyma.softplus: out must be an array of float32 or float64, not {}"
MESSAGES = [
    OPERAND.format("array(complex128, 1d, C)"),
    OPERAND.format("complex128"),
    OPERAND.format("array(float16, 1d, C)"),
    OPERAND.format("unicode_type"),
    OPERAND.format("UniTuple(float64 x 2)"),
    OPERAND.format("array(timedelta64[s], 1d, C)"),
    OUT.format("array(int64, 1d, C)"),
    OUT.format("float64"),
    OUT.format("UniTuple(array(float64, 1d, C) x 1)"),
    "cyma.softplus: out must not be read-only",
    "unexpected keyword argument 'where'",
    "unexpected keyword argument 'dtype'",
    "too many positional arguments",
    "missing a required argument: 'x'",
    "cyma.scalar.softplus: x must be a real number, not array(float64, 1d, C)",
    "cyma.scalar.softplus: x must be a real number, not complex128",
]


@pytest.mark.parametrize("k", range(len(UNSUPPORTED)), ids=MESSAGES)
def test_what_is_not_supported_is_named(k):
    function, argument = UNSUPPORTED[k]
    with pytest.raises(numba.TypingError, match=re.escape(MESSAGES[k])):
        numba.njit(function)(argument)


# numba's options, and other ways to compile.


def test_loops_in_parallel():
    @numba.njit(parallel=True)
    def rows(x, sums):
        out = np.empty_like(x)
        for i in numba.prange(x.shape[0]):
            cyma.softplus(x[i], out[i])
            for j in range(x.shape[1]):
                sums[i] += scalar.sigmoid(x[i, j])
        return cyma.tanh(out, out)

    x = np.linspace(-5, 5, 12_000).reshape(40, 300)
    sums = np.zeros(40)
    assert_same_bits(rows(x, sums), cyma.tanh(cyma.softplus(x)))
    np.testing.assert_allclose(sums, cyma.sigmoid(x).sum(axis=1), rtol=1e-13)


@pytest.mark.parametrize("parallel", [False, True])
def test_results_that_are_only_written(parallel):
    """A call whose value is not used stays, and where it is."""

    @numba.njit(parallel=parallel)
    def twice(x):
        y = x + 1
        cyma.softplus(y, y)
        z = y * 2
        cyma.softplus(y, out=y)
        return y + z

    x = np.linspace(-5, 5, 300)
    once = cyma.softplus(x + 1)
    assert_same_bits(twice(x), cyma.softplus(once) + once * 2)


def test_fastmath_leaves_the_bits():
    @numba.njit(fastmath=True)
    def both(x, y, numbers):
        for i in range(x.size):
            numbers[i] = cyma.sigmoid_bce(x[i], y[i])
        return cyma.sigmoid_bce(x, y)

    x, y = operands_of("sigmoid_bce", "float32")
    numbers = np.empty_like(x)
    arrays = both(x, y, numbers)
    assert_same_bits(arrays, cyma.sigmoid_bce(x, y))
    assert_same_bits(numbers, cyma.sigmoid_bce(x, y))


def test_threads_without_the_gil():
    f = cyma.softplus
    in_a_thread = numba.njit(nogil=True)(lambda x: f(x))
    x = [np.random.default_rng(k).normal(size=20_000) for k in range(4)]
    found = [None] * 4
    in_a_thread(x[0])

    def work(k):
        for _ in range(20):
            found[k] = in_a_thread(x[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert_same_bits(found[k], f(x[k]))


def test_vectorize_and_callbacks():
    f = cyma.softplus
    x = np.linspace(-5, 5, 60).reshape(6, 10)
    assert_same_bits(numba.vectorize(lambda x: f(x) * 2)(x), f(x) * 2)

    @numba.guvectorize(["(float64[:], float64[:])"], "(n)->(n)")
    def rows(x, out):
        f(x, out)

    assert_same_bits(rows(x), f(x))
    callback = numba.cfunc("float64(float64)")(lambda x: f(x))
    assert callback.ctypes(0.3) == f(0.3)


# Processes.


def run(code, **environment):
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_import_does_not_import_numba():
    assert run("import sys, cyma; print('numba' in sys.modules)") == "False\n"


def test_entry_point():
    (point,) = (
        point
        for point in importlib.metadata.entry_points(group="numba_extensions", name="init")
        if point.value.startswith("cyma.")
    )
    assert point.value == "cyma._numba:init"
    assert callable(point.load())


IN_PLACE = """
import numba
import numpy as np
from numba.core.runtime import rtsys
import cyma

@numba.njit
def compute(repeats, x, y, whole, out):
    for _ in range(repeats):
        cyma.softplus(x, x)
        cyma.softplus(whole, out)
        cyma.sigmoid_bce(x, y, x)
        cyma.sigmoid_bce(x, 0.5, out=y)

def allocations(repeats):
    operands = np.ones(30), np.ones(30), np.ones((5, 6), order="F"), np.ones((5, 6), order="F")
    compute(0, *operands)  # only then numba counts
    before = rtsys.get_allocation_stats().alloc
    compute(repeats, *operands)
    return rtsys.get_allocation_stats().alloc - before

print(allocations(100) - allocations(1))
"""


def test_nothing_is_copied_where_kernels_take_arrays_as_they_are():
    assert run(IN_PLACE, NUMBA_NRT_STATS="1") == "0\n"


CACHED = """
import numpy as np
import numba
import cyma

@numba.njit(cache=True)
def compute(x, y):
    loss = cyma.sigmoid_bce(x[::2], y[:5]) + cyma.scalar.tanh(x[0])
    return cyma.softplus(loss, out=loss)

x = np.linspace(-3, 3, 10)
for tier in cyma.runtime_info()["supported_tiers"]:
    with cyma.tier(tier):
        expected = cyma.softplus(cyma.sigmoid_bce(x[::2], x[:5]) + cyma.scalar.tanh(x[0]))
        assert compute(x, x).tobytes() == expected.tobytes()
print(sum(compute.stats.cache_hits.values()), sum(compute.stats.cache_misses.values()))
"""


def test_a_cached_function_runs_in_another_process(tmp_path):
    (tmp_path / "cached.py").write_text(CACHED)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"PYTHONPATH": path, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert run("import cached", **settings) == "0 1\n"
    assert run("import cached", **settings) == "1 0\n"


@pytest.mark.filterwarnings("ignore::numba.NumbaPerformanceWarning")
def test_example(capsys):
    example = runpy.run_path(str(EXAMPLE))
    x, y, _ = example["problem"]()
    found = example["fit"](x, y, 1e-3, 200)
    gradient = x.T @ (cyma.sigmoid(x @ found) - y) / len(y) + 1e-3 * found
    assert np.abs(gradient).max() < 1e-9
    np.testing.assert_allclose(example["loss"](x, y, found), cyma.bce_with_logits(x @ found, y))
    example["main"]()
    assert "mean loss 0.6931 -> 0." in capsys.readouterr().out
