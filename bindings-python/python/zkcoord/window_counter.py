"""Events within the last so many seconds, counted by all clients together."""

from __future__ import annotations

from zkcoord._operations.window_counter import WindowCounterOperations


class WindowCounter(WindowCounterOperations):
    """Counts the events of the last ``window`` seconds. Made by ``client.window_counter(path)``.

    An event counts for at least ``window`` seconds; a bucket (``window / buckets``) and some round trips later it does
    not any more. The time is that of the servers' leader: no clock of a client matters. Adds are exact, as those of a
    :class:`~zkcoord.Counter`. A missing node counts as no events.

    Both methods take a ``timeout`` in seconds (``None``: for ever; 0: try once) and raise:

    - :class:`~zkcoord.AcquireTimeout`: it passed; nothing was recorded, and will not be;
    - :class:`~zkcoord.Indeterminate`: it passed, or the session died, after the events were sent; they may be recorded;
    - :class:`~zkcoord.InvalidArgument`: also when the node was made with another window or other buckets;
    - :class:`~zkcoord.BadData`: the node holds something else; nothing is written;
    - :class:`~zkcoord.CounterOverflow`: the count would leave 64 bits; nothing is written;
    - :class:`~zkcoord.ConnectionLost`: the timeout is 0 and there is no connection;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.WouldDeadlock`,
      :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        failures = client.window_counter("/failures/login", window=60, buckets=60)
        if failures.add() > 100:
            sound_the_alarm()
    """

    def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Records ``n`` events that happen now, and returns how many count with them. Usually one round trip."""
        return self._add(n, timeout).wait()

    def count(self, *, timeout: float | None = None) -> int:
        """How many events count now. Usually one round trip."""
        return self._count(timeout).wait()
