import asyncio

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox
from zkcoord import aio

from .conftest import await_children


async def test_readers_share_and_a_writer_does_not(sandbox: Sandbox, client: aio.Client) -> None:
    lock = client.rw_lock("/lock")
    async with lock.read.acquire(timeout=5) as first:

        async def other() -> None:
            async with lock.read.acquire(timeout=5) as second:
                assert second.token > first.token
                assert await client.rw_lock("/lock").read.try_acquire() is not None

        with pytest.warns(ResourceWarning):
            await asyncio.create_task(other())
        assert await asyncio.create_task(lock.write.try_acquire()) is None
        with pytest.raises(zkcoord.WouldDeadlock, match="/lock"):
            await lock.write.acquire()
    async with lock.write.acquire(timeout=5):
        # The owner is the task.
        assert await asyncio.create_task(lock.read.try_acquire()) is None
        async with lock.read.acquire(timeout=5) as reading:
            assert reading.is_held
    await await_children(sandbox, "/lock", 0)
    assert repr(lock) == "<zkcoord.aio.RwLock /lock>"
    assert repr(lock.write) == "<zkcoord.aio.Mutex /lock (write)>"


async def test_only_the_owning_task_acquires_a_reentrant_mutex_again(
    sandbox: Sandbox, client: aio.Client
) -> None:
    lock = client.reentrant_mutex("/lock")
    async with lock as outer, lock.acquire(timeout=0) as inner:
        assert isinstance(lock, aio.Mutex)
        assert (inner.token, inner.node) == (outer.token, outer.node)
        assert await asyncio.create_task(lock.try_acquire()) is None
        with pytest.raises(zkcoord.WouldDeadlock, match="/lock"):
            await client.mutex("/lock").acquire()
        with pytest.raises(zkcoord.WouldDeadlock, match="/lock"):
            await client.multi_mutex(["/a", "/lock"]).acquire()
        with pytest.raises(zkcoord.AcquireTimeout):
            await asyncio.create_task(client.mutex("/lock").acquire(timeout=0.1))
        assert [contender.node for contender in await lock.inspect()] == [outer.node]
    assert sandbox.children("/lock") == []


async def test_the_owner_is_the_task_that_awaits(client: aio.Client) -> None:
    lock = client.reentrant_mutex("/lock")
    async with lock:
        acquiring = lock.acquire(timeout=0.1)
        with pytest.raises(zkcoord.AcquireTimeout):
            await asyncio.create_task(acquiring)


async def test_a_new_task_is_not_mistaken_for_a_finished_one(client: aio.Client) -> None:
    """The address of a finished task is reused at once, but its number never is."""
    lock, guards = client.reentrant_mutex("/lock"), []

    async def take() -> None:
        guards.append(await lock.acquire(timeout=5))

    await asyncio.create_task(take())
    for _ in range(100):
        assert await asyncio.create_task(lock.try_acquire()) is None
    await asyncio.create_task(guards[0].release())
    assert not guards[0].is_held


async def test_no_more_than_the_permits_are_granted(sandbox: Sandbox, client: aio.Client) -> None:
    semaphore = client.semaphore("/s", permits=3)
    async with semaphore.acquire(2, timeout=5), semaphore as one:
        assert one.is_held
        assert len(sandbox.children("/s/leases")) == 3
        assert await semaphore.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/s"):
            await semaphore.acquire(timeout=0.1)
    async with semaphore.acquire(permits=3, timeout=5):
        pass
    assert sandbox.children("/s/leases") == []
    assert (semaphore.stats().count, semaphore.stats().timeouts) == (3, 1)
    assert repr(semaphore) == "<zkcoord.aio.Semaphore /s permits=3>"


async def test_concurrent_holders_never_exceed_the_permits(client: aio.Client) -> None:
    inside, seen = 0, set()

    async def work() -> None:
        nonlocal inside
        for _ in range(3):
            async with client.semaphore("/s", permits=2):
                inside += 1
                seen.add(inside)
                await asyncio.sleep(0.03)
                inside -= 1

    await asyncio.gather(*(work() for _ in range(6)))
    assert seen == {1, 2}


async def test_a_multi_mutex_acquires_all_or_none(sandbox: Sandbox, client: aio.Client) -> None:
    both = client.multi_mutex(["/b", "/a"])
    async with client.mutex("/b"):
        assert await both.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/a"):
            await both.acquire(timeout=0.1)
        await await_children(sandbox, "/a", 0)
        waiting = asyncio.create_task(both.acquire(timeout=TIMEOUT))
    async with await waiting as guard, client.mutex("/c"):
        assert len(guard.tokens) == 2
        assert await client.mutex("/a").try_acquire() is None
    async with both:
        pass
    assert sandbox.children("/a") == sandbox.children("/b") == []
    assert both.stats().count == 2
    assert repr(both) == "<zkcoord.aio.MultiMutex /b /a>"


async def test_opposite_orders_do_not_deadlock(client: aio.Client) -> None:
    async def work(paths: list[str]) -> None:
        for _ in range(10):
            async with client.multi_mutex(paths).acquire(timeout=TIMEOUT):
                pass

    await asyncio.gather(work(["/a", "/b"]), work(["/b", "/a"]))
