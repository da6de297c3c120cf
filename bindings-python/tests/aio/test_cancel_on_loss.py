import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import zkcoord
from conftest import PATIENCE, Corner
from zkcoord import aio


@pytest.fixture
async def guard(client: aio.Client) -> AsyncIterator[aio.Guard]:
    async with client.mutex("/lock") as guard:
        yield guard


def _lose(corner: Corner, guard: aio.Guard) -> None:
    corner.observer.delete(corner.root + guard.node)


def _uncancelled() -> bool:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling() == 0


async def test_a_loss_cancels_the_body_which_raises_lock_lost(corner: Corner, guard: aio.Guard) -> None:
    cleaned_up = False
    with pytest.raises(zkcoord.LockLost, match="deleted by somebody else") as caught:
        async with guard.cancel_on_loss():
            _lose(corner, guard)
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                cleaned_up = True
                raise
    assert cleaned_up
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert _uncancelled()
    await asyncio.sleep(0)


async def test_without_a_loss_nothing_happens(client: aio.Client, guard: aio.Guard) -> None:
    async with guard.cancel_on_loss():
        await client.counter("/n").increment()
    with pytest.raises(ZeroDivisionError):
        async with guard.cancel_on_loss():
            _ = 1 / 0
    await guard.release()
    await asyncio.sleep(0.05)
    assert _uncancelled()


async def test_a_loss_after_the_body_cancels_nothing(corner: Corner, guard: aio.Guard) -> None:
    async with guard.cancel_on_loss():
        pass
    _lose(corner, guard)
    assert await guard.wait_lost(PATIENCE)
    await asyncio.sleep(0.05)
    assert _uncancelled()


async def test_what_is_not_held_is_told_on_entering(corner: Corner, guard: aio.Guard) -> None:
    _lose(corner, guard)
    assert await guard.wait_lost(PATIENCE)
    with pytest.raises(zkcoord.LockLost, match="deleted"):
        async with guard.cancel_on_loss():
            pytest.fail("entered")
    await guard.release()
    with pytest.raises(zkcoord.LockLost):
        async with guard.cancel_on_loss():
            pytest.fail("entered")


async def test_a_body_that_ends_all_the_same_does_not_pass_for_a_success(
    corner: Corner, guard: aio.Guard
) -> None:
    with pytest.raises(zkcoord.LockLost) as caught:
        async with guard.cancel_on_loss():
            _lose(corner, guard)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(PATIENCE)
    assert caught.value.__cause__ is None
    assert _uncancelled()


async def test_other_exceptions_pass_through(corner: Corner, guard: aio.Guard) -> None:
    with pytest.raises(ZeroDivisionError):
        async with guard.cancel_on_loss():
            _lose(corner, guard)
            try:
                await asyncio.sleep(PATIENCE)
            finally:
                _ = 1 / 0
    assert _uncancelled()


async def test_cancelling_by_others_passes_through(corner: Corner, guard: aio.Guard) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with guard.cancel_on_loss():
            entered.set()
            await asyncio.sleep(PATIENCE)

    for is_lost in (False, True):
        task = asyncio.create_task(work())
        await entered.wait()
        if is_lost:
            # Both in one tick: the other one must not be swallowed.
            task.cancel()
            _lose(corner, guard)
            await guard.wait_lost(PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        entered.clear()


async def test_it_nests_with_timeouts(corner: Corner, client: aio.Client, guard: aio.Guard) -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05), guard.cancel_on_loss():
            await asyncio.sleep(PATIENCE)
    assert not isinstance(caught.value, zkcoord.ZkcoordError)
    with pytest.raises(zkcoord.LockLost):
        async with (
            asyncio.timeout(PATIENCE),
            client.mutex("/other") as other,
            other.cancel_on_loss(),
            guard.cancel_on_loss(),
        ):
            _lose(corner, other)
            await asyncio.sleep(PATIENCE)
    assert _uncancelled()


async def test_it_cancels_a_whole_group_of_tasks(corner: Corner, guard: aio.Guard) -> None:
    cancelled = 0

    async def work() -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            cancelled += 1
            raise

    with pytest.raises(zkcoord.LockLost):
        async with guard.cancel_on_loss(), asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(work())
            await asyncio.sleep(0)
            _lose(corner, guard)
    assert cancelled == 5


async def test_it_is_for_one_block(guard: aio.Guard) -> None:
    block = guard.cancel_on_loss()
    async with block:
        with pytest.raises(RuntimeError, match="one block"):
            async with block:
                pass
