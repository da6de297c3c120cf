"""Many concurrent tasks. Measurements are printed and not asserted, because the machine may be busy."""

import asyncio
import gc
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import TIMEOUT, Sandbox
from zkcoord import aio
from zkcoord.aio import _bridge

from .conftest import await_children

CROWD = 1000


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[aio.Client]:
    # The session must not expire while the machine is busy.
    async with aio.connect(sandbox.hosts, session_timeout=30) as client:
        yield client


class Blocks:
    """Measures the longest time for which the event loop was blocked."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.longest_busy = 0.0
        self._last = time.perf_counter(), time.thread_time()
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.call_soon(self._beat)

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, now[0] - self._last[0])
        self.longest_busy = max(self.longest_busy, now[1] - self._last[1])
        self._last = now
        self._next = self._loop.call_later(0.001, self._beat)

    def __str__(self) -> str:
        return f"loop blocked for at most {self.longest * 1000:.1f} ms, {self.longest_busy * 1000:.1f} ms of CPU time"

    def stop(self) -> None:
        self._next.cancel()


@contextmanager
def blocks() -> Iterator[Blocks]:
    # Exclude the objects of pytest from garbage collection.
    gc.collect()
    gc.freeze()
    measured = Blocks()
    yield measured
    measured.stop()
    gc.unfreeze()


def resident() -> int:
    """Returns the memory of this process in KiB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


async def test_many_tasks_acquire_one_mutex(client: aio.Client, print_result: Callable[[str], None]) -> None:
    mutex, inside, served = client.mutex("/lock"), 0, 0

    async def work() -> None:
        nonlocal inside, served
        async with mutex.acquire(timeout=3 * TIMEOUT):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1
            served += 1

    started = time.perf_counter()
    with blocks() as blocked:
        await asyncio.gather(*(work() for _ in range(CROWD)))
    print_result(
        f"{CROWD} tasks on one mutex: {served} served in {time.perf_counter() - started:.2f} s; {blocked}"
    )
    assert served == CROWD


async def test_many_tasks_acquire_one_mutex_each(
    client: aio.Client, print_result: Callable[[str], None]
) -> None:
    served = 0

    async def work(number: int) -> None:
        nonlocal served
        mutex = client.mutex(f"/locks/{number}")
        for _ in range(3):
            async with mutex.acquire(timeout=TIMEOUT):
                served += 1

    started = time.perf_counter()
    with blocks() as blocked:
        await asyncio.gather(*(work(number) for number in range(CROWD)))
    print_result(f"{CROWD} mutexes: {served} taken in {time.perf_counter() - started:.2f} s; {blocked}")
    assert served == 3 * CROWD


async def test_many_completions_take_few_wake_ups(
    client: aio.Client, print_result: Callable[[str], None]
) -> None:
    counter, completions, wake_ups = client.counter("/n"), _bridge._loop_completions(), 0

    def deliver() -> None:
        nonlocal wake_ups
        wake_ups += 1
        completions._deliver()

    asyncio.get_running_loop().add_reader(completions._native.fileno(), deliver)
    started = time.perf_counter()
    with blocks() as blocked:
        values = await asyncio.gather(*(counter.increment() for _ in range(10 * CROWD)))
    took = time.perf_counter() - started
    print_result(f"{10 * CROWD} increments in {took:.2f} s, delivered by {wake_ups} wake-ups; {blocked}")
    assert wake_ups < CROWD
    assert sorted(values) == list(range(1, 10 * CROWD + 1))


@pytest.mark.parametrize("lock", ["mutex", "semaphore", "rw_lock", "multi_mutex"])
async def test_many_cancellations_leave_nothing_behind(
    sandbox: Sandbox,
    client: aio.Client,
    print_result: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    lock: str,
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    granted = 0

    def acquire(number: int) -> aio.Awaiting[aio.Guard]:
        match lock:
            case "mutex":
                return client.mutex(f"/lock/{number % 10}").acquire()
            case "semaphore":
                return client.semaphore("/lock", permits=20).acquire(permits=1 + number % 2)
            case "rw_lock":
                side = client.rw_lock("/lock").read if number % 2 else client.rw_lock("/lock").write
                return side.acquire()
            case _:
                return client.multi_mutex([f"/lock/{number % 3}", f"/lock/{number % 5}"]).acquire()

    async def work(number: int) -> None:
        nonlocal granted
        async with acquire(number):
            granted += 1
            await asyncio.sleep(0)

    async def storm() -> None:
        # Tasks start at random times. Each is cancelled at a random time after its start, often at the moment of its
        # grant.
        loop, tasks = asyncio.get_running_loop(), []
        for number in range(CROWD):
            if chance.random() < 0.2:
                await asyncio.sleep(chance.random() * 0.01)
            tasks.append(asyncio.create_task(work(number)))
            loop.call_later(chance.expovariate(50), tasks[-1].cancel)
        await asyncio.wait(tasks)
        gc.collect()

    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    await storm()
    before = resident()
    for _ in range(3):
        await storm()
    print_result(
        f"{4 * CROWD} acquires of a {lock}: {granted} granted (seed {seed}); "
        f"{before} KiB before the last {3 * CROWD}, {resident()} KiB after"
    )
    paths = {"semaphore": ["/lock/leases", "/lock/locks"], "rw_lock": ["/lock"]}
    for path in paths.get(lock, [f"/lock/{number}" for number in range(5)]):
        await await_children(sandbox, path, 0)
    async with acquire(0):
        pass
    assert reports == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
