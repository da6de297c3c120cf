"""A counter that all clients of the ensemble share."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord.errors import Unsupported


class Counter:
    """A counter at a path, a 64-bit integer. Made by ``client.counter(path)``. A missing node counts as 0.

    Every change is applied exactly once, also when the reply of a server is lost. Changes that come in while a write is
    under way share the next one; each caller still gets the value of its own.

    All methods take a ``timeout`` in seconds (``None``: for ever; 0: try once) and raise:

    - :class:`~zkcoord.AcquireTimeout`: it passed; the change was not applied, and will not be;
    - :class:`~zkcoord.Indeterminate`: it passed, or the session died, after the change was sent; it may have been
      applied;
    - :class:`~zkcoord.BadData`: the node holds something else than a counter; nothing is written;
    - :class:`~zkcoord.CounterOverflow`: the result would leave the range; nothing is written;
    - :class:`~zkcoord.ConnectionLost`: the timeout is 0 and there is no connection;
    - :class:`~zkcoord.InvalidArgument`, :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`,
      :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        hits = client.counter("/counters/hits")
        print("visitor number", hits.increment())
    """

    def __init__(self, native: _zkcoord.Counter, path: str) -> None:
        self._native = native
        self._path = path

    def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Adds ``n``, which may be negative, and returns the new value. One round trip when nobody else writes."""
        return self._native.add(_arguments.integer("n", n), _arguments.timeout(timeout)).wait()

    def increment(self, *, timeout: float | None = None) -> int:
        """Adds 1 and returns the new value."""
        return self.add(1, timeout=timeout)

    def decrement(self, *, timeout: float | None = None) -> int:
        """Subtracts 1 and returns the new value."""
        return self.add(-1, timeout=timeout)

    def get(self, stale: bool = False, *, timeout: float | None = None) -> int:
        """The value: with every change in it that was acknowledged before the call. One round trip.

        Args:
            stale: Not supported in this version.
            timeout: See above.
        """
        if not isinstance(stale, bool):
            raise _arguments.invalid("stale", stale, "must be a bool")
        if stale:
            raise Unsupported("stale True: comes in a later version of zkcoord")
        return self._native.get(_arguments.timeout(timeout)).wait()

    def set(self, value: int, *, timeout: float | None = None) -> None:
        """Sets the value."""
        self._native.set(_arguments.integer("value", value), _arguments.timeout(timeout)).wait()

    def get_and_set(self, value: int, *, timeout: float | None = None) -> int:
        """Sets the value and returns the one before."""
        checked = _arguments.integer("value", value)
        return self._native.get_and_set(checked, _arguments.timeout(timeout)).wait()

    def compare_and_set(self, expected: int, new: int, *, timeout: float | None = None) -> bool:
        """Sets the value to ``new`` if it is ``expected``; returns whether it was."""
        before, after = _arguments.integer("expected", expected), _arguments.integer("new", new)
        return self._native.compare_and_set(before, after, _arguments.timeout(timeout)).wait()

    def __repr__(self) -> str:
        return f"<zkcoord.Counter {self._path}>"
