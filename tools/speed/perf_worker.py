"""The part of ``perf_gate.py`` that runs within an environment: benchmarks, a run at a time.

Needs asv_runner only, and takes orders on the connection whose descriptor it is given: the name of
the next benchmark, or None to time the last one once more.
"""

from __future__ import annotations

import sys
import traceback
from multiprocessing.connection import Connection

from asv_runner.discovery import get_benchmark_from_name

# As `asv run --quick`.
ONCE = {"number": 1, "repeat": 1, "rounds": 1, "warmup_time": 0}


def serve(connection: Connection, root: str) -> None:
    """Answer with seconds, or with None where there is nothing to tell; a failure by its text."""
    benchmark = None
    while True:
        try:
            name = connection.recv()
        except EOFError:
            return
        try:
            if name is None:
                answer = benchmark.do_run()["samples"][0]
            else:
                benchmark = get_benchmark_from_name(root, name, extra_params=ONCE)
                answer = "skipped" if benchmark.do_setup() else None
        except Exception:
            answer = RuntimeError(traceback.format_exc())
        connection.send(answer)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2])
