import asyncio
import gc
from typing import Any

import pytest
import zkcoord
from conftest import PATIENCE, SESSION, Corner
from zkcoord import aio
from zkcoord.aio import _bridge

from .conftest import children, eventually


async def test_its_tokens_and_node_are_those_of_the_lock(corner: Corner, client: aio.Client) -> None:
    async with client.mutex("/lock") as first, client.multi_mutex(["/b", "/a"]) as both:
        stat = corner.observer.exists(corner.root + first.node)
        assert stat is not None
        assert first.tokens == [(first.node, first.token)] == [(first.node, stat.czxid)]
        assert [node.split("/")[1] for node, _ in both.tokens] == ["a", "b"]
        assert 0 < first.lease_remaining <= SESSION
        assert not first.revoke_requested
        assert repr(first) == f"<zkcoord.aio.Guard {first.node} token={first.token} held>"
        assert repr(first.lost) == f"<zkcoord.aio.Lost {first.node} unset>"
    assert repr(first) == f"<zkcoord.aio.Guard {first.node} token={first.token} not held>"


async def test_a_node_deleted_from_outside_is_a_loss(corner: Corner, client: aio.Client) -> None:
    guard = await client.mutex("/lock").acquire()
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        assert asyncio.get_running_loop() is loop
        told.set()

    guard.on_lost(tell)
    waiters = [asyncio.create_task(guard.wait_lost()), asyncio.create_task(guard.lost.wait(PATIENCE))]
    assert await guard.wait_lost(timeout=0.05) is False
    assert await guard.lost.wait(0) is False
    corner.observer.delete(corner.root + guard.node)
    assert await asyncio.gather(*waiters) == [True, True]
    await asyncio.wait_for(told.wait(), PATIENCE)
    assert guard.lost.is_set()
    assert await guard.wait_lost() is True
    with pytest.raises(zkcoord.LockLost, match="deleted by somebody else"):
        guard.check()
    again = asyncio.Event()
    guard.on_lost(again.set)
    await guard.release()
    await asyncio.wait_for(again.wait(), PATIENCE)


async def test_a_loss_is_told_though_a_callback_of_plain_python_blocks(
    corner: Corner, client: aio.Client
) -> None:
    with zkcoord.connect(corner.hosts, session_timeout=SESSION) as plain:
        entered, leave = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def block() -> None:
            loop.call_soon_threadsafe(entered.set)
            asyncio.run_coroutine_threadsafe(leave.wait(), loop).result(PATIENCE)

        other = plain.mutex("/other").acquire()
        other.on_lost(block)
        corner.observer.delete(corner.root + other.node)
        await asyncio.wait_for(entered.wait(), PATIENCE)
        try:
            guard = await client.mutex("/lock").acquire(timeout=PATIENCE)
            told = asyncio.Event()
            guard.on_lost(told.set)
            with pytest.raises(zkcoord.LockLost):
                async with guard.cancel_on_loss():
                    corner.observer.delete(corner.root + guard.node)
                    await asyncio.sleep(PATIENCE)
            await asyncio.wait_for(told.wait(), PATIENCE)
        finally:
            leave.set()
        await guard.release()
        other.release()


async def test_a_released_guard_calls_nobody(corner: Corner, client: aio.Client) -> None:
    calls: list[str] = []
    async with client.mutex("/lock") as guard:
        guard.on_lost(lambda: calls.append("lost"))
        guard.on_revoke(lambda: calls.append("revoked"))
    guard.on_lost(lambda: calls.append("lost"))
    await client.close()
    await asyncio.sleep(0.1)
    assert calls == []


async def test_what_cannot_be_called_is_refused(client: aio.Client) -> None:
    async with client.mutex("/lock") as guard:
        for register in (guard.on_lost, guard.on_revoke):
            with pytest.raises(zkcoord.InvalidArgument, match="fn 7"):
                register(7)  # type: ignore[arg-type]


async def test_an_error_in_a_callback_goes_to_the_loops_handler(corner: Corner, client: aio.Client) -> None:
    reports: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report["exception"]))
    async with client.mutex("/lock") as guard:
        guard.on_lost(lambda: 1 / 0)
        corner.observer.delete(corner.root + guard.node)
        assert await eventually(lambda: len(reports) == 1)
    assert isinstance(reports[0], ZeroDivisionError)


async def test_a_forgotten_guard_is_given_back_with_a_warning(corner: Corner, client: aio.Client) -> None:
    guard: Any = await client.mutex("/lock").acquire()
    guard.on_lost(print)
    with pytest.warns(ResourceWarning, match="never released: lock /lock/"):
        del guard
        gc.collect()
    await children(corner, "/lock", 0)
    assert not _bridge._mailbox()._waiting


async def test_a_cancelled_release_gives_back_all_the_same(corner: Corner, client: aio.Client) -> None:
    guard = await client.mutex("/lock").acquire()
    releasing = asyncio.create_task(guard.release())
    await asyncio.sleep(0)
    releasing.cancel()
    await asyncio.wait([releasing])
    await children(corner, "/lock", 0)


async def test_the_end_of_a_block_does_not_wait_for_a_dead_server(frail: Corner) -> None:
    async with aio.connect(frail.hosts, session_timeout=SESSION) as client:
        loop = asyncio.get_running_loop()
        with pytest.raises(zkcoord.LockLost):
            async with client.mutex("/lock") as guard:
                frail.zookeeper.kill(0)
                assert await guard.wait_lost(PATIENCE)
                left = loop.time()
                guard.check()
        assert loop.time() - left < 3


async def test_a_holder_writes_and_a_former_holder_does_not(corner: Corner, client: aio.Client) -> None:
    async with client.mutex("/lock") as guard:
        await guard.create("/data", b"1")
        await guard.set_data("/data", b"2", version=0, timeout=5)
        assert corner.observer.data(corner.root + "/data")[0] == b"2"  # type: ignore[index]
        with pytest.raises(zkcoord.InvalidArgument, match="another version"):
            await guard.set_data("/data", b"3", version=7)
        with pytest.raises(zkcoord.InvalidArgument, match="data"):
            await guard.create("/more", "text")  # type: ignore[arg-type]
        await guard.delete("/data", 1)
        assert corner.observer.exists(corner.root + "/data") is None
    for write in (guard.create("/data", b""), guard.set_data("/lock", b""), guard.delete("/lock")):
        with pytest.raises(zkcoord.LockLost, match="/lock/"):
            await write
