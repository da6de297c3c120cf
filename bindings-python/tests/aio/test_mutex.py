import asyncio
import select
import time

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox
from zkcoord import aio
from zkcoord.aio import _bridge

from .conftest import await_children


async def test_a_free_lock_is_acquired_and_released(sandbox: Sandbox, client: aio.Client) -> None:
    mutex = client.mutex("/a/lock")
    async with mutex.acquire() as guard:
        assert guard.is_held
        assert sandbox.children("/a/lock") == [guard.node.rsplit("/", 1)[1]]
        guard.check()
    assert not guard.is_held
    assert sandbox.children("/a/lock") == []
    guard = await mutex.acquire(timeout=5)
    assert guard.is_held
    await guard.release()
    await guard.release(timeout=1)
    assert sandbox.children("/a/lock") == []


async def test_async_with_mutex_is_short_for_acquire(sandbox: Sandbox, client: aio.Client) -> None:
    mutex = client.mutex("/lock")
    async with mutex as guard:
        assert guard.is_held
        assert await mutex.try_acquire() is None
    assert sandbox.children("/lock") == []
    with pytest.raises(ZeroDivisionError):
        async with mutex:
            _ = 1 / 0
    assert sandbox.children("/lock") == []


async def test_tasks_exclude_each_other_in_order_of_arrival(sandbox: Sandbox, client: aio.Client) -> None:
    mutex, order, inside = client.mutex("/lock"), [], 0

    async def work(number: int) -> None:
        nonlocal inside
        async with mutex:
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.001)
            order.append(number)
            inside -= 1

    async with mutex:
        tasks = []
        for number in range(10):
            tasks.append(asyncio.create_task(work(number)))
            await await_children(sandbox, "/lock", number + 2)
    await asyncio.gather(*tasks)
    assert order == list(range(10))


async def test_a_block_may_be_left_in_another_task(sandbox: Sandbox, client: aio.Client) -> None:
    mutex = client.mutex("/lock")
    guard = await asyncio.create_task(mutex.__aenter__())
    await asyncio.create_task(mutex.__aexit__(None, None, None))
    assert not guard.is_held
    with pytest.raises(RuntimeError, match="in no block"):
        await mutex.__aexit__(None, None, None)
    semaphore = client.semaphore("/s", permits=2)
    first = await asyncio.create_task(semaphore.__aenter__())
    second = await asyncio.create_task(semaphore.__aenter__())
    # It would be ambiguous which guard to release.
    with pytest.raises(RuntimeError, match="in no block"):
        await semaphore.__aexit__(None, None, None)
    await first.release()
    await second.release()


async def test_try_acquire_acquires_only_a_free_lock(sandbox: Sandbox, client: aio.Client) -> None:
    guard = await client.mutex("/lock").try_acquire()
    assert guard is not None
    other = client.mutex("/lock")
    assert await other.try_acquire() is None
    with pytest.raises(zkcoord.AcquireTimeout):
        await other.acquire(timeout=0)
    assert len(sandbox.children("/lock")) == 1
    await guard.release()
    async with other.acquire(timeout=0) as second:
        assert second.token > guard.token


async def test_a_timeout_leaves_no_node(sandbox: Sandbox, client: aio.Client) -> None:
    async with client.mutex("/lock"):
        started = time.monotonic()
        with pytest.raises(zkcoord.AcquireTimeout, match="/lock"):
            await client.mutex("/lock").acquire(timeout=0.5)
        assert 0.5 <= time.monotonic() - started < 2
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.mutex("/lock").acquire()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.mutex("/lock").acquire(), 0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.mutex("/lock").__aenter__(), 0.1)
        await await_children(sandbox, "/lock", 1)
    (guard,) = await asyncio.gather(asyncio.wait_for(client.mutex("/lock").acquire(), 20))
    await guard.release()


async def test_a_cancelled_wait_returns_at_once_and_leaves_the_queue(
    own_server: Sandbox,
) -> None:
    async with (
        aio.connect(own_server.hosts, session_timeout=20) as client,
        aio.connect(own_server.hosts, session_timeout=20) as other,
        other.mutex("/lock"),
    ):
        waiting = asyncio.create_task(client.mutex("/lock").acquire())
        await await_children(own_server, "/lock", 2)
        own_server.zookeeper.pause(0)
        try:
            waiting.cancel()
            started = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert time.monotonic() - started < 0.5
        finally:
            own_server.zookeeper.resume(0)
        await await_children(own_server, "/lock", 1)


async def test_a_lock_granted_in_the_same_tick_as_its_cancellation_is_released(
    sandbox: Sandbox, client: aio.Client
) -> None:
    granted = cancelled = 0
    mutex = client.mutex("/lock")
    for number in range(300):
        acquiring = asyncio.create_task(mutex.acquire())
        until = time.perf_counter() + number % 30 * 0.0001
        while time.perf_counter() < until:
            await asyncio.sleep(0)
        acquiring.cancel()
        try:
            await (await acquiring).release()
            granted += 1
        except asyncio.CancelledError:
            cancelled += 1
    print(f"{granted} granted, {cancelled} cancelled")
    async with mutex.acquire(timeout=20):
        pass
    await await_children(sandbox, "/lock", 0)


async def test_a_lock_granted_before_the_task_is_cancelled_is_released(
    sandbox: Sandbox, client: aio.Client
) -> None:
    acquiring = asyncio.create_task(client.mutex("/lock").acquire())
    await asyncio.sleep(0)
    # The lock is granted before the loop checks, and the task is cancelled before it gets the result.
    assert select.select([_bridge._loop_completions()._native.fileno()], [], [], TIMEOUT)[0]
    assert len(sandbox.children("/lock")) == 1
    acquiring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await acquiring
    await await_children(sandbox, "/lock", 0)


async def test_inspect_and_stats(client: aio.Client) -> None:
    mutex = client.mutex("/lock")
    async with mutex as guard:
        queue = await mutex.inspect(timeout=5)
        assert [(one.node, one.role, one.library) for one in queue] == [(guard.node, "holder", "zkcoord")]
        assert queue.warnings == []
    stats = mutex.stats()
    assert (stats.count, stats.timeouts, stats.holds.count) == (1, 0, 1)


async def test_handoff_between_tasks(client: aio.Client) -> None:
    mutex = client.mutex("/lock", handoff=10)
    first = await mutex.acquire()
    waiting = asyncio.create_task(mutex.acquire())
    assert (await asyncio.wait([waiting], timeout=0.05))[1]
    await first.release()
    async with await waiting as second:
        assert second.token == first.token


async def test_the_scheme_decides_the_names_of_nodes(client: aio.Client) -> None:
    async with client.mutex("/lock", scheme="kazoo").acquire(timeout=5) as guard:
        assert "__lock__" in guard.node
    assert repr(client.mutex("/a/lock")) == "<zkcoord.aio.Mutex /a/lock>"
