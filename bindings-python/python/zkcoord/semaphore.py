"""A semaphore."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._lock import Lock
from zkcoord._operations.recipe import Measured
from zkcoord.guard import Guard


class Semaphore(Measured[_zkcoord.Semaphore], Lock):
    """So many permits, shared by all clients, taken one or several at a time. Made by ``client.semaphore()``.

    Everyone who shares the path must give the same number of permits: it is not stored anywhere. Permits are had in
    order of arrival; who wants many is not overtaken by those who want few. On the same path it works with Curator's
    ``InterProcessSemaphoreV2``.

    ``with semaphore as guard:`` is ``with semaphore.acquire() as guard:``.

    Example::

        downloads = client.semaphore("/limits/downloads", permits=10)
        with downloads.acquire(timeout=5):
            download()
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> Guard:
        """Waits for ``permits`` of them, all at once: none is held while waiting for more.

        Args:
            permits: How many. At most 500, and no more than there are.
            timeout: How many seconds to wait, also while no server can be reached. ``None``: for ever; 0: try once.

        Returns:
            One guard for all of them. Its token grows from one grant to the next, but others hold permits too: a larger
            token does not tell that the holder of a smaller one is gone.

        Raises:
            InvalidArgument: There are not so many.
            AcquireTimeout: They were not had in time. Also a ``TimeoutError``.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.
        """
        wanted = _arguments.permits(permits)
        return self._taken(self._native.acquire(wanted, _arguments.timeout(timeout)))

    def try_acquire(self, permits: int = 1) -> Guard | None:
        """Takes ``permits`` of them if they are free and nobody waits before; ``None`` otherwise.

        Raises:
            ConnectionLost: There is no connection right now.
            ZkcoordError: Otherwise as :meth:`acquire`.
        """
        return self._taken_if_free(self._native.try_acquire(_arguments.permits(permits)))
