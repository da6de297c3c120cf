"""A guard, which holds a lock, for asyncio."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Self

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.block_exit import EXIT_TIMEOUT, exiting_block
from zkcoord._operations.guard import GuardOperations, LostOperations
from zkcoord.aio._bridge import Listener, in_loop, result_of
from zkcoord.aio.cancel_on_loss import CancelOnLoss
from zkcoord.errors import AcquireTimeout, ForkedError


class Guard(GuardOperations):
    """A guard, which holds a lock until it is released or lost: :class:`zkcoord.Guard` for asyncio.

    It is released at the end of its ``async with`` block. A guard that becomes unreachable releases its lock in the
    background, with a :class:`ResourceWarning`.
    """

    def __init__(self, native: _zkcoord.Guard, client: object) -> None:
        super().__init__(native, client)
        self._listeners: list[Listener] = []

    @property
    def lost(self) -> Lost:
        """The loss of the lock, as an event to test or to await."""
        return Lost(self._native)

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost, as ``guard.lost.wait()`` does."""
        return await self.lost.wait(timeout)

    def cancel_on_loss(self) -> CancelOnLoss:
        """Cancels the body of an ``async with`` statement if the lock is lost. The statement then raises ``LockLost``.

        It works like ``asyncio.timeout()``: the body gets a ``CancelledError`` where it awaits, and may clean up. If
        the body ends normally although the lock is lost, the statement raises ``LockLost`` too, so that a loss is never
        mistaken for a success. Other exceptions, and cancellations by others, pass through.

        Raises:
            LockLost: From the block: the lock was lost. On entering: it is not held.
            ForkedError: On entering: this process is a child of the one that acquired the lock.

        Example::

            async with mutex.acquire(timeout=5) as guard, guard.cancel_on_loss():
                await write_all(rows, fence=guard.token)
        """
        return CancelOnLoss(self._native)

    def on_lost(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once if the lock is lost, in the running event loop.

        The call is made soon if the lock is already lost, and is not made if the lock is released. ``fn`` is a plain
        function, which may create tasks.

        Raises:
            InvalidArgument: ``fn`` is not callable.
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            stop = asyncio.Event()
            guard.on_lost(stop.set)
        """
        _arguments.function("fn", fn)
        if not self._released or self._native.is_lost():
            self._listeners.append(Listener(self._native.wait_lost(None), fn))

    def on_revoke(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once if another client asks for the lock. Otherwise as :meth:`on_lost`.

        Example::

            stop = asyncio.Event()
            guard.on_revoke(stop.set)
        """
        self._native.on_revoke(in_loop(_arguments.function("fn", fn)))

    async def set_data(
        self, path: str, data: bytes | bytearray | memoryview, version: int = -1, timeout: float | None = None
    ) -> None:
        """Sets the data of a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.set_data`."""
        await result_of(self._set_data(path, data, version, timeout))

    async def create(
        self, path: str, data: bytes | bytearray | memoryview, timeout: float | None = None
    ) -> None:
        """Creates a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.create`."""
        await result_of(self._create(path, data, timeout))

    async def delete(self, path: str, version: int = -1, timeout: float | None = None) -> None:
        """Deletes a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.delete`."""
        await result_of(self._delete(path, version, timeout))

    async def release(self, timeout: float | None = None) -> None:
        """Releases the lock and waits until the servers confirm it. As :meth:`zkcoord.Guard.release`.

        Cancelling only ends the wait: the lock is released nevertheless.
        """
        operation = self._release(timeout)
        try:
            await result_of(operation)
        finally:
            self._stop_listening()

    def _stop_listening(self) -> None:
        """Stops the callbacks of a lock that was released. A loss before the release is still reported."""
        with contextlib.suppress(ForkedError):
            if not self._native.is_lost():
                for listener in self._listeners:
                    listener.stop()

    def __del__(self) -> None:
        if hasattr(self, "_listeners"):  # otherwise __init__ was interrupted
            self._stop_listening()
        super().__del__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object = None, *_: object) -> None:
        # After a timeout, releasing continues in the background.
        with exiting_block(kind, AcquireTimeout):
            await self.release(timeout=EXIT_TIMEOUT)


class Lost(LostOperations):
    """The loss of a lock as an event, like :class:`asyncio.Event`, that only zkcoord sets.

    Example::

        if await guard.lost.wait(timeout=1):
            stop_everything()
    """

    async def wait(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost. Returns ``True`` if it is. As :meth:`zkcoord.Lost.wait`."""
        if (operation := self._wait(timeout)) is None:
            return self.is_set()
        try:
            await result_of(operation)
        except AcquireTimeout:
            return False
        return True
