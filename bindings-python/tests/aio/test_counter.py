import asyncio

import pytest
import zkcoord
from conftest import Sandbox
from zkcoord import aio

from .conftest import eventually


async def test_counter_methods(client: aio.Client) -> None:
    counter = client.counter("/a/n")
    assert await counter.get() == 0
    assert await counter.increment() == 1
    assert await counter.add(5) == 6
    assert await counter.add() == 7
    assert await counter.decrement() == 6
    await counter.set(40)
    assert await counter.get_and_set(41) == 40
    assert await counter.compare_and_set(40, 1) is False
    assert await counter.compare_and_set(41, 42) is True
    assert await counter.get(stale=True) in (40, 41, 42)
    assert await counter.versioned() == (42, 6)
    assert await counter.reserve(3) == range(43, 46)
    assert await counter.get(timeout=5) == 45
    assert counter.stats().count == 9
    assert repr(counter) == "<zkcoord.aio.Counter /a/n>"


async def test_concurrent_adds_each_get_their_value(sandbox: Sandbox, client: aio.Client) -> None:
    async with aio.connect(sandbox.hosts, session_timeout=2) as other:
        counters = [each.counter("/n") for each in (client, other)]
        values = await asyncio.gather(*(counters[number % 2].increment() for number in range(1000)))
    assert sorted(values) == list(range(1, 1001))


async def test_errors_are_raised(sandbox: Sandbox, client: aio.Client) -> None:
    with pytest.raises(zkcoord.InvalidArgument, match=r"n 1\.5"):
        await client.counter("/n").add(1.5)  # type: ignore[arg-type]
    with pytest.raises(zkcoord.CounterOverflow):
        await client.counter("/n", max=3).add(4)
    sandbox.observer.create(sandbox.root + "/other", b"three")
    with pytest.raises(zkcoord.BadData, match="/other"):
        await client.counter("/other").get()


async def test_a_watch_returns_the_latest_values(client: aio.Client) -> None:
    counter = client.counter("/n")
    async with counter.watch() as values:
        assert await values.next() == 0
        await counter.set(1)
        await counter.set(2)
        async for value in values:
            if value == 2:
                break
        with pytest.raises(zkcoord.AcquireTimeout):
            await values.next(timeout=0.05)
        with pytest.raises(zkcoord.AcquireTimeout):
            await values.next(timeout=0)
    with pytest.raises(zkcoord.Cancelled):
        await values.next()
    assert [value async for value in values] == []
    assert repr(values) == "<zkcoord.aio.CounterWatch /n closed>"


async def test_closing_a_watch_ends_the_iterations_over_it(client: aio.Client) -> None:
    values = client.counter("/n").watch()
    seen: list[int] = []

    async def follow() -> None:
        async for value in values:
            seen.append(value)

    following = asyncio.create_task(follow())
    assert await eventually(lambda: seen == [0])
    values.close()
    values.close()
    await asyncio.wait_for(following, 20)


async def test_a_value_that_arrives_during_a_cancellation_is_returned_by_the_next_call(
    client: aio.Client,
) -> None:
    counter = client.counter("/n")
    values = counter.watch()
    for number in range(200):
        asking = asyncio.create_task(values.next())
        if number % 2:
            await counter.set(number)
        for _ in range(number % 7):
            await asyncio.sleep(0)
        asking.cancel()
        try:
            value = await asking
        except asyncio.CancelledError:
            if number % 2:
                while (value := await values.next(timeout=20)) != number:
                    pass
        else:
            while value != number - (number + 1) % 2 and number:
                value = await values.next(timeout=20)
    values.close()


async def test_a_cancelled_add_is_applied_at_most_once(client: aio.Client) -> None:
    counter, known = client.counter("/n"), 0
    for number in range(100):
        adding = asyncio.create_task(counter.increment())
        for _ in range(number % 5):
            await asyncio.sleep(0)
        adding.cancel()
        try:
            await adding
            known += 1
        except asyncio.CancelledError:
            pass
    assert known <= await counter.get() <= 100
