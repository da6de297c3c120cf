"""Several mutexes taken as one, for asyncio."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Measured
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._lock import Lock
from zkcoord.aio._owner import owner
from zkcoord.aio.guard import Guard


class MultiMutex(Measured[_zkcoord.MultiMutex], Lock):
    """Several mutexes taken as one, all or none: :class:`zkcoord.MultiMutex` for asyncio.

    Made by ``client.multi_mutex(paths)``. ``async with both as guard:`` is ``async with both.acquire() as guard:``.

    Example::

        both = client.multi_mutex(["/accounts/7", "/accounts/12"])
        async with both.acquire(timeout=5) as guard:
            await move_money(fence=guard.token)
    """

    def acquire(self, timeout: float | None = None) -> Awaiting[Guard]:
        """Waits for all the locks, under one deadline. To be awaited, or used in ``async with``.

        As :meth:`zkcoord.MultiMutex.acquire`; cancelling is as in :meth:`Mutex.acquire() <zkcoord.aio.Mutex.acquire>`.
        """
        limit = _arguments.timeout(timeout)
        return self._acquiring(lambda: self._native.acquire(limit, owner()))

    async def try_acquire(self) -> Guard | None:
        """Takes all the locks if all are free; ``None`` when one is not."""
        return await self._taken_if_free(self._native.try_acquire(owner()))
