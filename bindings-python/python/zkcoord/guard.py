"""A lock that is held."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Self

from zkcoord import _arguments, _zkcoord
from zkcoord.errors import AcquireTimeout, ForkedError, WouldDeadlock, ZkcoordError

# How many seconds the end of a with block waits for the servers. In an outage, what the block raised must come out.
_PARTING = 2.0


class Guard:
    """A lock that is held, until it is released or lost. Given back at the end of its ``with`` block.

    A lock can be lost while it is held: when the servers have not confirmed the session for too long, when the session
    is over, when somebody deletes the lock's node. The guard knows before the servers can give the lock to anybody
    else. What still runs then is fenced off by the :attr:`token`.

    A guard that is forgotten gives its lock back in the background, with a :class:`ResourceWarning`.
    """

    def __init__(self, native: _zkcoord.Guard) -> None:
        self._native = native
        self._released = False

    @property
    def token(self) -> int:
        """The fencing token: larger than that of every holder before.

        Pass it along with what you write, and let the receiver refuse a token smaller than one that it has seen.
        """
        return self._native.token

    @property
    def tokens(self) -> list[tuple[str, int]]:
        """Every node of the guard with its token: of several locks, in the order of their paths.

        Each fences what its own lock protects: compare tokens of one path only. :attr:`token` is the first one's.

        Raises:
            ForkedError: This is a child of the process that acquired it.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]) as guard:
                for node, token in guard.tokens:
                    print(node, "is held with token", token)
        """
        return self._native.tokens()

    @property
    def node(self) -> str:
        """The path of the lock's node, below the client's chroot; of the first one when there are several."""
        return self._native.node

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain at this moment. Costs no round trip."""
        return self._native.is_held()

    def check(self) -> None:
        """Checks that the lock is held for certain at this moment. Costs no round trip.

        Raises:
            LockLost: It is not held any more, or cannot be known to be.
            ForkedError: This is a child of the process that acquired it.

        Example::

            for row in rows:
                guard.check()
                write(row, fence=guard.token)
        """
        self._native.check()

    @property
    def lease_remaining(self) -> float:
        """How many seconds longer the lock is held for certain if no server answers from now on. Costs no round trip.

        While servers answer it is above 3/8 of the session timeout, and never more than 5/8. When it has run out the
        lock is lost. So it tells in advance that a loss is near, and how long there is to stop. 0 when the lock is not
        held any more; somebody who deletes the lock's node takes it without such a warning.

        Raises:
            ForkedError: This is a child of the process that acquired it.

        Example::

            if guard.lease_remaining > 2:
                write_what_takes_a_second()
        """
        return self._native.lease_remaining()

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

    @property
    def revoke_requested(self) -> bool:
        """Whether somebody has asked for the lock.

        By :meth:`Client.request_revoke() <zkcoord.Client.request_revoke>`, or Curator's ``Revoker``. The lock stays
        held; its holder decides.

        Raises:
            ForkedError: This is a child of the process that acquired it.

        Example::

            for row in rows:
                if guard.revoke_requested:
                    break
                write(row, fence=guard.token)
        """
        return self._native.is_revoke_requested()

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
        checked = _arguments.text("path", path), _arguments.data(data), _arguments.version(version)
        self._native.set_data(*checked, _arguments.timeout(timeout)).wait()

    def create(self, path: str, data: bytes | bytearray | memoryview, timeout: float | None = None) -> None:
        """Creates a persistent node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is not acceptable, there is such a node already, or none above it.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        checked = _arguments.text("path", path), _arguments.data(data)
        self._native.create(*checked, _arguments.timeout(timeout)).wait()

    def delete(self, path: str, version: int = -1, timeout: float | None = None) -> None:
        """Deletes a node, on condition that the lock is still held.

        Raises:
            InvalidArgument: An argument is not acceptable, there is no such node, it is at another version, or there
                are nodes below it.
            ZkcoordError: Otherwise as :meth:`set_data`.
        """
        checked = _arguments.text("path", path), _arguments.version(version)
        self._native.delete(*checked, _arguments.timeout(timeout)).wait()

    def release(self, timeout: float | None = None) -> None:
        """Gives the lock back and waits until the servers have taken it. May be called again, and after a loss.

        Args:
            timeout: How many seconds to wait for the servers. ``None``: for ever.

        Raises:
            AcquireTimeout: The servers have not confirmed it in time. It goes on in the background.
            WouldDeadlock: Called from a callback of zkcoord's; the lock is held still.
            ForkedError: This is a child of the process that acquired it.
        """
        operation = self._native.release(_arguments.timeout(timeout))
        self._released = True  # whatever comes of the wait
        try:
            operation.wait()
        except WouldDeadlock:
            self._released = False  # refused before it began
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self.release(timeout=_PARTING)
        except (AcquireTimeout, ForkedError):
            pass  # it goes on in the background; or it is the parent's
        except ZkcoordError:
            if kind is None:  # what the block raised tells more
                raise

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        # Without _released, __init__ was interrupted; the native half gives the lock back then.
        if getattr(self, "_released", True):
            return
        was_held = self.is_held
        self._native.abandon()
        if was_held:
            _warn(
                f"never released: lock {self.node} (token {self.token})",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        try:
            state = "held" if self.is_held else "lost" if self._native.is_lost() else "not held"
        except ForkedError:
            state = "forked"
        return f"<zkcoord.Guard {self.node} token={self.token} {state}>"


class Lost:
    """The loss of a lock, as an event: like :class:`threading.Event`, but set by zkcoord alone.

    Example::

        if guard.lost.wait(timeout=1):
            stop_everything()
    """

    def __init__(self, native: _zkcoord.Guard) -> None:
        self._native = native

    def is_set(self) -> bool:
        """Whether the lock was lost. A lock that was released is not lost.

        Raises:
            ForkedError: This is a child of the process that took the lock.
        """
        return self._native.is_lost()

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
        limit = _arguments.timeout(timeout)
        if limit == 0 or self.is_set():
            return self.is_set()
        try:
            self._native.wait_lost(limit).wait()
        except AcquireTimeout:
            return False
        return True

    def __repr__(self) -> str:
        return f"<zkcoord.Lost {self._native.node} {'set' if self.is_set() else 'unset'}>"
