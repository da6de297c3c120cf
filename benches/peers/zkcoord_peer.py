"""zkcoord for Python as a contestant: reads jobs from stdin, answers each with its score. See benches/README.md."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import zkcoord


def main() -> None:
    """Serves the harness until stdin closes."""
    with zkcoord.connect(sys.argv[1]) as client:
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                _, verb, crew, seconds, path = line.split()
                print(run(client, verb, int(crew), float(seconds), path), flush=True)
            except Exception as error:
                print(f"failed: {error!r}", flush=True)


def run(client: zkcoord.Client, verb: str, crew: int, seconds: float, path: str) -> str:
    """Has `crew` threads do the same for some time."""
    ready = threading.Barrier(crew + 1)

    def member() -> list[float]:
        operation = operation_of(client, verb, path)
        ready.wait()
        return laps(operation, seconds)

    with ThreadPoolExecutor(crew) as threads:
        members = [threads.submit(member) for _ in range(crew)]
        ready.wait()
        start = time.perf_counter()
        done = [member.result() for member in members]
        return score(done, time.perf_counter() - start)


def operation_of(client: zkcoord.Client, verb: str, path: str) -> Callable[[], None]:
    """What one thread does again and again."""
    if verb == "add":
        counter = client.counter(path)

        def add() -> None:
            counter.add(1)

        return add
    if verb != "lock":
        raise ValueError(f"zkcoord for Python does not {verb}")
    mutex = client.mutex(path)

    def lock() -> None:
        mutex.acquire().release()

    return lock


def laps(operation: Callable[[], None], seconds: float) -> list[float]:
    """Repeats the operation until the time is up, and returns how long each took."""
    times = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        operation()
        times.append(time.perf_counter() - start)
    return times


def score(members: list[list[float]], took: float) -> str:
    """The answer to a job."""
    times = sorted(lap for member in members for lap in member)
    counts = [len(member) for member in members]

    def quantile(q: float) -> float:
        return times[min(int(len(times) * q), len(times) - 1)] * 1e6

    return (
        f"done {len(times)} {took:.6f} {quantile(0.5):.1f} {quantile(0.99):.1f} {min(counts)} {max(counts)}"
    )


if __name__ == "__main__":
    main()
