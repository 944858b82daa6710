from collections.abc import Callable
from typing import SupportsFloat, SupportsIndex

# Every one-argument function and alias of the package: __init__.pyi lists them.
def __getattr__(name: str) -> Callable[[SupportsFloat | SupportsIndex], float]: ...
