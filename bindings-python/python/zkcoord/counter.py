"""A counter that all clients of the ensemble share."""

from __future__ import annotations

from zkcoord._operations.counter import CounterOperations
from zkcoord.counter_watch import CounterWatch
from zkcoord.versioned import Versioned


class Counter(CounterOperations):
    """A counter at a path, an integer. Made by ``client.counter(path)``. A missing node counts as the default, 0.

    Every change is applied exactly once, also when the reply of a server is lost. Changes that come in while a write is
    under way share the next one; each caller still gets the value of its own.

    All methods take a ``timeout`` in seconds (``None``: for ever; 0: try once) and raise:

    - :class:`~zkcoord.AcquireTimeout`: it passed; the change was not applied, and will not be;
    - :class:`~zkcoord.Indeterminate`: it passed, or the session died, after the change was sent; it may have been
      applied;
    - :class:`~zkcoord.BadData`: the node holds something else than a counter; nothing is written;
    - :class:`~zkcoord.CounterOverflow`: the result would leave the format's range, or ``min`` and ``max``; nothing is
      written;
    - :class:`~zkcoord.ConnectionLost`: the timeout is 0 and there is no connection;
    - :class:`~zkcoord.InvalidArgument`, :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`,
      :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        hits = client.counter("/counters/hits")
        print("visitor number", hits.increment())
    """

    def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Adds ``n``, which may be negative, and returns the new value. One round trip when nobody else writes."""
        return self._add(n, timeout).wait()

    def increment(self, *, timeout: float | None = None) -> int:
        """Adds 1 and returns the new value."""
        return self.add(1, timeout=timeout)

    def decrement(self, *, timeout: float | None = None) -> int:
        """Subtracts 1 and returns the new value."""
        return self.add(-1, timeout=timeout)

    def get(self, stale: bool = False, *, timeout: float | None = None) -> int:
        """The value: with every change in it that was acknowledged before the call. One round trip.

        Args:
            stale: ``True``: the value as the connected server has it, which may lag behind what others have
                acknowledged. Spares the leader the work.
            timeout: See above.
        """
        return self._get(stale, timeout).wait()

    def set(self, value: int, *, timeout: float | None = None) -> None:
        """Sets the value."""
        self._set(value, timeout).wait()

    def get_and_set(self, value: int, *, timeout: float | None = None) -> int:
        """Sets the value and returns the one before."""
        return self._get_and_set(value, timeout).wait()

    def compare_and_set(self, expected: int, new: int, *, timeout: float | None = None) -> bool:
        """Sets the value to ``new`` if it is ``expected``; returns whether it was."""
        return self._compare_and_set(expected, new, timeout).wait()

    def versioned(self, *, timeout: float | None = None) -> Versioned:
        """The value as by :meth:`get`, with the version of its node.

        Example::

            value, version = hits.versioned()
        """
        return self._versioned(timeout).wait()

    def reserve(self, n: int, *, timeout: float | None = None) -> range:
        """Takes ``n`` consecutive numbers that nobody else gets, neither here nor from :meth:`increment`.

        The value goes up by ``n``; the numbers are those that it went through, the new value included. They are unique
        as long as nobody lowers or sets the counter. One round trip.

        Args:
            n: How many, at least 1.
            timeout: See above. Numbers of a call that raised may be taken, and are lost then.

        Example::

            for row, number in zip(rows, client.counter("/counters/ids").reserve(len(rows))):
                insert(number, row)
        """
        return self._reserve(n, timeout).wait()

    def watch(self) -> CounterWatch:
        """Follows the value: the current one, then the latest whenever it has changed. Makes no request yet.

        Example::

            with jobs.watch() as values:
                for value in values:
                    print(value, "left")
                    if value == 0:
                        break
        """
        return CounterWatch(self._native.watch(), self._client, self._name)
