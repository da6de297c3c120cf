"""A mutual exclusion lock."""

from __future__ import annotations

import threading

from zkcoord import _arguments, _zkcoord
from zkcoord.guard import Guard


class Mutex:
    """A lock that at most one client of the ensemble holds, served in order of arrival. Made by ``client.mutex(path)``.

    Not reentrant: a second :meth:`acquire` waits for the first guard, also in the same thread. On the same path it
    excludes Curator's ``InterProcessMutex``. ``with mutex as guard:`` is ``with mutex.acquire() as guard:``.
    """

    def __init__(self, native: _zkcoord.Mutex, path: str) -> None:
        self._native = native
        self._path = path
        self._entered = _Entered()

    def acquire(self, timeout: float | None = None) -> Guard:
        """Waits for the lock. One round trip when it is free.

        A waiter that loses its session queues again with the next one. Ctrl-C ends the wait and leaves the queue.

        Args:
            timeout: How many seconds to wait, also while no server can be reached. ``None``: for ever; 0: try once.

        Returns:
            The guard, to be released: use it in a ``with`` statement.

        Raises:
            AcquireTimeout: The lock was not had in time. Also a ``TimeoutError``.
            NotAuthorized: An ACL refused.
            QuotaExceeded: The servers refused for quota.
            SequenceExhausted: The sequence numbers of the lock's directory are used up.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: Called from a callback of zkcoord's.
            ClosedError: The client was closed.
            ForkedError: This is a child of the process that connected.

        Example::

            with mutex.acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        return Guard(self._native.acquire(_arguments.timeout(timeout)).wait())

    def try_acquire(self) -> Guard | None:
        """Takes the lock if it is free; ``None`` when it is not.

        Raises:
            ConnectionLost: There is no connection right now.
            ZkcoordError: Otherwise as :meth:`acquire`.

        Example::

            if guard := mutex.try_acquire():
                with guard:
                    write_report(fence=guard.token)
        """
        native = self._native.try_acquire().wait()
        return None if native is None else Guard(native)

    def __enter__(self) -> Guard:
        guard = self.acquire()
        self._entered.guards.append(guard)
        return guard

    def __exit__(self, *exception: object) -> None:
        self._entered.guards.pop().__exit__(*exception)

    def __repr__(self) -> str:
        return f"<zkcoord.Mutex {self._path}>"


class _Entered(threading.local):
    """The guards of this thread's ``with mutex`` blocks; other threads may be in one of the same mutex."""

    def __init__(self) -> None:
        self.guards: list[Guard] = []
