"""A mutual exclusion lock."""

from __future__ import annotations

from zkcoord import _arguments
from zkcoord._lock import Lock
from zkcoord._operations.mutex import MutexOperations
from zkcoord.contender import Queue
from zkcoord.guard import Guard


class Mutex(MutexOperations, Lock):
    """A lock that at most one client of the ensemble holds, served in order of arrival. Made by ``client.mutex(path)``.

    Not reentrant: a second :meth:`acquire` waits for the first guard, also in the same thread. A thread that holds the
    lock through a :class:`~zkcoord.ReentrantMutex` gets :class:`~zkcoord.WouldDeadlock` instead of waiting for itself.

    On the same path it excludes Curator's ``InterProcessMutex`` or, with ``scheme="kazoo"``, kazoo's ``Lock``. The two
    sides of a :class:`~zkcoord.RwLock` are of this class too.

    ``with mutex as guard:`` is ``with mutex.acquire() as guard:``.
    """

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
            WouldDeadlock: This thread holds the lock in a way that it would wait for itself, or it runs a callback of
                zkcoord's.
            ClosedError: The client was closed.
            ForkedError: This is a child of the process that connected.

        Example::

            with mutex.acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        return self._taken(self._native.acquire(_arguments.timeout(timeout), None))

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
        return self._taken_if_free(self._native.try_acquire(None))

    def inspect(self, timeout: float | None = None) -> Queue:
        """Who holds the lock and who waits for it, in order. Two round trips.

        Args:
            timeout: How many seconds the servers have. ``None``: for ever.

        Returns:
            A list of :class:`~zkcoord.Contender`. Its ``warnings`` name libraries in it that do not see each other.

        Raises:
            AcquireTimeout: The servers have not answered in time.
            NotAuthorized: An ACL refused.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: Called from a callback of zkcoord's.
            ClosedError: The client was closed.
            ForkedError: This is a child of the process that connected.

        Example::

            for contender in mutex.inspect():
                print(contender.role, contender.identity, contender.waiting_since)
        """
        return self._inspect(timeout).wait()
