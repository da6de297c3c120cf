"""A mutual exclusion lock, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments
from zkcoord._operations.mutex import MutexOperations
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import settled
from zkcoord.aio._lock import Lock
from zkcoord.aio._owner import owner
from zkcoord.aio.guard import Guard
from zkcoord.contender import Queue


class Mutex(MutexOperations, Lock):
    """A lock that at most one holds, served in order of arrival: :class:`zkcoord.Mutex` for asyncio.

    Made by ``client.mutex(path)``. Not reentrant: a second :meth:`acquire` waits for the first guard, also in the same
    task. A task that holds the lock through a :class:`~zkcoord.aio.ReentrantMutex` gets :class:`~zkcoord.WouldDeadlock`
    instead of waiting for itself. The two sides of a :class:`~zkcoord.aio.RwLock` are of this class too.

    ``async with mutex as guard:`` is ``async with mutex.acquire() as guard:``.
    """

    def acquire(self, timeout: float | None = None) -> Awaiting[Guard]:
        """Waits for the lock. To be awaited, or used in ``async with``. As :meth:`zkcoord.Mutex.acquire`.

        Cancelling returns at once: the queue is left in the background, and a lock that was granted in that moment is
        given back.

        Example::

            async with mutex.acquire(timeout=5) as guard:
                await write_report(fence=guard.token)
        """
        limit = _arguments.timeout(timeout)
        return self._acquiring(lambda: self._native.acquire(limit, owner()))

    async def try_acquire(self) -> Guard | None:
        """Takes the lock if it is free; ``None`` when it is not. As :meth:`zkcoord.Mutex.try_acquire`.

        Example::

            if guard := await mutex.try_acquire():
                async with guard:
                    await write_report(fence=guard.token)
        """
        return await self._taken_if_free(self._native.try_acquire(owner()))

    async def inspect(self, timeout: float | None = None) -> Queue:
        """Who holds the lock and who waits for it, in order. As :meth:`zkcoord.Mutex.inspect`."""
        return await settled(self._inspect(timeout))
