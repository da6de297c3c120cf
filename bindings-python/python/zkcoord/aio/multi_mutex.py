"""A lock of several mutexes, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._lock import Lock
from zkcoord.aio._owner import owner
from zkcoord.aio.guard import Guard


class MultiMutex(RecipeWithStats[_zkcoord.MultiMutex], Lock):
    """A lock of several mutexes, of which it holds all or none: :class:`zkcoord.MultiMutex` for asyncio.

    Made by ``client.multi_mutex(paths)``. ``async with both as guard:`` is short for
    ``async with both.acquire() as guard:``.

    Example::

        both = client.multi_mutex(["/accounts/7", "/accounts/12"])
        async with both.acquire(timeout=5) as guard:
            await move_money(fence=guard.token)
    """

    def acquire(self, timeout: float | None = None) -> Awaiting[Guard]:
        """Acquires all the mutexes, with one timeout for the whole call. Await it, or use it in ``async with``.

        As :meth:`zkcoord.MultiMutex.acquire`. Cancelling works as for :meth:`Mutex.acquire()
        <zkcoord.aio.Mutex.acquire>`.
        """
        limit = _arguments.timeout(timeout)
        return self._acquire(lambda: self._native.acquire(limit, owner()))

    async def try_acquire(self) -> Guard | None:
        """Acquires all the mutexes if all of them are free. Returns ``None`` if one is not."""
        return await self._try_acquire(self._native.try_acquire(owner()))
