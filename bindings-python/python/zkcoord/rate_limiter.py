"""A rate limiter for a whole fleet."""

from __future__ import annotations

from zkcoord._operations.rate_limiter import RateLimiterOperations


class RateLimiter(RateLimiterOperations):
    """So many permits in any stretch of time, for all clients together. Made by ``client.rate_limiter(path)``.

    Never more than ``permits`` are let through in any ``per`` seconds, wherever they begin. The time is that of the
    servers' leader: no clock of a client matters. Permits that a client had reserved when it died are lost, never used
    twice.

    A busy client takes some permits in advance, so most calls cost no request; others one round trip. In one client who
    comes first goes first; between clients, whose write came first.

    Both acquiring methods raise:

    - :class:`~zkcoord.InvalidArgument`: so many can never be used at once, or the node was made for other ``permits``,
      ``per`` or ``burst``;
    - :class:`~zkcoord.AcquireTimeout`: the permits, or the servers' answer, were not had in time; none were taken;
    - :class:`~zkcoord.BadData`: the node holds something else; nothing is written;
    - :class:`~zkcoord.ConnectionLost`: there is no connection, and the call does not wait;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.WouldDeadlock`,
      :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
        if not limiter.try_acquire():
            return "429 Too Many Requests"
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> None:
        """Waits until ``permits`` may be used, all at once. They are used up; there is nothing to give back.

        A call that cannot have them in time raises as soon as that is known, often at once.

        Args:
            permits: How many. No more than the burst.
            timeout: How many seconds to wait, also while no server can be reached. ``None``: for ever; 0: take them if
                they are free now.
        """
        self._acquire(permits, timeout).wait()

    def try_acquire(self, permits: int = 1) -> bool:
        """Takes ``permits`` if they are free now, all or none, and says whether they were. Does not wait for others."""
        return self._try_acquire(permits).wait()
