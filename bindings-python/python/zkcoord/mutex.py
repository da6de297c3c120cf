"""A mutual exclusion lock."""

from __future__ import annotations

from zkcoord import _arguments
from zkcoord._lock import Lock
from zkcoord._operations.mutex import MutexOperations
from zkcoord.contender import Queue
from zkcoord.guard import Guard


class Mutex(MutexOperations, Lock):
    """A lock that one client at a time holds, granted in order of arrival. Made by ``client.mutex(path)``.

    Not reentrant: a second :meth:`acquire` waits for the first guard, even in the same thread. A thread that holds the
    lock through a :class:`~zkcoord.ReentrantMutex` gets :class:`~zkcoord.WouldDeadlock` instead of deadlocking.

    On the same path it excludes Curator's ``InterProcessMutex`` or, with ``scheme="kazoo"``, kazoo's ``Lock``. The two
    sides of a :class:`~zkcoord.RwLock` are also of this class.

    ``with mutex as guard:`` is short for ``with mutex.acquire() as guard:``.
    """

    def acquire(self, timeout: float | None = None) -> Guard:
        """Acquires the lock and waits until it is granted. One round trip if it is free.

        A waiter whose session expires queues again with the next session. Ctrl-C ends the wait and leaves the queue.

        Args:
            timeout: The seconds to wait, including the time while no server can be reached. ``None``: no limit; 0: try
                once.

        Returns:
            A guard that must be released: use it in a ``with`` statement.

        Raises:
            AcquireTimeout: It timed out. Also a ``TimeoutError``.
            NotAuthorized: An ACL refused.
            QuotaExceeded: The servers refused because of a quota.
            SequenceExhausted: The sequence numbers of the lock's directory are used up.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: This thread already holds the lock and would wait for itself, or it runs a callback of
                zkcoord.
            ClosedError: The client is closed.
            ForkedError: This process is a child of the one that connected.

        Example::

            with mutex.acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        return self._acquire(self._native.acquire(_arguments.timeout(timeout), None))

    def try_acquire(self) -> Guard | None:
        """Acquires the lock if it is free. Returns ``None`` if it is not.

        Raises:
            ConnectionLost: There is no connection at the moment.
            ZkcoordError: Otherwise as :meth:`acquire`.

        Example::

            if guard := mutex.try_acquire():
                with guard:
                    write_report(fence=guard.token)
        """
        return self._try_acquire(self._native.try_acquire(None))

    def inspect(self, timeout: float | None = None) -> Queue:
        """Returns the holders and waiters of the lock, in order. Two round trips.

        Args:
            timeout: The seconds that the servers may take. ``None``: no limit.

        Returns:
            A list of :class:`~zkcoord.Contender`. Its ``warnings`` name libraries in it that do not see each other.

        Raises:
            AcquireTimeout: The servers have not answered within the timeout.
            NotAuthorized: An ACL refused.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: It was called from a callback of zkcoord.
            ClosedError: The client is closed.
            ForkedError: This process is a child of the one that connected.

        Example::

            for contender in mutex.inspect():
                print(contender.role, contender.identity, contender.waiting_since)
        """
        return self._inspect(timeout).wait()
