"""A counter of the events within the last seconds, by all clients together."""

from __future__ import annotations

from zkcoord._operations.window_counter import WindowCounterOperations


class WindowCounter(WindowCounterOperations):
    """A counter of the events of the last ``window`` seconds. Made by ``client.window_counter(path)``.

    An event counts for at least ``window`` seconds; after one bucket more (``window / buckets`` seconds) and a few
    round trips it no longer counts. The time is that of the servers' leader; the clocks of clients do not matter.
    Additions are exact, as those of a :class:`~zkcoord.Counter`. A missing node counts as no events.

    Both methods take a ``timeout`` in seconds (``None``: no limit; 0: try once) and raise:

    - :class:`~zkcoord.AcquireTimeout`: it timed out; nothing was recorded, and nothing will be;
    - :class:`~zkcoord.Indeterminate`: it timed out, or the session ended, after the events were sent; they may or may
      not have been recorded;
    - :class:`~zkcoord.InvalidArgument`: an argument is invalid, or the node was created with another window or another
      number of buckets;
    - :class:`~zkcoord.BadData`: the node does not hold a window counter; nothing is written;
    - :class:`~zkcoord.CounterOverflow`: the count would exceed 64 bits; nothing is written;
    - :class:`~zkcoord.ConnectionLost`: the timeout is 0 and there is no connection;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.WouldDeadlock`,
      :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        failures = client.window_counter("/failures/login", window=60, buckets=60)
        if failures.add() > 100:
            sound_the_alarm()
    """

    def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Records ``n`` events that happen now, and returns the count including them. Usually one round trip."""
        return self._add(n, timeout).wait()

    def count(self, *, timeout: float | None = None) -> int:
        """Returns the number of events that count now. Usually one round trip."""
        return self._count(timeout).wait()
