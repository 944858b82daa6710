"""Types of what takes no arrays; to be read and run, as ``ufuncs.py``."""

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, assert_type

import numpy as np

import cyma
from cyma import scalar

if TYPE_CHECKING:
    from cyma import RuntimeInfo


def scalars() -> None:
    assert_type(scalar.sigmoid(1.0), float)
    assert_type(scalar.sigmoid(1), float)
    assert_type(scalar.softplus(True), float)
    assert_type(scalar.tanh(np.float32(1)), float)
    assert_type(scalar.tanh_deriv(np.int64(1)), float)
    assert_type(scalar.logsigmoid_deriv(Decimal(1)), float)
    assert_type(scalar.expit(Fraction(1, 2)), float)
    assert_type(cyma.scalar.log_expit(1.0), float)
    assert_type(scalar.__all__, list[str])


def info(info: "RuntimeInfo") -> None:
    assert_type(info["version"], str)
    assert_type(info["numpy"], str)
    assert_type(info["tier"], str)
    assert_type(info["compiled_tiers"], list[str])
    assert_type(info["supported_tiers"], list[str])
    assert_type(info["fma_tiers"], list[str])
    assert_type(info["hand_written"], dict[str, list[tuple[str, str]]])
    assert_type(info["left_out_tiers"], dict[str, str])
    assert_type(cyma.set_tier(info["tier"]), str)
    assert_type(cyma.__version__, str)


scalars()
info(cyma.runtime_info())
