"""Striped counters, window counters and rate limiters."""

import asyncio

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox
from zkcoord import aio


async def test_flushed_additions_are_in_every_sum(sandbox: Sandbox, client: aio.Client) -> None:
    requests = client.striped_counter("/a/requests", flush_interval=3600)
    async with aio.connect(sandbox.hosts, session_timeout=2) as other:
        theirs = other.striped_counter("/a/requests", flush_interval=3600)
        for _ in range(10):
            assert requests.add() is None  # type: ignore[func-returns-value]
        theirs.add(-3)
        assert await requests.sum() == 0
        await requests.flush()
        assert await theirs.sum(timeout=5) == 10
    assert await requests.sum() == 7
    assert repr(requests) == "<zkcoord.aio.StripedCounter /a/requests>"
    await client.close()
    with pytest.raises(zkcoord.ClosedError):
        requests.add()
    for again in (requests.flush(), requests.sum()):
        with pytest.raises(zkcoord.ClosedError):
            await again


async def test_close_raises_if_it_cannot_flush(sandbox: Sandbox) -> None:
    sandbox.observer.create(sandbox.root + "/n", b"seven")
    client = await aio.connect(sandbox.hosts)
    client.striped_counter("/n", flush_interval=3600).add(5)
    with pytest.raises(zkcoord.BadData, match="/n"):
        await client.close()
    assert client.state == "closed"
    with pytest.raises(KeyError):
        async with aio.connect(sandbox.hosts) as client:
            client.striped_counter("/n", flush_interval=3600).add(5)
            raise KeyError("more informative")


async def test_a_cancelled_close_still_closes(sandbox: Sandbox) -> None:
    client = await aio.connect(sandbox.hosts)
    states: list[str] = []
    client.on_state(states.append)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    async with asyncio.timeout(TIMEOUT):
        while client.state != "closed":
            await asyncio.sleep(0.01)


async def test_events_within_the_window_count(client: aio.Client) -> None:
    failures = client.window_counter("/a/failures", window=60, buckets=6)
    assert await failures.count() == 0
    assert await failures.add() == 1
    assert await failures.add(5, timeout=5) == 6
    assert await failures.count(timeout=5) == 6
    assert repr(failures) == "<zkcoord.aio.WindowCounter /a/failures>"
    with pytest.raises(zkcoord.InvalidArgument, match="n -1"):
        await failures.add(-1)
    with pytest.raises(zkcoord.InvalidArgument, match="window"):
        await client.window_counter("/a/failures", window=61, buckets=6).add()


async def test_a_limiter_grants_its_permits(client: aio.Client) -> None:
    limiter = client.rate_limiter("/limit", permits=5, per=3600)
    assert await limiter.acquire(4) is None  # type: ignore[func-returns-value]
    assert await limiter.try_acquire() is True
    assert await limiter.try_acquire() is False
    with pytest.raises(zkcoord.AcquireTimeout):
        await limiter.acquire(timeout=0.1)
    assert limiter.stats().count == 1
    assert repr(limiter) == "<zkcoord.aio.RateLimiter /limit permits=5 per=3600>"


async def test_waiters_are_granted_permits_at_the_rate(client: aio.Client) -> None:
    limiter = client.rate_limiter("/limit", permits=20, per=0.2)
    await asyncio.gather(*(limiter.acquire(timeout=TIMEOUT) for _ in range(60)))
    assert limiter.stats().count == 60


async def test_a_cancelled_waiter_does_not_block_the_next_one(client: aio.Client) -> None:
    limiter = client.rate_limiter("/limit", permits=1, per=0.3)
    await limiter.acquire()
    first = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    second = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, TIMEOUT)
    assert first.cancelled()
