"""The values of a counter, one after another."""

from __future__ import annotations

from typing import Self

from zkcoord._operations.counter_watch import CounterWatchOperations
from zkcoord.errors import Cancelled


class CounterWatch(CounterWatchOperations):
    """The values of a counter, one after another: an iterator. Made by ``counter.watch()``.

    The first is the current value; then each comes when it is another one than the one before. Values that follow each
    other faster than they are asked for are left out; the latest never is. A node that is missing, or is deleted, has
    the counter's default. It goes on through lost connections and the session's expiry.

    Iterating waits as long as it takes, and ends when the watch is closed, by whatever thread. It raises:

    - :class:`~zkcoord.BadData`: the node holds something else than a counter; the next call waits until that changes;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
      :class:`~zkcoord.ForkedError`.

    It has at most one watch on the server, which goes at the end of its ``with`` block, by :meth:`close`, or with it.

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
        """The next value, as by iterating, but within some time.

        Args:
            timeout: How many seconds to wait. ``None``: for ever; 0: take what is there.

        Raises:
            AcquireTimeout: There was no other value in time. Also a ``TimeoutError``.
            Cancelled: The watch is closed, or was closed meanwhile.
            ZkcoordError: Otherwise as above.

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
