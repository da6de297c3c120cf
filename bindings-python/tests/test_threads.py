import statistics
import time
from collections.abc import Callable

from conftest import Background, Sandbox
from zkcoord import Client

WAITERS = 16


def _counted_in_a_second() -> float:
    rates = []
    for _ in range(9):
        until, counted = time.perf_counter() + 0.1, 0
        while time.perf_counter() < until:
            counted += 1
        rates.append(counted * 10)
    return statistics.median(rates)


def test_waiting_threads_do_not_slow_a_counting_one(
    sandbox: Sandbox, client: Client, print_result: Callable[[str], None]
) -> None:
    mutex = client.mutex("/lock")

    def work() -> None:
        with mutex:
            pass

    with mutex:
        alone = _counted_in_a_second()
        waiters = [Background(work) for _ in range(WAITERS)]
        sandbox.await_children("/lock", WAITERS + 1)
        beside = _counted_in_a_second()
    for waiter in waiters:
        waiter.finish()
    print_result(
        f"one thread counts to {alone:,.0f} in a second alone, to {beside:,.0f} beside {WAITERS} that wait: "
        f"{beside / alone:.2f} x"
    )
    assert mutex.stats().count == WAITERS + 1
