"""A semaphore."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._entering import Entering
from zkcoord.guard import Guard
from zkcoord.stats import WaitStats, wait_stats


class Semaphore(Entering):
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

    def __init__(self, native: _zkcoord.Semaphore, path: str, permits: int) -> None:
        super().__init__()
        self._native = native
        self._path = path
        self._permits = permits

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
        return Guard(self._native.acquire(wanted, _arguments.timeout(timeout)).wait())

    def try_acquire(self, permits: int = 1) -> Guard | None:
        """Takes ``permits`` of them if they are free and nobody waits before; ``None`` otherwise.

        Raises:
            ConnectionLost: There is no connection right now.
            ZkcoordError: Otherwise as :meth:`acquire`.
        """
        native = self._native.try_acquire(_arguments.permits(permits)).wait()
        return None if native is None else Guard(native)

    def stats(self) -> WaitStats:
        """How long this object waited, and held what it got. Costs no round trip.

        Raises:
            ForkedError: This is a child of the process that connected.
        """
        return wait_stats(self._native.stats())

    def __repr__(self) -> str:
        return f"<zkcoord.Semaphore {self._path} permits={self._permits}>"
