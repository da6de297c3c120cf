"""A semaphore."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._lock import Lock
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.guard import Guard


class Semaphore(RecipeWithStats[_zkcoord.Semaphore], Lock):
    """A number of permits that all clients share. Made by ``client.semaphore(path, permits)``.

    All clients of the path must give the same number of permits: it is not stored in ZooKeeper. Permits are granted in
    order of arrival; requests for few permits do not overtake a request for many. On the same path it works with
    Curator's ``InterProcessSemaphoreV2``.

    ``with semaphore as guard:`` is short for ``with semaphore.acquire() as guard:``.

    Example::

        downloads = client.semaphore("/limits/downloads", permits=10)
        with downloads.acquire(timeout=5):
            download()
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> Guard:
        """Acquires ``permits``, all at once: it holds none while it waits for more.

        Args:
            permits: The number of permits. At most 500, and at most the number of the semaphore.
            timeout: The seconds to wait, including the time while no server can be reached. ``None``: no limit; 0: try
                once.

        Returns:
            One guard for all of them. Its token grows from one grant to the next. As other clients hold permits too, a
            larger token does not mean that the holder of a smaller one has released its permits.

        Raises:
            InvalidArgument: ``permits`` is out of range.
            AcquireTimeout: It timed out. Also a ``TimeoutError``.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.
        """
        wanted = _arguments.permits(permits)
        return self._acquire(self._native.acquire(wanted, _arguments.timeout(timeout)))

    def try_acquire(self, permits: int = 1) -> Guard | None:
        """Acquires ``permits`` if they are free and nobody waits before. Returns ``None`` otherwise.

        Raises:
            ConnectionLost: There is no connection at the moment.
            ZkcoordError: Otherwise as :meth:`acquire`.
        """
        return self._try_acquire(self._native.try_acquire(_arguments.permits(permits)))
