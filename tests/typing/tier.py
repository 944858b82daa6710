"""Types of `cyma.tier`; to be read and run."""

from typing import assert_type

import cyma


@cyma.tier("baseline")
def with_baseline(x: int) -> str:
    return cyma.runtime_info()["tier"] * x


with cyma.tier("baseline") as chosen:
    assert_type(chosen, cyma.tier)
    assert_type(cyma.runtime_info()["tier"], str)

assert_type(with_baseline(1), str)
