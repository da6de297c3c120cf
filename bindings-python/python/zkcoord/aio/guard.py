"""A lock that is held, for asyncio."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.guard import PARTING, GuardOperations, LostOperations
from zkcoord.aio._bridge import Listener, in_loop, settled
from zkcoord.aio.cancel_on_loss import CancelOnLoss
from zkcoord.errors import AcquireTimeout, ForkedError, ZkcoordError


class Guard(GuardOperations):
    """A lock that is held, until it is released or lost: :class:`zkcoord.Guard` for asyncio.

    Given back at the end of its ``async with`` block. One that is forgotten gives its lock back in the background, with
    a :class:`ResourceWarning`.
    """

    def __init__(self, native: _zkcoord.Guard, client: object) -> None:
        super().__init__(native, client)
        self._listeners: list[Listener] = []

    @property
    def lost(self) -> Lost:
        """The loss of the lock, as an event to look at or to await."""
        return Lost(self._native)

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost, as ``guard.lost.wait()`` does."""
        return await self.lost.wait(timeout)

    def cancel_on_loss(self) -> CancelOnLoss:
        """Cancels the body of an ``async with`` statement when the lock is lost, which then raises ``LockLost``.

        As ``asyncio.timeout()`` does it: the body sees a ``CancelledError`` where it awaits, and may clean up. A body
        that ends all the same when the lock is lost raises ``LockLost`` too, instead of passing for a success. Other
        exceptions, and cancelling by others, pass through.

        Raises:
            LockLost: From the block: the lock was lost. On entering: it is not held.
            ForkedError: On entering: this is a child of the process that acquired it.

        Example::

            async with mutex.acquire(timeout=5) as guard, guard.cancel_on_loss():
                await write_all(rows, fence=guard.token)
        """
        return CancelOnLoss(self._native)

    def on_lost(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once when the lock is lost, in the running event loop.

        Soon, if that has happened already; never if the lock is released. ``fn`` is a plain function; for more it may
        make a task.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that acquired it.

        Example::

            stop = asyncio.Event()
            guard.on_lost(stop.set)
        """
        _arguments.function("fn", fn)
        if not self._released or self._native.is_lost():
            self._listeners.append(Listener(self._native.wait_lost(None), fn))

    def on_revoke(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once when somebody asks for the lock, in the running event loop.

        Soon, if that has happened already; never if the lock is released. ``fn`` is a plain function; for more it may
        make a task.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that acquired it.

        Example::

            stop = asyncio.Event()
            guard.on_revoke(stop.set)
        """
        _arguments.function("fn", fn)
        self._native.on_revoke(in_loop(fn))

    async def set_data(
        self, path: str, data: bytes | bytearray | memoryview, version: int = -1, timeout: float | None = None
    ) -> None:
        """Sets the data of a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.set_data`."""
        await settled(self._set_data(path, data, version, timeout))

    async def create(
        self, path: str, data: bytes | bytearray | memoryview, timeout: float | None = None
    ) -> None:
        """Creates a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.create`."""
        await settled(self._create(path, data, timeout))

    async def delete(self, path: str, version: int = -1, timeout: float | None = None) -> None:
        """Deletes a node, on condition that the lock is still held. As :meth:`zkcoord.Guard.delete`."""
        await settled(self._delete(path, version, timeout))

    async def release(self, timeout: float | None = None) -> None:
        """Gives the lock back and waits until the servers have taken it. As :meth:`zkcoord.Guard.release`.

        Cancelling ends the wait only: the lock is given back all the same.
        """
        operation = self._release(timeout)
        try:
            await settled(operation)
        finally:
            self._stop_listening()

    def _stop_listening(self) -> None:
        """Nothing is told of a lock that was given back; but a loss before that is."""
        with contextlib.suppress(ForkedError):
            if not self._native.is_lost():
                for listener in self._listeners:
                    listener.stop()

    def __del__(self) -> None:
        if hasattr(self, "_listeners"):  # else __init__ was interrupted
            self._stop_listening()
        super().__del__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.release(timeout=PARTING)
        except (AcquireTimeout, ForkedError):
            pass  # it goes on in the background; or it is the parent's
        except ZkcoordError:
            if kind is None:  # what the block raised tells more
                raise


class Lost(LostOperations):
    """The loss of a lock, as an event: like :class:`asyncio.Event`, but set by zkcoord alone.

    Example::

        if await guard.lost.wait(timeout=1):
            stop_everything()
    """

    async def wait(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost, and says whether it is. As :meth:`zkcoord.Lost.wait`."""
        if (operation := self._wait(timeout)) is None:
            return self.is_set()
        try:
            await settled(operation)
        except AcquireTimeout:
            return False
        return True
