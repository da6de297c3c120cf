"""The types of zkcoord.aio, checked by mypy and pyright and not run by Python."""

# pyright: strict

import asyncio
from collections.abc import Awaitable, Callable
from typing import assert_type

import zkcoord
from zkcoord import aio


async def locks(client: aio.Client) -> None:
    mutex = client.mutex("/lock", scheme="kazoo", handoff=3)
    assert_type(mutex, aio.Mutex)
    assert_type(mutex.acquire(timeout=5), aio.Awaiting[aio.Guard])
    assert_type(await mutex.acquire(timeout=5), aio.Guard)
    assert_type(await asyncio.create_task(mutex.acquire()), aio.Guard)
    assert_type(await asyncio.wait_for(mutex.acquire(), 5), aio.Guard)
    assert_type(await mutex.try_acquire(), aio.Guard | None)
    async with mutex.acquire() as guard, guard.cancel_on_loss():
        assert_type(guard, aio.Guard)
        assert_type(guard.token, int)
        assert_type(guard.lost, aio.Lost)
        assert_type(await guard.lost.wait(timeout=0.1), bool)
        assert_type(await guard.wait_lost(), bool)
        guard.on_lost(lambda: None)
        await guard.set_data("/data", b"2", version=1)
        await guard.release(timeout=1)
    async with mutex as other:
        assert_type(other, aio.Guard)
    assert_type(await mutex.inspect(), zkcoord.Queue)
    assert_type(mutex.stats(), zkcoord.WaitStats)
    assert_type(client.rw_lock("/rw").read, aio.Mutex)
    assert_type(client.reentrant_mutex("/re"), aio.ReentrantMutex)
    assert_type(await client.semaphore("/s", 3).acquire(2, 5), aio.Guard)
    assert_type(await client.multi_mutex({"/a", "/b"}).try_acquire(), aio.Guard | None)


async def counters(client: aio.Client) -> None:
    counter = client.counter("/n", format="i32", min=0)
    assert_type(await counter.add(3), int)
    assert_type(await counter.versioned(), zkcoord.Versioned)
    assert_type(await counter.reserve(10), range)
    async with counter.watch() as values:
        assert_type(values, aio.CounterWatch)
        assert_type(await values.next(timeout=1), int)
        assert_type([value async for value in values], list[int])
    striped = client.striped_counter("/s")
    assert_type(striped.add(), None)
    assert_type(await striped.sum(), int)
    assert_type(await client.window_counter("/w").count(timeout=1), int)
    assert_type(await client.rate_limiter("/l", permits=5).try_acquire(), bool)


async def misses(
    client: aio.Client,
    query: Callable[[str], float | None],
    query_async: Callable[[str], Awaitable[float | None]],
) -> None:
    guard = client.miss_guard("/m", threshold=2)
    assert_type(await guard.load("key", query), float | None)
    assert_type(await guard.load("key", query_async), float | None)


async def clients() -> None:
    async with aio.connect("zk:2181", auth=("digest", "user:password"), acl="read") as client:
        assert_type(client, aio.Client)
        assert_type(client.on_state(print), Callable[[], None])
        assert_type(await client.request_revoke("/lock/x"), bool)
    assert_type(await aio.connect("zk:2181"), aio.Client)
    await client.close()
