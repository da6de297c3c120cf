"""An iterator over the values of a counter."""

from __future__ import annotations

from typing import Self

from zkcoord._operations.counter_watch import CounterWatchOperations
from zkcoord.errors import Cancelled


class CounterWatch(CounterWatchOperations):
    """An iterator over the values of a counter. Made by ``counter.watch()``.

    The first value is the current one. Each further value differs from the one before it. If the value changes faster
    than it is requested, intermediate values are skipped, but never the latest. A node that is missing or deleted has
    the default value of the counter. The watch survives lost connections and expired sessions.

    Iterating waits without a limit, and ends when any thread closes the watch. It raises:

    - :class:`~zkcoord.BadData`: the node does not hold a counter; the next call waits until that changes;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
      :class:`~zkcoord.ForkedError`.

    It has at most one watch on the server, which is removed at the end of its ``with`` block, by :meth:`close`, or when
    the object is deleted.

    Example::

        with client.counter("/counters/jobs").watch() as values:
            for value in values:
                if value == 0:
                    break
    """

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        try:
            return self.next()
        except Cancelled:
            raise StopIteration from None

    def next(self, timeout: float | None = None) -> int:
        """Returns the next value, as iterating does, but with a timeout.

        Args:
            timeout: The seconds to wait. ``None``: no limit; 0: return a value only if one is available.

        Raises:
            AcquireTimeout: There was no new value in time. Also a ``TimeoutError``.
            Cancelled: The watch is closed, or was closed during the call.
            ZkcoordError: Otherwise as iterating.

        Example::

            values = client.counter("/counters/jobs").watch()
            print(values.next(), "now")
            print(values.next(timeout=60), "next")
        """
        with self._next(timeout) as operation:
            return operation.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
