"""Several mutexes taken as one."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._lock import Lock
from zkcoord._operations.recipe import Measured
from zkcoord.guard import Guard


class MultiMutex(Measured[_zkcoord.MultiMutex], Lock):
    """Several mutexes taken as one, all or none. Made by ``client.multi_mutex(paths)``.

    They are taken in the order of their paths, whatever order those were given in, so that nobody waits in a circle. On
    each path it excludes whoever takes that path alone, as a :class:`~zkcoord.Mutex`.

    ``with both as guard:`` is ``with both.acquire() as guard:``.

    Example::

        both = client.multi_mutex(["/accounts/7", "/accounts/12"])
        with both.acquire(timeout=5) as guard:
            move_money(fence=guard.token)
    """

    def acquire(self, timeout: float | None = None) -> Guard:
        """Waits for all the locks, under one deadline.

        Args:
            timeout: How many seconds to wait, also while no server can be reached. ``None``: for ever; 0: try once.

        Returns:
            One guard for all of them, lost when one of them is. Its token is that of the first path.

        Raises:
            AcquireTimeout: They were not all had in time; none is held. Also a ``TimeoutError``.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.
        """
        return self._taken(self._native.acquire(_arguments.timeout(timeout), None))

    def try_acquire(self) -> Guard | None:
        """Takes all the locks if all are free; ``None`` when one is not.

        Raises:
            ConnectionLost: There is no connection right now.
            ZkcoordError: Otherwise as :meth:`acquire`.
        """
        return self._taken_if_free(self._native.try_acquire(None))
