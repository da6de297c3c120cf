import asyncio
import gc
from typing import Any

import pytest
import zkcoord
from conftest import SESSION_TIMEOUT, TIMEOUT, Sandbox
from zkcoord import aio
from zkcoord.aio import _bridge

from .conftest import await_children, eventually


async def test_a_guard_has_the_tokens_and_the_node_of_its_lock(sandbox: Sandbox, client: aio.Client) -> None:
    async with client.mutex("/lock") as first, client.multi_mutex(["/b", "/a"]) as both:
        stat = sandbox.observer.exists(sandbox.root + first.node)
        assert stat is not None
        assert first.tokens == [(first.node, first.token)] == [(first.node, stat.czxid)]
        assert [node.split("/")[1] for node, _ in both.tokens] == ["a", "b"]
        assert 0 < first.lease_remaining <= SESSION_TIMEOUT
        assert not first.revoke_requested
        assert repr(first) == f"<zkcoord.aio.Guard {first.node} token={first.token} held>"
        assert repr(first.lost) == f"<zkcoord.aio.Lost {first.node} unset>"
    assert repr(first) == f"<zkcoord.aio.Guard {first.node} token={first.token} not held>"


async def test_deleting_the_node_loses_the_lock(sandbox: Sandbox, client: aio.Client) -> None:
    guard = await client.mutex("/lock").acquire()
    loop, called = asyncio.get_running_loop(), asyncio.Event()

    def on_lost_callback() -> None:
        assert asyncio.get_running_loop() is loop
        called.set()

    guard.on_lost(on_lost_callback)
    waiters = [asyncio.create_task(guard.wait_lost()), asyncio.create_task(guard.lost.wait(TIMEOUT))]
    assert await guard.wait_lost(timeout=0.05) is False
    assert await guard.lost.wait(0) is False
    sandbox.observer.delete(sandbox.root + guard.node)
    assert await asyncio.gather(*waiters) == [True, True]
    await asyncio.wait_for(called.wait(), TIMEOUT)
    assert guard.lost.is_set()
    assert await guard.wait_lost() is True
    with pytest.raises(zkcoord.LockLost, match="deleted by somebody else"):
        guard.check()
    again = asyncio.Event()
    guard.on_lost(again.set)
    await guard.release()
    await asyncio.wait_for(again.wait(), TIMEOUT)


async def test_a_loss_is_reported_while_a_blocking_callback_of_another_client_runs(
    sandbox: Sandbox, client: aio.Client
) -> None:
    with zkcoord.connect(sandbox.hosts, session_timeout=SESSION_TIMEOUT) as plain:
        entered, leave = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def block() -> None:
            loop.call_soon_threadsafe(entered.set)
            asyncio.run_coroutine_threadsafe(leave.wait(), loop).result(TIMEOUT)

        other = plain.mutex("/other").acquire()
        other.on_lost(block)
        sandbox.observer.delete(sandbox.root + other.node)
        await asyncio.wait_for(entered.wait(), TIMEOUT)
        try:
            guard = await client.mutex("/lock").acquire(timeout=TIMEOUT)
            called = asyncio.Event()
            guard.on_lost(called.set)
            with pytest.raises(zkcoord.LockLost):
                async with guard.cancel_on_loss():
                    sandbox.observer.delete(sandbox.root + guard.node)
                    await asyncio.sleep(TIMEOUT)
            await asyncio.wait_for(called.wait(), TIMEOUT)
        finally:
            leave.set()
        await guard.release()
        other.release()


async def test_a_released_guard_makes_no_callbacks(sandbox: Sandbox, client: aio.Client) -> None:
    calls: list[str] = []
    async with client.mutex("/lock") as guard:
        guard.on_lost(lambda: calls.append("lost"))
        guard.on_revoke(lambda: calls.append("revoked"))
    guard.on_lost(lambda: calls.append("lost"))
    await client.close()
    await asyncio.sleep(0.1)
    assert calls == []


async def test_callbacks_must_be_callable(client: aio.Client) -> None:
    async with client.mutex("/lock") as guard:
        for register in (guard.on_lost, guard.on_revoke):
            with pytest.raises(zkcoord.InvalidArgument, match="fn 7"):
                register(7)  # type: ignore[arg-type]


async def test_an_error_in_a_callback_goes_to_the_loops_handler(sandbox: Sandbox, client: aio.Client) -> None:
    reports: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report["exception"]))
    async with client.mutex("/lock") as guard:
        guard.on_lost(lambda: 1 / 0)
        sandbox.observer.delete(sandbox.root + guard.node)
        assert await eventually(lambda: len(reports) == 1)
    assert isinstance(reports[0], ZeroDivisionError)


async def test_an_unreachable_guard_is_released_with_a_warning(sandbox: Sandbox, client: aio.Client) -> None:
    guard: Any = await client.mutex("/lock").acquire()
    guard.on_lost(print)
    with pytest.warns(ResourceWarning, match="never released: lock /lock/"):
        del guard
        gc.collect()
    await await_children(sandbox, "/lock", 0)
    assert not _bridge._loop_completions()._waiting


async def test_a_cancelled_release_still_releases(sandbox: Sandbox, client: aio.Client) -> None:
    guard = await client.mutex("/lock").acquire()
    releasing = asyncio.create_task(guard.release())
    await asyncio.sleep(0)
    releasing.cancel()
    await asyncio.wait([releasing])
    await await_children(sandbox, "/lock", 0)


async def test_leaving_a_block_does_not_wait_for_a_dead_server(own_server: Sandbox) -> None:
    async with aio.connect(own_server.hosts, session_timeout=SESSION_TIMEOUT) as client:
        loop = asyncio.get_running_loop()
        with pytest.raises(zkcoord.LockLost):
            async with client.mutex("/lock") as guard:
                own_server.zookeeper.kill(0)
                assert await guard.wait_lost(TIMEOUT)
                left = loop.time()
                guard.check()
        assert loop.time() - left < 3


async def test_a_holder_writes_and_a_former_holder_does_not(sandbox: Sandbox, client: aio.Client) -> None:
    async with client.mutex("/lock") as guard:
        await guard.create("/data", b"1")
        await guard.set_data("/data", b"2", version=0, timeout=5)
        assert sandbox.observer.data(sandbox.root + "/data")[0] == b"2"  # type: ignore[index]
        with pytest.raises(zkcoord.InvalidArgument, match="another version"):
            await guard.set_data("/data", b"3", version=7)
        with pytest.raises(zkcoord.InvalidArgument, match="data"):
            await guard.create("/more", "text")  # type: ignore[arg-type]
        await guard.delete("/data", 1)
        assert sandbox.observer.exists(sandbox.root + "/data") is None
    for write in (guard.create("/data", b""), guard.set_data("/lock", b""), guard.delete("/lock")):
        with pytest.raises(zkcoord.LockLost, match="/lock/"):
            await write
