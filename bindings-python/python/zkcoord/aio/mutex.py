"""A mutual exclusion lock, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments
from zkcoord._operations.mutex import MutexOperations
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import result_of
from zkcoord.aio._lock import Lock
from zkcoord.aio._owner import owner
from zkcoord.aio.guard import Guard
from zkcoord.contender import Queue


class Mutex(MutexOperations, Lock):
    """A lock that one task at a time holds, granted in order of arrival: :class:`zkcoord.Mutex` for asyncio.

    Made by ``client.mutex(path)``. Not reentrant: a second :meth:`acquire` waits for the first guard, even in the same
    task. A task that holds the lock through a :class:`~zkcoord.aio.ReentrantMutex` gets :class:`~zkcoord.WouldDeadlock`
    instead of deadlocking. The two sides of a :class:`~zkcoord.aio.RwLock` are also of this class.

    ``async with mutex as guard:`` is short for ``async with mutex.acquire() as guard:``.
    """

    def acquire(self, timeout: float | None = None) -> Awaiting[Guard]:
        """Acquires the lock and waits until it is granted. Await it, or use it in ``async with``.

        As :meth:`zkcoord.Mutex.acquire`. Cancelling returns at once: the queue is left in the background, and a lock
        granted at that moment is released.

        Example::

            async with mutex.acquire(timeout=5) as guard:
                await write_report(fence=guard.token)
        """
        limit = _arguments.timeout(timeout)
        return self._acquire(lambda: self._native.acquire(limit, owner()))

    async def try_acquire(self) -> Guard | None:
        """Acquires the lock if it is free. Returns ``None`` if it is not. As :meth:`zkcoord.Mutex.try_acquire`.

        Example::

            if guard := await mutex.try_acquire():
                async with guard:
                    await write_report(fence=guard.token)
        """
        return await self._try_acquire(self._native.try_acquire(owner()))

    async def inspect(self, timeout: float | None = None) -> Queue:
        """Returns the holders and waiters of the lock, in order. As :meth:`zkcoord.Mutex.inspect`."""
        return await result_of(self._inspect(timeout))
