import asyncio
import gc
import itertools
import os
from collections.abc import Awaitable
from typing import Any

import pytest
import zkcoord
from conftest import Background, Corner
from conftest import eventually as eventually_sync
from zkcoord import aio

from .conftest import children, eventually


async def test_connecting_is_awaited_or_entered(corner: Corner) -> None:
    client = await aio.connect(corner.hosts, session_timeout=2)
    assert client.state == "connected"
    assert repr(client).startswith(f"<zkcoord.aio.Client {corner.hosts} session=0x")
    async with client as same:
        assert same is client
    assert client.state == "closed"
    async with aio.connect(corner.hosts, session_timeout=2) as other:
        assert other.session_id not in (0, client.session_id)
    assert other.state == "closed"
    await other.close()


async def test_connecting_can_be_a_task(corner: Corner) -> None:
    first, second = await asyncio.gather(
        asyncio.create_task(aio.connect(corner.hosts)), aio.connect(corner.hosts)
    )
    async with first, second:
        assert first.session_id != second.session_id


async def test_wrong_arguments_are_told_at_the_call(client: aio.Client) -> None:
    for call in (
        lambda: aio.connect(7),  # type: ignore[arg-type]
        lambda: aio.connect("localhost", session_timeout=-1),
        lambda: aio.connect("localhost", auth="user:password"),  # type: ignore[arg-type]
        lambda: client.mutex("no slash"),
        lambda: client.mutex("/lock").acquire(timeout=-1),
        lambda: client.semaphore("/s", permits=3).acquire(0),
        lambda: client.on_state(7),  # type: ignore[arg-type]
    ):
        with pytest.raises(zkcoord.InvalidArgument):
            call()


async def test_no_server_is_told_in_time() -> None:
    with pytest.raises(zkcoord.ConnectionLost):
        await aio.connect("127.0.0.1:1", connect_timeout=0.2)


async def test_a_forgotten_await_is_complained_about(corner: Corner, client: aio.Client) -> None:
    with pytest.warns(RuntimeWarning, match="never awaited"):
        client.mutex("/lock").acquire()
        gc.collect()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        aio.connect(corner.hosts)
        gc.collect()
    assert corner.observer.exists(corner.root + "/lock") is None


async def test_a_closed_client_says_so(corner: Corner, client: aio.Client) -> None:
    mutex, counter = client.mutex("/lock"), client.counter("/n")
    async with corner_client(corner) as other, other.mutex("/lock"):
        waiting = asyncio.create_task(mutex.acquire())
        await children(corner, "/lock", 2)
        await client.close()
        await client.close()
        with pytest.raises(zkcoord.ClosedError):
            await waiting
    for again in (mutex.acquire(), mutex.try_acquire(), counter.get(), counter.add(1)):
        with pytest.raises(zkcoord.ClosedError):
            await again


def corner_client(corner: Corner) -> aio.Awaiting[aio.Client]:
    return aio.connect(corner.hosts, session_timeout=2)


async def test_what_a_block_raises_comes_out_though_the_close_fails(corner: Corner) -> None:
    with pytest.raises(ZeroDivisionError):
        async with corner_client(corner):
            _ = 1 / 0


async def test_a_forgotten_client_closes_itself_with_a_warning(corner: Corner) -> None:
    client: Any = await corner_client(corner)
    session = client.session_id
    await client.counter("/n").increment()
    assert session != 0
    with pytest.warns(ResourceWarning, match=f"never closed: client of {corner.hosts}"):
        del client
        gc.collect()


async def test_states_are_told_in_the_loop_until_unsubscribed(frail: Corner) -> None:
    client = await corner_client(frail)
    async with client:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        ended: list[str] = []

        def tell(state: str) -> None:
            assert asyncio.get_running_loop() is loop
            told.append(state)

        client.on_state(tell)
        unsubscribe = client.on_state(ended.append)
        unsubscribe()
        frail.zookeeper.kill(0)
        assert await eventually(lambda: told[:1] == ["suspended"]), told
        frail.zookeeper.start_node(0)
        assert await eventually(lambda: told[-1] == "connected"), told
    assert await eventually(lambda: told[-1] == "closed"), told
    assert ended == []


async def test_somebody_is_asked_to_give_a_lock_back(corner: Corner, client: aio.Client) -> None:
    asked = asyncio.Event()
    async with client.mutex("/lock") as guard:
        assert not guard.revoke_requested
        guard.on_revoke(asked.set)
        assert await client.request_revoke(guard.node)
        await asyncio.wait_for(asked.wait(), 20)
        assert guard.revoke_requested
        again = asyncio.Event()
        guard.on_revoke(again.set)
        await asyncio.wait_for(again.wait(), 20)
    assert not await client.request_revoke(guard.node)


def test_a_client_serves_several_loops_in_several_threads(corner: Corner) -> None:
    client = asyncio.run(_connected(corner))

    async def work() -> list[int]:
        return await asyncio.gather(*(client.counter("/n").increment() for _ in range(100)))

    threads = [Background(lambda: asyncio.run(work())) for _ in range(6)]
    numbers: list[Any] = [thread.finish() for thread in threads]
    assert sorted(itertools.chain(*numbers)) == list(range(1, 601))
    asyncio.run(client.close())


async def _connected(corner: Corner) -> aio.Client:
    return await corner_client(corner)


def test_a_closed_loop_takes_its_tasks_and_mailbox_with_it(corner: Corner) -> None:
    client = asyncio.run(_connected(corner))
    guard = asyncio.run(_awaited(client.mutex("/lock").acquire()))
    complaints: list[str] = []
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(client.mutex("/lock").acquire())
        loop.run_until_complete(_awaited(client.counter("/n").increment()))
        assert eventually_sync(lambda: len(corner.children("/lock")) == 2)
        loop.set_exception_handler(lambda _, report: complaints.append(report["message"]))
        loop.close()
        del waiting, loop
        gc.collect()
        corner.await_children("/lock", 1)
    # asyncio's own, which belong here, and no others.
    assert complaints == ["Task was destroyed but it is pending!"] * 10
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    asyncio.run(guard.release())
    asyncio.run(client.close())


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def test_a_grant_after_the_loop_is_closed_is_given_back(corner: Corner) -> None:
    client = asyncio.run(_connected(corner))
    loop = asyncio.new_event_loop()

    async def queue() -> asyncio.Task[aio.Guard]:
        holder = await client.mutex("/lock").acquire()
        waiting = asyncio.create_task(client.mutex("/lock").acquire())
        await children(corner, "/lock", 2)
        holders.append(holder)
        return waiting

    holders: list[aio.Guard] = []
    waiting: Any = loop.run_until_complete(queue())
    waiting._log_destroy_pending = False
    loop.close()
    # The task is still there, with nobody to run it.
    asyncio.run(holders[0].release())
    del waiting
    gc.collect()
    corner.await_children("/lock", 0)
    asyncio.run(client.close())
