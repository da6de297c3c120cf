"""A semaphore, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._lock import Lock
from zkcoord.aio.guard import Guard


class Semaphore(RecipeWithStats[_zkcoord.Semaphore], Lock):
    """A number of permits that all clients share: :class:`zkcoord.Semaphore` for asyncio.

    Made by ``client.semaphore(path, permits)``. ``async with semaphore as guard:`` is short for
    ``async with semaphore.acquire() as guard:``.

    Example::

        downloads = client.semaphore("/limits/downloads", permits=10)
        async with downloads.acquire(timeout=5):
            await download()
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> Awaiting[Guard]:
        """Acquires ``permits``, all at once. Await it, or use it in ``async with``.

        As :meth:`zkcoord.Semaphore.acquire`. Cancelling works as for :meth:`Mutex.acquire()
        <zkcoord.aio.Mutex.acquire>`.
        """
        wanted, limit = _arguments.permits(permits), _arguments.timeout(timeout)
        return self._acquire(lambda: self._native.acquire(wanted, limit))

    async def try_acquire(self, permits: int = 1) -> Guard | None:
        """Acquires ``permits`` if they are free and nobody waits before. Returns ``None`` otherwise."""
        return await self._try_acquire(self._native.try_acquire(_arguments.permits(permits)))
