"""Many threads: a call has one tier, a thread may have its own, and nothing is mixed up."""

import contextlib
import functools
import os
import subprocess
import sys
import sysconfig
import threading

import numpy as np
import pytest
from conftest import INFO, assert_same_bits, bits

import cyma
from cyma import objectives, scalar
from cyma._functions import FUNCTIONS
from cyma._ufuncs import UFUNCS

NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
LENGTH = 30_011  # some buffers of NumPy's, and no whole number of them
THREADS = 8

RNG = np.random.default_rng(0)
X = RNG.normal(0, 4, LENGTH)
Z = (RNG.random(LENGTH) < 0.5).astype(float)
SOFT = RNG.random(LENGTH)
INTEGERS = RNG.integers(-20, 20, LENGTH)
MASK = np.arange(LENGTH) % 3 > 0


def run_threads(*targets):
    """Run each target in a thread of its own; an exception in one is raised here."""
    errors = []

    def guarded(target):
        try:
            target()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def two_tiers():
    """Two tiers that give different bits."""
    plain = [name for name in INFO["supported_tiers"] if name not in INFO["fma_tiers"]]
    fma = [name for name in INFO["supported_tiers"] if name in INFO["fma_tiers"]]
    if not plain or not fma:
        pytest.skip("there are no two tiers here whose results differ")
    return plain[0], fma[0]


def buffered(call, *args, **keywords):
    """Call with a buffer that every array of these tests exceeds many times."""
    previous = np.setbufsize(256)
    try:
        return call(*args, **keywords)
    finally:
        np.setbufsize(previous)


# Calls that NumPy cuts into buffers: for a cast, a copy or a mask.
BUFFERED = {
    "integers": lambda: cyma.sigmoid_bce(INTEGERS, SOFT),
    "cast": lambda: cyma.sigmoid_deriv(X.astype(np.float32), dtype=np.float64),
    "byte order": lambda: cyma.sigmoid_deriv(X.astype(">f8")),
    "cast of the result": lambda: cyma.sigmoid_deriv(X, dtype=np.float32, out=np.empty(LENGTH)),
    "mask and cast": lambda: cyma.sigmoid_deriv(
        X.astype(np.float32), dtype=np.float64, where=MASK, out=np.zeros(LENGTH)
    ),
}
DIRECT = {
    "contiguous": lambda: cyma.sigmoid_deriv(X),
    "strided": lambda: cyma.sigmoid_deriv(np.repeat(X, 2)[::2]),
    "losses": lambda: cyma.bce_with_logits(X, Z, reduction="none"),
    "losses of pieces": lambda: cyma.bce_with_logits(
        X.astype(">f8"), Z, weight=X * X, reduction="none"
    ),
    "value and gradient": lambda: np.append(
        *cyma.bce_with_logits_value_and_grad(X[::-1], Z, label_smoothing=0.1)
    ),
    "objective": lambda: np.concatenate(
        objectives.logistic()(Z.astype(np.float32), X.astype(">f4"))
    ),
}


@pytest.mark.thread_unsafe(reason="changes the tier of the process, and NumPy's buffers")
@pytest.mark.parametrize("name", [*DIRECT, *BUFFERED])
def test_a_call_keeps_the_tier_it_began_with(name):
    if name in BUFFERED and not NUMPY_2:
        pytest.skip("before NumPy 2, each buffer asks for the tier anew: set_tier says so")
    call = functools.partial(buffered, {**DIRECT, **BUFFERED}[name])
    tiers = two_tiers()
    expected = []
    for tier in tiers:
        with cyma.tier(tier):
            expected.append(bits(call()).tobytes())
    assert expected[0] != expected[1]
    done, seen = threading.Event(), []

    def change():
        while not done.is_set():
            for tier in tiers:
                cyma.set_tier(tier)

    def compute():
        try:
            for _ in range(300):
                seen.append(bits(call()).tobytes())
        finally:
            done.set()

    original = cyma.set_tier(tiers[0])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        run_threads(change, compute)
    finally:
        sys.setswitchinterval(interval)
        cyma.set_tier(original)
    assert set(seen) <= set(expected)


class TestTierOfAThread:
    def test_it_lasts_as_long_as_its_block(self):
        before = cyma.runtime_info()["tier"]
        for name in INFO["supported_tiers"]:
            with cyma.tier(name):
                assert cyma.runtime_info()["tier"] == name
            assert cyma.runtime_info()["tier"] == before

    def test_it_changes_what_runs(self):
        results = []
        for name in two_tiers():
            with cyma.tier(name):
                results.append(cyma.sigmoid_deriv(X))
                assert scalar.sigmoid_deriv(X[0]) == results[-1][0]
        assert np.any(results[0] != results[1])

    def test_it_is_that_of_one_thread(self):
        before, name = cyma.runtime_info()["tier"], INFO["supported_tiers"][0]
        seen = []
        with cyma.tier(name):
            run_threads(lambda: seen.append(cyma.runtime_info()["tier"]))
        assert seen == [before]

    def test_it_may_be_nested_and_used_again(self):
        before = cyma.runtime_info()["tier"]
        first, last = (cyma.tier(INFO["supported_tiers"][k]) for k in (0, -1))
        with first:
            with last:
                with first:
                    assert cyma.runtime_info()["tier"] == first.name
                assert cyma.runtime_info()["tier"] == last.name
            assert cyma.runtime_info()["tier"] == first.name
        assert cyma.runtime_info()["tier"] == before

    def test_an_exception_ends_it(self):
        before = cyma.runtime_info()["tier"]
        with pytest.raises(ZeroDivisionError), cyma.tier("baseline"):
            raise ZeroDivisionError
        assert cyma.runtime_info()["tier"] == before

    def test_it_decorates(self):
        @cyma.tier("baseline")
        def tier_inside():
            return cyma.runtime_info()["tier"]

        before = cyma.runtime_info()["tier"]
        assert tier_inside() == "baseline"
        assert cyma.runtime_info()["tier"] == before

    def test_threads_may_share_one(self):
        shared, barrier = cyma.tier("baseline"), threading.Barrier(4)

        def work():
            before = cyma.runtime_info()["tier"]
            barrier.wait()
            with shared:
                barrier.wait()
                assert cyma.runtime_info()["tier"] == "baseline"
                barrier.wait()
            assert cyma.runtime_info()["tier"] == before

        run_threads(*[work] * 4)

    def test_another_thread_cannot_leave_it(self):
        with cyma.tier("baseline") as entered, pytest.raises(RuntimeError, match="not entered it"):
            run_threads(lambda: entered.__exit__(None, None, None))
        with pytest.raises(RuntimeError, match=r"cyma.tier\('baseline'\) is left by a thread that"):
            cyma.tier("baseline").__exit__(None, None, None)

    def test_a_wrong_name_changes_nothing(self):
        before = cyma.runtime_info()["tier"]
        with pytest.raises(ValueError, match="tier 'avx9000' does not work here; supported tiers"):
            cyma.tier("avx9000")
        with pytest.raises(TypeError, match="name of a tier must be a str, not int"):
            cyma.tier(3)
        assert cyma.runtime_info()["tier"] == before

    @pytest.mark.thread_unsafe(reason="changes the tier of the process")
    def test_it_comes_before_that_of_the_process(self):
        first, last = (INFO["supported_tiers"][k] for k in (0, -1))
        original = cyma.set_tier(last)
        try:
            with cyma.tier(last):
                assert cyma.set_tier(first) == last
                assert cyma.runtime_info()["tier"] == last
            assert cyma.runtime_info()["tier"] == first
        finally:
            cyma.set_tier(original)


def all_results():
    """What every function of the package gives, by name."""
    operands = {1: (X,), 2: (X, Z)}
    results = {name: f(*operands[f.nin]) for name, f in UFUNCS.items()}
    for name, function in FUNCTIONS.items():
        if function.nin == 1:
            results[f"scalar.{name}"] = np.array([getattr(scalar, name)(x) for x in X[:100]])
    for dtype in ("float16", "float32", "float64"):
        x = X.astype(dtype)
        loss, grad = cyma.bce_with_logits_value_and_grad(x, Z, weight=MASK * 0.5, where=MASK)
        results[f"bce {dtype}"] = np.append(grad, loss)
        results[f"hess {dtype}"] = cyma.bce_with_logits_hess(x, Z, pos_weight=2.0)
    results["logistic"] = np.concatenate(objectives.logistic()(Z, X))
    results["init_score"] = np.array([objectives.init_score(Z)])
    return results


def test_everything_at_once_in_many_threads():
    # Portable kernels: whatever tier with FMA a thread finds, the bits are these.
    tiers = [t for t in INFO["supported_tiers"] if t in INFO["fma_tiers"]]
    tiers = [t for t in tiers if t not in INFO["hand_written"]] or ["baseline"]
    original = cyma.runtime_info()["tier"]
    with cyma.tier(tiers[0]):
        expected = all_results()
    start = threading.Barrier(THREADS)

    def work(k):
        start.wait()
        for round_ in range(3):
            with cyma.tier(tiers[(k + round_) % len(tiers)]) as own:
                for name, result in all_results().items():
                    assert_same_bits(result, expected[name])
                assert cyma.runtime_info()["tier"] == own.name
                with contextlib.suppress(ValueError):
                    cyma.set_tier("none such")
                with pytest.raises(ValueError, match="logits"):
                    cyma.bce_with_logits(X, Z[1:])
            cyma.set_tier(original)

    run_threads(*[functools.partial(work, k) for k in range(THREADS)])


def test_import_leaves_the_gil_off():
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python has the GIL")
    # Without the variable PYTHON_GIL, which would keep it off whatever is imported.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHON_GIL"}
    code = "import sys, cyma; print(sys._is_gil_enabled(), cyma.sigmoid(0.0))"
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.stdout, process.stderr) == ("False 0.5\n", "")
