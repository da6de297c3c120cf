"""The common part of contestants written in Python, which read jobs from stdin and answer each with its score.

See benches/README.md.
"""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# One operation, which a thread repeats.
Operation = Callable[[], object]
# Returns the operation for a verb, a path and the number of the thread.
OperationOf = Callable[[str, str, int], Operation]


def serve(operation_of: OperationOf) -> None:
    """Serves the harness until stdin closes. A crew of one runs on the main thread."""
    lines = queue.SimpleQueue[str]()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        # The harness has ended, so nothing needs the jobs that still run.
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    print("ready", flush=True)
    while True:
        try:
            _, verb, crew, seconds, path = lines.get().split()
            print(run(operation_of, verb, path, int(crew), float(seconds)), flush=True)
        except Exception as error:
            print(f"failed: {error!r}", flush=True)


def run(operation_of: OperationOf, verb: str, path: str, crew: int, seconds: float) -> str:
    """Lets `crew` threads repeat an operation for some time, and returns the answer."""
    if crew == 1:
        operation = operation_of(verb, path, 0)
        start = time.perf_counter()
        done = [laps(operation, seconds)]
        return score(done, time.perf_counter() - start)
    ready = threading.Barrier(crew + 1)

    def member(number: int) -> list[float]:
        operation = operation_of(verb, path, number)
        ready.wait()
        return laps(operation, seconds)

    with ThreadPoolExecutor(crew) as threads:
        members = [threads.submit(member, number) for number in range(crew)]
        ready.wait()
        start = time.perf_counter()
        done = [member.result() for member in members]
        return score(done, time.perf_counter() - start)


def laps(operation: Operation, seconds: float) -> list[float]:
    """Repeats the operation and returns the time of each, in seconds."""
    times = []
    start = time.perf_counter()
    end = start + seconds
    while start < end:
        operation()
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
    return times


def score(members: list[list[float]], took: float) -> str:
    """Returns the answer to a job."""
    times = sorted(lap for member in members for lap in member)
    counts = [len(member) for member in members]

    def quantile(q: float) -> float:
        return times[min(int(len(times) * q), len(times) - 1)] * 1e6

    return (
        f"done {len(times)} {took:.6f} {quantile(0.5):.1f} {quantile(0.99):.1f} {min(counts)} {max(counts)}"
    )
