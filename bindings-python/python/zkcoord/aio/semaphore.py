"""A semaphore, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Measured
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._lock import Lock
from zkcoord.aio.guard import Guard


class Semaphore(Measured[_zkcoord.Semaphore], Lock):
    """So many permits, shared by all clients: :class:`zkcoord.Semaphore` for asyncio.

    Made by ``client.semaphore(path, permits)``. ``async with semaphore as guard:`` is
    ``async with semaphore.acquire() as guard:``.

    Example::

        downloads = client.semaphore("/limits/downloads", permits=10)
        async with downloads.acquire(timeout=5):
            await download()
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> Awaiting[Guard]:
        """Waits for ``permits`` of them, all at once. To be awaited, or used in ``async with``.

        As :meth:`zkcoord.Semaphore.acquire`; cancelling is as in :meth:`Mutex.acquire() <zkcoord.aio.Mutex.acquire>`.
        """
        wanted, limit = _arguments.permits(permits), _arguments.timeout(timeout)
        return self._acquiring(lambda: self._native.acquire(wanted, limit))

    async def try_acquire(self, permits: int = 1) -> Guard | None:
        """Takes ``permits`` of them if they are free and nobody waits before; ``None`` otherwise."""
        return await self._taken_if_free(self._native.try_acquire(_arguments.permits(permits)))
