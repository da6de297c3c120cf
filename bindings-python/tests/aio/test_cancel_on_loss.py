import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox
from zkcoord import aio


@pytest.fixture
async def guard(client: aio.Client) -> AsyncIterator[aio.Guard]:
    async with client.mutex("/lock") as guard:
        yield guard


def _lose(sandbox: Sandbox, guard: aio.Guard) -> None:
    sandbox.observer.delete(sandbox.root + guard.node)


def _uncancelled() -> bool:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling() == 0


async def test_a_loss_cancels_the_body_and_raises_lock_lost(sandbox: Sandbox, guard: aio.Guard) -> None:
    cleaned_up = False
    with pytest.raises(zkcoord.LockLost, match="deleted by somebody else") as caught:
        async with guard.cancel_on_loss():
            _lose(sandbox, guard)
            try:
                await asyncio.sleep(TIMEOUT)
            except asyncio.CancelledError:
                cleaned_up = True
                raise
    assert cleaned_up
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert _uncancelled()
    await asyncio.sleep(0)


async def test_without_a_loss_nothing_is_cancelled(client: aio.Client, guard: aio.Guard) -> None:
    async with guard.cancel_on_loss():
        await client.counter("/n").increment()
    with pytest.raises(ZeroDivisionError):
        async with guard.cancel_on_loss():
            _ = 1 / 0
    await guard.release()
    await asyncio.sleep(0.05)
    assert _uncancelled()


async def test_a_loss_after_the_body_cancels_nothing(sandbox: Sandbox, guard: aio.Guard) -> None:
    async with guard.cancel_on_loss():
        pass
    _lose(sandbox, guard)
    assert await guard.wait_lost(TIMEOUT)
    await asyncio.sleep(0.05)
    assert _uncancelled()


async def test_entering_without_the_lock_raises_lock_lost(sandbox: Sandbox, guard: aio.Guard) -> None:
    _lose(sandbox, guard)
    assert await guard.wait_lost(TIMEOUT)
    with pytest.raises(zkcoord.LockLost, match="deleted"):
        async with guard.cancel_on_loss():
            pytest.fail("entered")
    await guard.release()
    with pytest.raises(zkcoord.LockLost):
        async with guard.cancel_on_loss():
            pytest.fail("entered")


async def test_a_body_that_suppresses_the_cancellation_raises_lock_lost(
    sandbox: Sandbox, guard: aio.Guard
) -> None:
    with pytest.raises(zkcoord.LockLost) as caught:
        async with guard.cancel_on_loss():
            _lose(sandbox, guard)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(TIMEOUT)
    assert caught.value.__cause__ is None
    assert _uncancelled()


async def test_other_exceptions_pass_through(sandbox: Sandbox, guard: aio.Guard) -> None:
    with pytest.raises(ZeroDivisionError):
        async with guard.cancel_on_loss():
            _lose(sandbox, guard)
            try:
                await asyncio.sleep(TIMEOUT)
            finally:
                _ = 1 / 0
    assert _uncancelled()


async def test_a_cancellation_by_others_passes_through(sandbox: Sandbox, guard: aio.Guard) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with guard.cancel_on_loss():
            entered.set()
            await asyncio.sleep(TIMEOUT)

    for is_lost in (False, True):
        task = asyncio.create_task(work())
        await entered.wait()
        if is_lost:
            # Both happen in one tick; the cancellation by others must not be swallowed.
            task.cancel()
            _lose(sandbox, guard)
            await guard.wait_lost(TIMEOUT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        entered.clear()


async def test_cancel_on_loss_nests_with_timeouts(
    sandbox: Sandbox, client: aio.Client, guard: aio.Guard
) -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05), guard.cancel_on_loss():
            await asyncio.sleep(TIMEOUT)
    assert not isinstance(caught.value, zkcoord.ZkcoordError)
    with pytest.raises(zkcoord.LockLost):
        async with (
            asyncio.timeout(TIMEOUT),
            client.mutex("/other") as other,
            other.cancel_on_loss(),
            guard.cancel_on_loss(),
        ):
            _lose(sandbox, other)
            await asyncio.sleep(TIMEOUT)
    assert _uncancelled()


async def test_a_loss_cancels_a_whole_task_group(sandbox: Sandbox, guard: aio.Guard) -> None:
    cancelled = 0

    async def work() -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(TIMEOUT)
        except asyncio.CancelledError:
            cancelled += 1
            raise

    with pytest.raises(zkcoord.LockLost):
        async with guard.cancel_on_loss(), asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(work())
            await asyncio.sleep(0)
            _lose(sandbox, guard)
    assert cancelled == 5


async def test_cancel_on_loss_is_for_one_block(guard: aio.Guard) -> None:
    block = guard.cancel_on_loss()
    async with block:
        with pytest.raises(RuntimeError, match="one block"):
            async with block:
                pass
