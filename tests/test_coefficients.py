"""The constants of the headers: each is what its comment says, and Sollya makes it anew."""

import pathlib
import re
import shutil
import subprocess

import mpmath
import pytest

ROOT = pathlib.Path(__file__).parents[1]
INCLUDE = ROOT / "include" / "cyma"
HEADER = (INCLUDE / "coefficients.h").read_text()

# What a polynomial approximates, with its second and its third power of r.
TARGETS = {
    "e^r - 1": (mpmath.expm1, lambda k: 2 + k),
    "tanh r": (mpmath.tanh, lambda k: 3 + 2 * k),
    "atanh s": (mpmath.atanh, lambda k: 3 + 2 * k),
    "2 atanh(s/2)": (lambda s: 2 * mpmath.atanh(s / 2), lambda k: 3 + 2 * k),
    "log1p(e)": (mpmath.log1p, lambda k: 2 + k),
}
INTERVALS = {
    "ln2/2": mpmath.log(2) / 2,
    "ln2/4": mpmath.log(2) / 4,
    "1/5": mpmath.mpf(1) / 5,
    "2/3": mpmath.mpf(2) / 3,
    "1": mpmath.mpf(1),
}
BLOCK = re.compile(
    r"/\* (?P<target>.*) ~ .* for (?P<least>0 <= .|\|.\|) <= (?P<end>.*) \(1 \+ 2\^-12\),\n"
    r" \* relative error at most 2\^\((?P<error>.*)\)\. \*/\n(?P<defines>(?:#define .*\n)+)"
)
FORMATS = {"F32": 24, "F64": 53}


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
        ["sollya", str(ROOT / "tools" / "coefficients.sollya")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == HEADER


def test_header_holds_nothing_else():
    blocks = "".join(match[0] for match in BLOCK.finditer(HEADER))
    others = set(literals(HEADER)) - set(literals(blocks))
    expected = {f"{name}_{kind}" for name in ("LOG2E", "LN2_HI", "LN2_LO") for kind in FORMATS}
    assert others == expected
    assert len(literals(HEADER)) == HEADER.count("#define") - 1  # the include guard


@pytest.mark.parametrize(
    "block", list(BLOCK.finditer(HEADER)), ids=lambda m: m["defines"].split()[1]
)
def test_polynomial_is_as_close_as_stated(block):
    function, power = TARGETS[block["target"]]
    coefficients = list(literals(block["defines"]).values())
    end = INTERVALS[block["end"]] * (1 + mpmath.mpf(2) ** -12)
    with mpmath.workprec(120):
        points = [end * mpmath.cos(mpmath.pi * (k + 0.5) / 2000) for k in range(2000)]
        if block["least"].startswith("0"):
            points = [(r + end) / 2 for r in points]
        errors = [
            abs((r + sum(c * r ** power(k) for k, c in enumerate(coefficients))) / function(r) - 1)
            for r in points
        ]
        error = float(mpmath.log(max(errors), 2))
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
    # Powers of two stay normal numbers: 2^(K - n), and what is left of 2^-n beyond LARGEST_N.
    k, ln2 = 64, mpmath.log(2)
    assert k - values[f"CLAMP_{kind}"] / ln2 > -values[f"BIAS_{kind}"]
    largest_n = values[f"LARGEST_N_{kind}"]
    assert values[f"CLAMP_{kind}"] / ln2 < largest_n < k + values[f"BIAS_{kind}"]
    assert values[f"CLAMP_WIDE_{kind}"] / ln2 - largest_n < values[f"BIAS_{kind}"]
