import asyncio
import gc
import itertools
import os
from collections.abc import Awaitable
from typing import Any

import pytest
import zkcoord
from conftest import Background, Sandbox
from conftest import eventually as eventually_sync
from zkcoord import aio

from .conftest import await_children, eventually


async def test_connect_can_be_awaited_or_entered(sandbox: Sandbox) -> None:
    client = await aio.connect(sandbox.hosts, session_timeout=2)
    assert client.state == "connected"
    assert repr(client).startswith(f"<zkcoord.aio.Client {sandbox.hosts} session=0x")
    async with client as same:
        assert same is client
    assert client.state == "closed"
    async with aio.connect(sandbox.hosts, session_timeout=2) as other:
        assert other.session_id not in (0, client.session_id)
    assert other.state == "closed"
    await other.close()


async def test_connect_works_with_create_task(sandbox: Sandbox) -> None:
    first, second = await asyncio.gather(
        asyncio.create_task(aio.connect(sandbox.hosts)), aio.connect(sandbox.hosts)
    )
    async with first, second:
        assert first.session_id != second.session_id


async def test_invalid_arguments_are_refused_at_the_call(client: aio.Client) -> None:
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


async def test_connecting_without_a_server_raises_connection_lost() -> None:
    with pytest.raises(zkcoord.ConnectionLost):
        await aio.connect("127.0.0.1:1", connect_timeout=0.2)


async def test_a_coroutine_that_is_never_awaited_causes_a_warning(
    sandbox: Sandbox, client: aio.Client
) -> None:
    with pytest.warns(RuntimeWarning, match="never awaited"):
        client.mutex("/lock").acquire()
        gc.collect()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        aio.connect(sandbox.hosts)
        gc.collect()
    assert sandbox.observer.exists(sandbox.root + "/lock") is None


async def test_a_closed_client_raises_closed_error(sandbox: Sandbox, client: aio.Client) -> None:
    mutex, counter = client.mutex("/lock"), client.counter("/n")
    async with connect(sandbox) as other, other.mutex("/lock"):
        waiting = asyncio.create_task(mutex.acquire())
        await await_children(sandbox, "/lock", 2)
        await client.close()
        await client.close()
        with pytest.raises(zkcoord.ClosedError):
            await waiting
    for again in (mutex.acquire(), mutex.try_acquire(), counter.get(), counter.add(1)):
        with pytest.raises(zkcoord.ClosedError):
            await again


def connect(sandbox: Sandbox) -> aio.Awaiting[aio.Client]:
    return aio.connect(sandbox.hosts, session_timeout=2)


async def test_the_exception_of_a_block_is_raised(sandbox: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect(sandbox):
            _ = 1 / 0


async def test_an_unreachable_client_is_closed_with_a_warning(sandbox: Sandbox) -> None:
    client: Any = await connect(sandbox)
    session = client.session_id
    await client.counter("/n").increment()
    assert session != 0
    with pytest.warns(ResourceWarning, match=f"never closed: client of {sandbox.hosts}"):
        del client
        gc.collect()


async def test_on_state_is_called_in_the_loop_until_unsubscribed(own_server: Sandbox) -> None:
    client = await connect(own_server)
    async with client:
        loop = asyncio.get_running_loop()
        states: list[str] = []
        ended: list[str] = []

        def record(state: str) -> None:
            assert asyncio.get_running_loop() is loop
            states.append(state)

        client.on_state(record)
        unsubscribe = client.on_state(ended.append)
        unsubscribe()
        own_server.zookeeper.kill(0)
        assert await eventually(lambda: states[:1] == ["suspended"]), states
        own_server.zookeeper.start_node(0)
        assert await eventually(lambda: states[-1] == "connected"), states
    assert await eventually(lambda: states[-1] == "closed"), states
    assert ended == []


async def test_a_holder_is_asked_to_release_the_lock(sandbox: Sandbox, client: aio.Client) -> None:
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


def test_a_client_serves_several_loops_in_several_threads(sandbox: Sandbox) -> None:
    client = asyncio.run(_connected(sandbox))

    async def work() -> list[int]:
        return await asyncio.gather(*(client.counter("/n").increment() for _ in range(100)))

    threads = [Background(lambda: asyncio.run(work())) for _ in range(6)]
    numbers: list[Any] = [thread.finish() for thread in threads]
    assert sorted(itertools.chain(*numbers)) == list(range(1, 601))
    asyncio.run(client.close())


async def _connected(sandbox: Sandbox) -> aio.Client:
    return await connect(sandbox)


def test_a_closed_loop_frees_its_tasks_and_completion_queue(sandbox: Sandbox) -> None:
    client = asyncio.run(_connected(sandbox))
    guard = asyncio.run(_awaited(client.mutex("/lock").acquire()))
    complaints: list[str] = []
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(client.mutex("/lock").acquire())
        loop.run_until_complete(_awaited(client.counter("/n").increment()))
        assert eventually_sync(lambda: len(sandbox.children("/lock")) == 2)
        loop.set_exception_handler(lambda _, report: complaints.append(report["message"]))
        loop.close()
        del waiting, loop
        gc.collect()
        sandbox.await_children("/lock", 1)
    # Only the messages of asyncio itself, which are expected.
    assert complaints == ["Task was destroyed but it is pending!"] * 10
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    asyncio.run(guard.release())
    asyncio.run(client.close())


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def test_a_lock_granted_after_the_loop_is_closed_is_released(sandbox: Sandbox) -> None:
    client = asyncio.run(_connected(sandbox))
    loop = asyncio.new_event_loop()

    async def queue() -> asyncio.Task[aio.Guard]:
        holder = await client.mutex("/lock").acquire()
        waiting = asyncio.create_task(client.mutex("/lock").acquire())
        await await_children(sandbox, "/lock", 2)
        holders.append(holder)
        return waiting

    holders: list[aio.Guard] = []
    waiting: Any = loop.run_until_complete(queue())
    waiting._log_destroy_pending = False
    loop.close()
    # The task still exists, but no loop runs it.
    asyncio.run(holders[0].release())
    del waiting
    gc.collect()
    sandbox.await_children("/lock", 0)
    asyncio.run(client.close())
