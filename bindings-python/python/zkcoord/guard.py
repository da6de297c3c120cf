"""A guard, which holds a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from zkcoord import _arguments
from zkcoord._operations.block_exit import EXIT_TIMEOUT, exiting_block
from zkcoord._operations.guard import GuardOperations, LostOperations
from zkcoord.errors import AcquireTimeout, WouldDeadlock


class Guard(GuardOperations):
    """A guard, which holds a lock until it is released or lost. It is released at the end of its ``with`` block.

    A lock can be lost while it is held: if the servers have not confirmed the session for too long, if the session
    ends, or if another program deletes the node of the lock. If the session lapses, the guard reports the loss before
    the servers can grant the lock to another client; a deletion is reported when the client learns of it. Work that
    continues nevertheless is fenced off by the :attr:`token`.

    A guard that becomes unreachable releases its lock in the background, with a :class:`ResourceWarning`.
    """

    @property
    def lost(self) -> Lost:
        """The loss of the lock, as an event to test or to wait for."""
        return Lost(self._native)

    def on_lost(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once if the lock is lost, on a thread of zkcoord.

        The call is immediate if the lock is already lost, and is not made if the lock is released. ``fn`` must not make
        blocking calls of zkcoord, like :meth:`release`: they raise :class:`~zkcoord.WouldDeadlock` there.

        Raises:
            InvalidArgument: ``fn`` is not callable.
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            stop = threading.Event()
            guard.on_lost(stop.set)
        """
        self._native.on_lost(_arguments.function("fn", fn))

    def on_revoke(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once if another client asks for the lock. Otherwise as :meth:`on_lost`.

        Example::

            stop = threading.Event()
            guard.on_revoke(stop.set)
        """
        self._native.on_revoke(_arguments.function("fn", fn))

    def set_data(
        self, path: str, data: bytes | bytearray | memoryview, version: int = -1, timeout: float | None = None
    ) -> None:
        """Sets the data of a node, on condition that the lock is still held.

        The servers check the node of the lock and write in one transaction. So they refuse a write that is delayed
        until another client holds the lock.

        Args:
            path: The node, below the chroot. It must exist; see :meth:`create`.
            data: The bytes to write.
            version: The version that the node must have. -1: any version.
            timeout: The seconds that it may take. ``None``: no limit; 0: try once.

        Raises:
            LockLost: The node of the lock no longer exists. Nothing was written.
            InvalidArgument: An argument is invalid, the node does not exist, or it has another version. Nothing was
                written.
            AcquireTimeout: There was no connection in time. Nothing was written.
            Indeterminate: The connection was lost, or the call timed out, after the write was sent. It may or may not
                have been applied.
            NotAuthorized: An ACL refused the write.
            QuotaExceeded: The servers refused the write because of a quota.
            WouldDeadlock: It was called from a callback of zkcoord.
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            with client.mutex("/locks/config").acquire() as guard:
                guard.set_data("/config", b"colour=green")
        """
        self._set_data(path, data, version, timeout).wait()

    def create(self, path: str, data: bytes | bytearray | memoryview, timeout: float | None = None) -> None:
        """Creates a persistent node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is invalid, the node already exists, or its parent does not.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        self._create(path, data, timeout).wait()

    def delete(self, path: str, version: int = -1, timeout: float | None = None) -> None:
        """Deletes a node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is invalid, the node does not exist, has another version, or has children.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        self._delete(path, version, timeout).wait()

    def release(self, timeout: float | None = None) -> None:
        """Releases the lock and waits until the servers confirm it. May be called again, and after a loss.

        Args:
            timeout: The seconds to wait for the servers. ``None``: no limit.

        Raises:
            AcquireTimeout: The servers have not confirmed it in time. Releasing continues in the background.
            WouldDeadlock: It was called from a callback of zkcoord. The lock is still held.
            ForkedError: This process is a child of the one that acquired the lock.
        """
        try:
            self._release(timeout).wait()
        except WouldDeadlock:
            self._released = False  # the native operation was refused before it began
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # After a timeout, releasing continues in the background.
        with exiting_block(kind, AcquireTimeout):
            self.release(timeout=EXIT_TIMEOUT)


class Lost(LostOperations):
    """The loss of a lock as an event, like :class:`threading.Event`, that only zkcoord sets.

    Example::

        if guard.lost.wait(timeout=1):
            stop_everything()
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost.

        Args:
            timeout: The seconds to wait. ``None``: no limit, even if the lock is released during the call.

        Returns:
            ``True`` if the lock is lost.

        Raises:
            WouldDeadlock: It was called from a callback of zkcoord.
            ForkedError: This process is a child of the one that acquired the lock.
        """
        if (operation := self._wait(timeout)) is None:
            return self.is_set()
        try:
            operation.wait()
        except AcquireTimeout:
            return False
        return True
