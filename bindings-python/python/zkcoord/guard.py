"""A lock that is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from zkcoord import _arguments
from zkcoord._operations.guard import PARTING, GuardOperations, LostOperations
from zkcoord.errors import AcquireTimeout, ForkedError, WouldDeadlock, ZkcoordError


class Guard(GuardOperations):
    """A lock that is held, until it is released or lost. Given back at the end of its ``with`` block.

    A lock can be lost while it is held: when the servers have not confirmed the session for too long, when the session
    is over, when somebody deletes the lock's node. The guard knows before the servers can give the lock to anybody
    else. What still runs then is fenced off by the :attr:`token`.

    A guard that is forgotten gives its lock back in the background, with a :class:`ResourceWarning`.
    """

    @property
    def lost(self) -> Lost:
        """The loss of the lock, as an event to look at or to wait for."""
        return Lost(self._native)

    def on_lost(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once when the lock is lost, on a thread of zkcoord's.

        At once if that has happened already; never if the lock is released. ``fn`` must not make waiting calls: they
        raise :class:`~zkcoord.WouldDeadlock` there.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that acquired it.

        Example::

            stop = threading.Event()
            guard.on_lost(stop.set)
        """
        _arguments.function("fn", fn)
        self._native.on_lost(fn)

    def on_revoke(self, fn: Callable[[], object]) -> None:
        """Calls ``fn()`` once when somebody asks for the lock, on a thread of zkcoord's.

        At once if that has happened already; never if the lock is released. ``fn`` must not make waiting calls, like
        :meth:`release`: they raise :class:`~zkcoord.WouldDeadlock` there.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that acquired it.

        Example::

            stop = threading.Event()
            guard.on_revoke(stop.set)
        """
        _arguments.function("fn", fn)
        self._native.on_revoke(fn)

    def set_data(
        self, path: str, data: bytes | bytearray | memoryview, version: int = -1, timeout: float | None = None
    ) -> None:
        """Sets the data of a node, on condition that the lock is still held.

        The servers check the lock's node and make the write in one transaction: what is held up on its way until the
        lock is another's, is refused.

        Args:
            path: The node, below the chroot. Not made when it is missing: see :meth:`create`.
            data: The bytes.
            version: The version that the node must be at. -1: any.
            timeout: How many seconds it may take. ``None``: for ever; 0: try once.

        Raises:
            LockLost: The lock's node is gone. Nothing was written.
            InvalidArgument: An argument is not acceptable, there is no such node, or it is at another version. Nothing
                was written.
            AcquireTimeout: There was no connection in time. Nothing was written.
            Indeterminate: The connection was lost, or the timeout passed, after the write was sent. It may have been
                applied or not.
            NotAuthorized: An ACL refused.
            QuotaExceeded: The servers refused for quota.
            WouldDeadlock: Called from a callback of zkcoord's.
            ForkedError: This is a child of the process that acquired it.

        Example::

            with client.mutex("/locks/config").acquire() as guard:
                guard.set_data("/config", b"colour=green")
        """
        self._set_data(path, data, version, timeout).wait()

    def create(self, path: str, data: bytes | bytearray | memoryview, timeout: float | None = None) -> None:
        """Creates a persistent node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is not acceptable, there is such a node already, or none above it.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        self._create(path, data, timeout).wait()

    def delete(self, path: str, version: int = -1, timeout: float | None = None) -> None:
        """Deletes a node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is not acceptable, there is no such node, it is at another version, or there
                are nodes below it.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        self._delete(path, version, timeout).wait()

    def release(self, timeout: float | None = None) -> None:
        """Gives the lock back and waits until the servers have taken it. May be called again, and after a loss.

        Args:
            timeout: How many seconds to wait for the servers. ``None``: for ever.

        Raises:
            AcquireTimeout: The servers have not confirmed it in time. It goes on in the background.
            WouldDeadlock: Called from a callback of zkcoord's; the lock is held still.
            ForkedError: This is a child of the process that acquired it.
        """
        try:
            self._release(timeout).wait()
        except WouldDeadlock:
            self._released = False  # refused before it began
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self.release(timeout=PARTING)
        except (AcquireTimeout, ForkedError):
            pass  # it goes on in the background; or it is the parent's
        except ZkcoordError:
            if kind is None:  # what the block raised tells more
                raise


class Lost(LostOperations):
    """The loss of a lock, as an event: like :class:`threading.Event`, but set by zkcoord alone.

    Example::

        if guard.lost.wait(timeout=1):
            stop_everything()
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the lock is lost.

        Args:
            timeout: How many seconds to wait. ``None``: for ever, also when the lock is released meanwhile.

        Returns:
            Whether it is lost.

        Raises:
            WouldDeadlock: Called from a callback of zkcoord's.
            ForkedError: This is a child of the process that acquired the lock.
        """
        if (operation := self._wait(timeout)) is None:
            return self.is_set()
        try:
            operation.wait()
        except AcquireTimeout:
            return False
        return True
