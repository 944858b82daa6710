"""What `sweep` and `hunt` share: calls on a tier, and the record of a run."""

from __future__ import annotations

import json
import pathlib
import platform
import sys
from collections.abc import Callable, Iterable

import numpy as np

import cyma
from cyma.__main__ import cpu_name


def on_tier(tier: str, ufunc: np.ufunc) -> Callable:
    """A ufunc of ours that runs on a tier, whichever was used before."""

    def call(*operands):
        cyma.set_tier(tier)
        return ufunc(*operands)

    return call


def machine(packages: Iterable[str]) -> dict[str, str]:
    """On what a run is made: the CPU, and versions of Python and of packages in use."""
    versions = {name: sys.modules[name].__version__ for name in packages}
    return {"cpu": cpu_name(), "python": platform.python_version(), **versions}


def write(path: pathlib.Path, document: dict) -> None:
    """Write the record of a run."""
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")
