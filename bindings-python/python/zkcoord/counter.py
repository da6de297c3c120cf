"""A counter that all clients of the ensemble share."""

from __future__ import annotations

from zkcoord._operations.counter import CounterOperations
from zkcoord.counter_watch import CounterWatch
from zkcoord.versioned import Versioned


class Counter(CounterOperations):
    """An integer counter at a path. Made by ``client.counter(path)``. A missing node has the default value, 0.

    Every change is applied exactly once, even if the reply of a server is lost. Changes made while a write is in
    progress share the next write; each caller still gets its own value.

    All methods take a ``timeout`` in seconds (``None``: no limit; 0: try once) and raise:

    - :class:`~zkcoord.AcquireTimeout`: it timed out; the change was not applied and will not be;
    - :class:`~zkcoord.Indeterminate`: it timed out, or the session ended, after the change was sent; it may or may not
      have been applied;
    - :class:`~zkcoord.BadData`: the node does not hold a counter; nothing is written;
    - :class:`~zkcoord.CounterOverflow`: the result would be outside the range of the format, or of ``min`` and ``max``;
      nothing is written;
    - :class:`~zkcoord.ConnectionLost`: the timeout is 0 and there is no connection;
    - :class:`~zkcoord.InvalidArgument`, :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`,
      :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        hits = client.counter("/counters/hits")
        print("visitor number", hits.increment())
    """

    def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Adds ``n``, which may be negative, and returns the new value. One round trip if no other client writes."""
        return self._add(n, timeout).wait()

    def increment(self, *, timeout: float | None = None) -> int:
        """Adds 1 and returns the new value."""
        return self.add(1, timeout=timeout)

    def decrement(self, *, timeout: float | None = None) -> int:
        """Subtracts 1 and returns the new value."""
        return self.add(-1, timeout=timeout)

    def get(self, stale: bool = False, *, timeout: float | None = None) -> int:
        """Returns the value, with every change that was acknowledged before the call. One round trip.

        Args:
            stale: ``True`` returns the value of the connected server, which may lag behind changes acknowledged to
                others. This spares the leader the work.
            timeout: See the class.
        """
        return self._get(stale, timeout).wait()

    def set(self, value: int, *, timeout: float | None = None) -> None:
        """Sets the value."""
        self._set(value, timeout).wait()

    def get_and_set(self, value: int, *, timeout: float | None = None) -> int:
        """Sets the value and returns the previous one."""
        return self._get_and_set(value, timeout).wait()

    def compare_and_set(self, expected: int, new: int, *, timeout: float | None = None) -> bool:
        """Sets the value to ``new`` if it equals ``expected``. Returns ``True`` if it did."""
        return self._compare_and_set(expected, new, timeout).wait()

    def versioned(self, *, timeout: float | None = None) -> Versioned:
        """Returns the value, as :meth:`get` does, with the version of its node.

        Example::

            value, version = hits.versioned()
        """
        return self._versioned(timeout).wait()

    def reserve(self, n: int, *, timeout: float | None = None) -> range:
        """Reserves ``n`` consecutive numbers that no other caller gets, neither here nor from :meth:`increment`.

        The value increases by ``n``; the numbers are the values that it passes, including the new one. They are unique
        as long as nobody decreases or sets the counter. One round trip.

        Args:
            n: The number of numbers, at least 1.
            timeout: See the class. If the call raises, its numbers may be used up.

        Example::

            for row, number in zip(rows, client.counter("/counters/ids").reserve(len(rows))):
                insert(number, row)
        """
        return self._reserve(n, timeout).wait()

    def watch(self) -> CounterWatch:
        """Returns an iterator over the current value and then the latest value after each change. Makes no request.

        Example::

            with jobs.watch() as values:
                for value in values:
                    print(value, "left")
                    if value == 0:
                        break
        """
        return CounterWatch(self._native.watch(), self._client, self._name)
