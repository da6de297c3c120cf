"""A lock of several mutexes."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._lock import Lock
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.guard import Guard


class MultiMutex(RecipeWithStats[_zkcoord.MultiMutex], Lock):
    """A lock of several mutexes, of which it holds all or none. Made by ``client.multi_mutex(paths)``.

    The mutexes are acquired in the order of their paths, regardless of the order in which they were given, so that no
    two clients can deadlock. On each path it excludes all clients that use that path as a :class:`~zkcoord.Mutex`.

    ``with both as guard:`` is short for ``with both.acquire() as guard:``.

    Example::

        both = client.multi_mutex(["/accounts/7", "/accounts/12"])
        with both.acquire(timeout=5) as guard:
            move_money(fence=guard.token)
    """

    def acquire(self, timeout: float | None = None) -> Guard:
        """Acquires all the mutexes, with one timeout for the whole call.

        Args:
            timeout: The seconds to wait, including the time while no server can be reached. ``None``: no limit; 0: try
                once.

        Returns:
            One guard for all of them, which is lost if one of them is lost. Its token is that of the first path.

        Raises:
            AcquireTimeout: It timed out; none of them is held. Also a ``TimeoutError``.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.
        """
        return self._acquire(self._native.acquire(_arguments.timeout(timeout), None))

    def try_acquire(self) -> Guard | None:
        """Acquires all the mutexes if all of them are free. Returns ``None`` if one is not.

        Raises:
            ConnectionLost: There is no connection at the moment.
            ZkcoordError: Otherwise as :meth:`acquire`.
        """
        return self._try_acquire(self._native.try_acquire(None))
