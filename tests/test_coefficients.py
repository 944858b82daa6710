"""The constants of the headers: each is what its comment says, and Sollya makes it anew."""

import pathlib
import re
import shutil
import subprocess
import sys

import mpmath
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
INCLUDE = ROOT / "include" / "cyma"
HEADER = (INCLUDE / "coefficients.h").read_text()
REAL_F32 = (INCLUDE / "real_f32.h").read_text()

# What is approximated.
TARGETS = {
    "e^r": mpmath.exp,
    "e^r - 1": mpmath.expm1,
    "tanh r": mpmath.tanh,
    "tanh x": mpmath.tanh,
    "2 atanh(s/2)": lambda s: 2 * mpmath.atanh(s / 2),
    "log1p(e)": mpmath.log1p,
}
# By what: a formula of the variable and its polynomials in the variable or its square.
FORMULAS = {
    "r + r^2 (C0 + C1 r + ...)": lambda r, c: r + r**2 * c["C"](r),
    "r + r^3 (C0 + C1 r^2 + ...)": lambda r, c: r + r**3 * c["C"](r**2),
    "s + s^3 (C0 + C1 s^2 + ...)": lambda s, c: s + s**3 * c["C"](s**2),
    "e + e^2 (C0 + C1 e + ...)": lambda e, c: e + e**2 * c["C"](e),
    "1 + r (C0 + C1 r + ...)": lambda r, c: 1 + r * c["C"](r),
    "e (C0 + C1 e + ...)": lambda e, c: e * c["C"](e),
    "x (P0 + P1 x^2 + ...) / (1 + Q1 x^2 + ...)": lambda x, c: (
        x * c["P"](x**2) / (1 + x**2 * c["Q"](x**2))
    ),
}
INTERVALS = {
    "ln2/2 (1 + 2^-12)": mpmath.log(2) / 2 * (1 + mpmath.mpf(2) ** -12),
    "ln2/4 (1 + 2^-12)": mpmath.log(2) / 4 * (1 + mpmath.mpf(2) ** -12),
    "2/3 (1 + 2^-12)": mpmath.mpf(2) / 3 * (1 + mpmath.mpf(2) ** -12),
    "1 (1 + 2^-12)": 1 + mpmath.mpf(2) ** -12,
    "145/32": mpmath.mpf(145) / 32,
}
BLOCK = re.compile(
    r"/\* (?P<target>.*) ~ (?P<formula>.*) for (?P<least>0 <= .|\|.\|) <= (?P<end>.*),\n"
    r" \* relative error at most 2\^\((?P<error>.*)\)\. \*/\n(?P<defines>(?:#define .*\n)+)"
)
FORMATS = {"F32": 24, "F64": 53}


def polynomial(coefficients):
    """Of ascending powers."""
    return lambda x: sum(c * x**k for k, c in enumerate(coefficients))


def literals(text):
    """Macros of a header that are numbers: exact values by name."""
    pattern = r"#define CYMA_(\w+) (-?0x[\da-f.]+p[-+]?\d+|\d+(?:\.\d+)?)f?(?: +/\*.*)?$"
    return {
        name: float.fromhex(value) if "x" in value else float(value)
        for name, value in re.findall(pattern, text, re.MULTILINE)
    }


@pytest.mark.skipif(shutil.which("sollya") is None, reason="sollya is not installed")
def test_sollya_makes_the_same_header():
    process = subprocess.run(
        ["sollya", str(ROOT / "tools" / "constants" / "coefficients.sollya")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == HEADER


def test_header_holds_nothing_else():
    blocks = "".join(match[0] for match in BLOCK.finditer(HEADER))
    others = set(literals(HEADER)) - set(literals(blocks))
    expected = {f"{name}_{kind}" for name in ("LOG2E", "LN2_HI", "LN2_LO") for kind in FORMATS}
    assert others == {*expected, "LN2_F16"}
    assert len(literals(HEADER)) == HEADER.count("#define") - 1  # the include guard


@pytest.mark.parametrize(
    "block", list(BLOCK.finditer(HEADER)), ids=lambda m: m["defines"].split()[1]
)
def test_polynomial_is_as_close_as_stated(block):
    coefficients = {}
    for name, value in literals(block["defines"]).items():
        coefficients.setdefault(re.search(r"_([CPQ])\d+_", name)[1], []).append(value)
    polynomials = {name: polynomial(values) for name, values in coefficients.items()}
    function, formula = TARGETS[block["target"]], FORMULAS[block["formula"]]
    end = INTERVALS[block["end"]]
    with mpmath.workprec(120):
        points = [end * mpmath.cos(mpmath.pi * (k + 0.5) / 2000) for k in range(2000)]
        if block["least"].startswith("0"):
            points = [(r + end) / 2 for r in points]
        error = max(abs(formula(r, polynomials) / function(r) - 1) for r in points)
        error = float(mpmath.log(error, 2))
    assert float(block["error"]) - 0.11 < error <= float(block["error"])


@pytest.mark.parametrize("kind", FORMATS)
def test_constants_of_the_reduction(kind):
    values = literals(HEADER)
    precision = FORMATS[kind]
    with mpmath.workprec(200):
        ln2 = mpmath.log(2)
        hi, lo = (mpmath.mpf(values[f"LN2_{part}_{kind}"]) for part in ("HI", "LO"))
        assert abs(values[f"LOG2E_{kind}"] * ln2 - 1) < mpmath.mpf(2) ** -precision
        assert abs(hi + lo - ln2) <= abs(lo) * mpmath.mpf(2) ** -precision
        # n * LN2_HI is exact for every n: the clamp allows for no larger one.
        wide = literals((INCLUDE / f"real_{kind.lower()}.h").read_text())[f"CLAMP_WIDE_{kind}"]
        largest_n = int(wide / ln2) + 1
        width = int(hi * mpmath.mpf(2) ** precision).bit_length()
        trailing = int(hi * mpmath.mpf(2) ** precision) & -int(hi * mpmath.mpf(2) ** precision)
        assert width - trailing.bit_length() + 1 + largest_n.bit_length() <= precision


@pytest.mark.parametrize(
    ("kind", "least_exponent", "greatest_exponent"), [("F32", -149, 127), ("F64", -1074, 1023)]
)
def test_clamps_lose_nothing(kind, least_exponent, greatest_exponent):
    values = literals((INCLUDE / f"real_{kind.lower()}.h").read_text())
    half_of_least = mpmath.mpf(2) ** (least_exponent - 1)
    assert 4 * mpmath.exp(-values[f"CLAMP_{kind}"]) < half_of_least
    largest = mpmath.mpf(2) ** (greatest_exponent + 1)
    assert largest * mpmath.exp(-values[f"CLAMP_WIDE_{kind}"]) < half_of_least
    # tanh reduces by ln2/2, as far as it is not saturated.
    assert -2 * values[f"SATURATED_{kind}"] / mpmath.log(2) > -values[f"BIAS_{kind}"]
    # Beside 1, or beside x in softplus, e^-x is below a half of the last place.
    saturated = mpmath.mpf(values[f"SATURATED_{kind}"])
    assert mpmath.exp(-saturated) < mpmath.mpf(2) ** (-FORMATS[kind] - 1)
    # Powers of two stay normal numbers: 2^(K - n), and the factors of logsigmoid_backward.
    k, ln2 = 64, mpmath.log(2)
    assert k - values[f"CLAMP_{kind}"] / ln2 > -values[f"BIAS_{kind}"]
    largest_n = values[f"LARGEST_N_{kind}"]
    assert largest_n < values[f"BIAS_{kind}"]
    assert values[f"CLAMP_WIDE_{kind}"] / ln2 - k - largest_n < values[f"BIAS_{kind}"]
    # Up to FAR, e^-x and a number less than its last place are normal; beyond it, K is less than n.
    far = values[f"FAR_{kind}"] / ln2
    assert far + FORMATS[kind] + 1 < values[f"BIAS_{kind}"]
    assert far > k


def test_limits_of_float16():
    values = literals((INCLUDE / "f16.h").read_text()) | literals(HEADER)
    half_of_least, largest = mpmath.mpf(2) ** -25, 65504
    assert abs(values["LN2_F16"] - mpmath.log(2)) < mpmath.mpf(2) ** -25
    # The power of two of CLAMP has the exponent 0, which stands for the number 0.
    assert round(values["CLAMP_F16"] * values["LOG2E_F32"]) == literals(REAL_F32)["BIAS_F32"]
    assert largest * mpmath.exp(-values["VANISHED_F16"]) < half_of_least
    # The polynomials end there. Halfway between 1 and the number below it, ties are rounded to 1.
    assert values["SATURATED_F16"] == INTERVALS["145/32"]
    assert mpmath.tanh(values["SATURATED_F16"]) > 1 - mpmath.mpf(2) ** -12


def test_poles_of_tanh_in_float16():
    values = literals(HEADER)
    q = [1, *(values[f"TANH_Q{k}_F16"] for k in (1, 2, 3))]
    for k in (1, 3, 5):
        square = (k * mpmath.pi / 2) ** 2
        assert abs(polynomial(q)(-square)) < 1e-6 * polynomial(q)(square)


def table_of(kind):
    """Constants and rows of a table of the hand-written kernels: T is first freed of its index."""
    text = (ROOT / "pyx" / "core" / "avx512" / "exp_tables.h").read_text()
    constants = literals(text)
    steps, shift = (int(constants[f"{name}_{kind}"]) for name in ("STEPS", "STEP_SHIFT"))
    numbers = re.compile(r"-?0x[\da-f.]+p[-+]?\d+")
    polynomials = {
        name: [float.fromhex(c) for c in numbers.findall(line)]
        for name, line in re.findall(rf"CYMA_(\w+)_TABLE_{kind} \\\n(.*)", text)
    }
    body = text.split(f"cyma_exp_table_{kind.lower()}")[1].split("};")[0]
    numbers_of = [float.fromhex(x) for x in numbers.findall(body)]
    rows = np.array(numbers_of, np.float32 if kind == "F32" else np.float64).reshape(4, steps)
    bits = rows[0].view(np.uint32 if kind == "F32" else np.uint64)
    bits -= np.arange(steps, dtype=bits.dtype) << shift
    return steps, constants[f"INTERVALS_{kind}"], polynomials, rows.astype(np.float64)


@pytest.mark.parametrize("kind", FORMATS)
def test_tables_of_the_exponential(kind):
    steps, intervals, polynomials, (power, lacking, inverse, log) = table_of(kind)
    last_place = mpmath.mpf(2) ** (1 - FORMATS[kind])
    with mpmath.workprec(200):
        for k in range(steps):
            exact = mpmath.mpf(2) ** (-mpmath.mpf(k) / steps)
            assert abs(power[k] / exact - 1) < last_place / 2
            assert abs(power[k] * (1 + mpmath.mpf(lacking[k])) / exact - 1) < last_place / 2**20
        assert (power[0], lacking[0], inverse[0], log[0]) == (1, 0, 1, 0)
        for v, value in zip(inverse[1:], log[1:], strict=True):
            assert 0.5 <= v < 1  # so that v - 1 is exact
            assert abs(value + mpmath.log(v)) < last_place / 100
        # Where the first interval ends, log1p(E) is a power of two or a little more.
        first = mpmath.log1p(1 / mpmath.mpf(intervals))
        assert 0 < first * steps - 1 < 0.01
        assert int(intervals) == steps - 1  # the interval of E = 1

        exp = polynomials["EXP"]
        for k in range(-100, 101):
            r = mpmath.log(2) / (2 * steps) * k / 100
            p = sum(c * r ** (n + 2) for n, c in enumerate(exp)) - r
            assert abs(p - mpmath.expm1(-r)) < last_place / 18
        log1p = polynomials["LOG1P"]
        for k, v in enumerate(inverse):
            for j in range(21):
                e = (k + mpmath.mpf(j) / 20) / intervals
                if 0 < e <= 1:
                    f = (1 + e) * v - 1
                    p = f + sum(c * f ** (n + 2) for n, c in enumerate(log1p))
                    assert abs(p - mpmath.log1p(f)) < mpmath.log1p(e) * last_place / 15
                    # f and what is added to it are rounded to less than 1/8 of the last place
                    assert k == 0 or abs(f) * 2 < mpmath.log1p(e) * (1 + mpmath.mpf(1) / 100)


def test_generators_make_the_same_tables():
    for tool, header in (
        ("exp_tables", "exp_tables.h"),
        ("tanh_table", "tanh_table.h"),
    ):
        command = [sys.executable, "-m", f"tools.constants.{tool}"]
        process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert process.stdout == (ROOT / "pyx" / "core" / "avx512" / header).read_text()
