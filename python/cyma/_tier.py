"""The choice of a tier for a time."""

from __future__ import annotations

import contextlib
import threading

from cyma._ufuncs import check_tier, set_tier_of_thread


class tier(contextlib.ContextDecorator):  # noqa: N801, a context manager, as np.errstate
    """Context manager: the kernels that the calling thread runs.

    Parameters
    ----------
    name : str
        One of ``cyma.runtime_info()["supported_tiers"]``.

    Raises
    ------
    TypeError
        If ``name`` is not a string.
    ValueError
        If no such tier was compiled, or this CPU cannot run it.
    RuntimeError
        If a thread leaves it that has not entered it.

    See Also
    --------
    set_tier : The same for the whole process.

    Notes
    -----
    Other threads are not affected, nor are those that the thread starts meanwhile. Within, the tier
    comes before that of the process; afterwards, also after an exception, the thread uses what it
    used before. It may be nested, used again, shared by threads, and decorate a function.

    It must not span an ``await``, nor a ``yield``: other tasks of the thread would run with its
    tier in the meantime.

    Examples
    --------
    >>> import cyma
    >>> before = cyma.runtime_info()["tier"]
    >>> with cyma.tier("baseline"):
    ...     cyma.runtime_info()["tier"]
    'baseline'
    >>> cyma.runtime_info()["tier"] == before
    True
    """

    def __init__(self, name: str) -> None:
        check_tier(name)
        self.name = name
        self._entered = threading.local()  # by each thread: what it used before, innermost last

    def __repr__(self) -> str:
        return f"cyma.tier({self.name!r})"

    def __enter__(self) -> tier:
        before = self._entered.__dict__.setdefault("before", [])
        before.append(set_tier_of_thread(self.name))
        return self

    def __exit__(self, *exception: object) -> None:
        before = getattr(self._entered, "before", None)
        if not before:
            raise RuntimeError(f"{self!r} is left by a thread that has not entered it")
        set_tier_of_thread(before.pop())
