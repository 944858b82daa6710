"""f(x) depends on x alone: not on where in memory it lies, nor on how it is passed."""

import numpy as np
from conftest import INFO, assert_same_bits, inputs, reference, ufunc_of
from hypothesis import given, settings
from hypothesis import strategies as st

import cyma
from cyma._functions import FUNCTIONS
from cyma._table import DTYPES
from tools import runs


def strided(x, stride, offset=0):
    """Lay the elements of x out in a new array, ``stride`` apart; all are x[0] for 0."""
    if stride == 0:
        return np.broadcast_to(x[:1], x.shape)
    step = abs(stride)
    base = np.zeros(offset + x.size * step, x.dtype)
    view = base[offset::step][: x.size]
    view = view[::-1] if stride < 0 else view
    view[...] = x
    return view


def unaligned(x):
    """Copy to memory that is one byte off."""
    raw = np.zeros(x.nbytes + 1, np.uint8)
    view = raw[1:].view(x.dtype)
    view[...] = x
    assert x.size == 0 or not view.flags.aligned or x.dtype.itemsize == 1
    return view


def byte_swapped(x):
    return x.astype(x.dtype.newbyteorder())


def test_every_length_at_every_offset(function, dtype, tier):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 130 + 16)
    expected = f(*operands)
    out = np.empty_like(expected)
    for length in range(131):
        for offset in range(17):
            part = slice(offset, offset + length)
            f(*(x[part] for x in operands), out[:length])
            assert_same_bits(out[:length], expected[part])


def test_large_arrays(binary, dtype, tier):
    """Results that go past the caches (STREAM_BYTES in loops.c), beside others that do not."""
    f = ufunc_of(binary)
    few = inputs(binary, dtype, 1000)
    size = (9 << 20) // few[0].itemsize + 77
    expected = np.resize(f(*few), size)
    x, y = (np.resize(operand, size) for operand in few)
    out = np.empty_like(x)
    for part in (slice(0, size), slice(1, size - 3)):
        before, after = out[: part.start].copy(), out[part.stop :].copy()
        f(x[part], y[part], out[part])
        assert_same_bits(out[part], expected[part])
        assert_same_bits(out[: part.start], before)
        assert_same_bits(out[part.stop :], after)
    assert_same_bits(f(x[::-1], y[::-1])[::-1], expected)
    shifted = f(x[1:].copy(), y[1:])
    f(x[1:], y[1:], x[:-1])  # an output that is a later input
    assert_same_bits(x[:-1], shifted)
    assert_same_bits(f(np.resize(few[0], size), y, y), expected)


def test_every_stride(function, dtype, tier):
    f = ufunc_of(function)
    strides = range(-3, 4)
    operands = inputs(function, dtype, 300)
    for stride in strides:
        moved = tuple(strided(x, stride) for x in operands)
        expected = f(*(np.ascontiguousarray(x) for x in moved))
        assert_same_bits(f(*moved), expected)
        for out_stride in set(strides) - {0}:
            out = strided(np.zeros_like(expected), out_stride)
            f(*moved, out)
            assert_same_bits(out, expected)
    if function.nin == 2:
        x, y = operands
        for first in strides:
            for second in strides:
                moved = strided(x, first), strided(y, second)
                assert_same_bits(f(*moved), f(*(np.ascontiguousarray(x) for x in moved)))


def test_layouts(function, dtype, tier):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 300)
    expected = f(*operands)
    assert_same_bits(f(*map(unaligned, operands)), expected)
    assert_same_bits(f(*map(byte_swapped, operands)), expected)
    assert_same_bits(f(*(x.reshape(15, 20) for x in operands)), expected.reshape(15, 20))
    fortran = f(*(x.reshape(15, 20, order="F") for x in operands))
    assert_same_bits(fortran, expected.reshape(15, 20, order="F"))
    transposed = f(*(x.reshape(5, 6, 10).transpose(2, 0, 1) for x in operands))
    assert_same_bits(transposed, expected.reshape(5, 6, 10).transpose(2, 0, 1))
    read_only = tuple(x.copy() for x in operands)
    for x in read_only:
        x.flags.writeable = False
    assert_same_bits(f(*read_only), expected)
    record = np.zeros(300, [("a", "i1"), ("x", dtype), ("y", dtype)])
    for name, x in zip("xy", operands, strict=False):
        record[name] = x
    assert_same_bits(f(*(record[name] for name in "xy"[: function.nin])), expected)


def test_scalars_agree_with_arrays(function, dtype, tier):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 300)
    expected = f(*operands)
    scalars = [f(*row) for row in zip(*operands, strict=True)]
    assert all(type(y) is np.dtype(dtype).type for y in scalars)
    assert_same_bits(np.array(scalars), expected)
    zero_d = np.array([f(*map(np.array, row)) for row in zip(*operands, strict=True)])
    assert_same_bits(zero_d, expected)


def test_where_and_out(function, dtype, tier):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 300)
    expected = f(*operands)
    where = np.random.default_rng(1).random(300) < 0.5
    out = np.full(300, 7, dtype)
    assert f(*operands, out=out, where=where) is out
    assert_same_bits(out, np.where(where, expected, out.dtype.type(7)))
    for k in range(function.nin):
        in_place = [x.copy() for x in operands]
        f(*in_place, out=in_place[k])
        assert_same_bits(in_place[k], expected)


def test_conversion_in_passing(function, tier):
    # Through the casting buffers of NumPy, masked and not.
    f = ufunc_of(function)
    operands = inputs(function, "float32", 20_000)
    expected = f(*(x.astype(np.float64) for x in operands))
    assert_same_bits(f(*operands, dtype=np.float64), expected)
    out = np.full(20_000, 7.0)
    where = np.random.default_rng(1).random(20_000) < 0.5
    f(*operands, dtype=np.float64, out=out, where=where)
    assert_same_bits(out, np.where(where, expected, 7.0))


def test_overlapping_operands(function, dtype, tier):
    f = ufunc_of(function)
    operands = inputs(function, dtype, 1000)
    expected = f(*operands)
    size = operands[0].size
    for k in range(function.nin):
        for shift in [1, 2, 7, 64, 130]:
            for step in [1, -1, 2]:
                part = slice(None, size - shift)
                # Before or behind the operand, in one piece of memory.
                for source, target in [(0, shift), (shift, 0)]:
                    memory = np.zeros(step * (size + shift) if step > 0 else size + shift, dtype)
                    memory = memory[::step]
                    shared = memory[source : source + size - shift]
                    shared[...] = operands[k][part]
                    arguments = [x[part] for x in operands]
                    arguments[k] = shared
                    out = memory[target : target + size - shift]
                    f(*arguments, out=out)
                    assert_same_bits(out, expected[part])
        reverse = operands[k].copy()
        arguments = list(operands)
        arguments[k] = reverse[::-1]
        flipped = f(*(x.copy() for x in arguments))
        f(*arguments, out=reverse)
        assert_same_bits(reverse, flipped)


def test_reduce_and_accumulate_go_element_by_element(binary, dtype, tier):
    # The output of one step is an input of the next.
    f = ufunc_of(binary)
    x = inputs(binary, dtype, 300, seed=3)[1]
    x[~np.isfinite(x)] = 0.25
    running = [x[0]]
    for y in x[1:]:
        running.append(f(running[-1], y))
    assert_same_bits(f.accumulate(x), np.array(running))
    assert_same_bits(f.reduce(x), running[-1])
    assert_same_bits(f.reduce(x[::3]), f.accumulate(x[::3])[-1])


def test_fma_tiers_give_the_same_bits(function, dtype):
    operands, _ = reference(function.name, dtype)
    results = []
    for name in INFO["fma_tiers"]:
        portable = not runs.is_hand_written(name, function.name, dtype)
        if portable and name in INFO["supported_tiers"]:
            with cyma.tier(name):
                results.append(ufunc_of(function)(*operands))
    for result in results[1:]:
        assert_same_bits(result, results[0])


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(FUNCTIONS)),
    real=st.sampled_from(DTYPES),
    tier_name=st.sampled_from(INFO["supported_tiers"]),
    length=st.integers(0, 400),
    seed=st.integers(0, 2**32 - 1),
    out_layout=st.tuples(st.sampled_from([-3, -2, -1, 1, 2, 3]), st.integers(0, 16)),
    layouts=st.lists(
        st.tuples(st.integers(-3, 3), st.integers(0, 16), st.booleans(), st.booleans()),
        min_size=2,
        max_size=2,
    ),
    masked=st.booleans(),
)
def test_any_layout(name, real, tier_name, length, seed, out_layout, layouts, masked):
    function = FUNCTIONS[name]
    f = ufunc_of(function)
    operands = inputs(function, real, length, seed=seed)
    moved = []
    for x, (stride, offset, swap, shift) in zip(operands, layouts, strict=False):
        view = strided(x, stride, offset) if length else x
        view = unaligned(view) if shift else view
        moved.append(byte_swapped(view) if swap else view)
    with cyma.tier(tier_name):
        expected = f(*(np.ascontiguousarray(x, dtype=real) for x in moved))
        stride, offset = out_layout
        out = strided(np.full(length, 7, real), stride, offset) if length else np.empty(0, real)
        where = np.random.default_rng(seed).random(length) < 0.5 if masked else True
        f(*moved, out=out, where=where)
    assert_same_bits(out, np.where(where, expected, np.array(7, real)))
