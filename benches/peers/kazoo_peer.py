"""kazoo as a contestant: reads jobs from stdin, answers each with its score. See benches/README.md."""

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kazoo.client import KazooClient
from kazoo.retry import KazooRetry


def main() -> None:
    """Serves the harness until stdin closes."""
    # Tries again soon and for ever: with the defaults most of several writers of a counter give up.
    retry = KazooRetry(max_tries=-1, delay=0.001, backoff=1, max_delay=0.01)
    client = KazooClient(sys.argv[1], command_retry=retry)
    client.start()
    jobs = ThreadPoolExecutor(1)
    print("ready", flush=True)
    for line in sys.stdin:
        jobs.submit(answer, client, line)
    # The harness has gone. What is still running is of no interest to anybody.
    os._exit(0)


def answer(client: KazooClient, line: str) -> None:
    """Does one job and prints its score."""
    try:
        _, verb, crew, seconds, path = line.split()
        print(run(client, verb, int(crew), float(seconds), path), flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)


def run(client: KazooClient, verb: str, crew: int, seconds: float, path: str) -> str:
    """Has `crew` threads do the same for some time."""
    ready = threading.Barrier(crew + 1)

    def member(number: int) -> list[float]:
        operation = operation_of(client, verb, path, number)
        ready.wait()
        return laps(operation, seconds)

    with ThreadPoolExecutor(crew) as threads:
        members = [threads.submit(member, number) for number in range(crew)]
        ready.wait()
        start = time.perf_counter()
        done = [member.result() for member in members]
        return score(done, time.perf_counter() - start)


def operation_of(client: KazooClient, verb: str, path: str, number: int) -> Callable[[], None]:
    """What one thread does again and again."""
    if verb == "add":
        counter = client.Counter(path)

        def add() -> None:
            counter.__add__(1)

        return add
    lock = client.Lock(path if verb == "lock" else f"{path}/{number}", "kazoo")

    def cycle() -> None:
        lock.acquire()
        lock.release()

    return cycle


def laps(operation: Callable[[], None], seconds: float) -> list[float]:
    """The times of the operations, in seconds."""
    times = []
    start = time.perf_counter()
    end = start + seconds
    while start < end:
        operation()
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
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
