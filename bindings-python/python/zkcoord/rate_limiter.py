"""A rate limiter for all clients of the ensemble."""

from __future__ import annotations

from zkcoord._operations.rate_limiter import RateLimiterOperations


class RateLimiter(RateLimiterOperations):
    """A rate limiter that all clients share. Made by ``client.rate_limiter(path)``.

    It never grants more than ``permits`` in any period of ``per`` seconds. The time is that of the servers' leader; the
    clocks of clients do not matter. Permits that a client has reserved when it dies are lost, never used twice.

    A busy client reserves some permits in advance, so most calls make no request; the others take one round trip. Calls
    of one client are served in order of arrival, calls of several clients in the order of their writes.

    :meth:`acquire` and :meth:`try_acquire` raise:

    - :class:`~zkcoord.InvalidArgument`: more permits than can ever be used at once, or the node was created with other
      ``permits``, ``per`` or ``burst``;
    - :class:`~zkcoord.AcquireTimeout`: the permits, or the answer of the servers, did not come in time; none were used;
    - :class:`~zkcoord.BadData`: the node does not hold a rate limiter; nothing is written;
    - :class:`~zkcoord.ConnectionLost`: there is no connection, and the call does not wait;
    - :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.WouldDeadlock`,
      :class:`~zkcoord.ClosedError`, :class:`~zkcoord.ForkedError`.

    Example::

        limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
        if not limiter.try_acquire():
            return "429 Too Many Requests"
    """

    def acquire(self, permits: int = 1, timeout: float | None = None) -> None:
        """Waits until ``permits`` may be used, all at once. They are used up and need not be released.

        A call that cannot succeed in time raises as soon as that is known, often at once.

        Args:
            permits: The number of permits, at most the burst.
            timeout: The seconds to wait, including the time while no server can be reached. ``None``: no limit; 0: use
                them only if they are free now.
        """
        self._acquire(permits, timeout).wait()

    def try_acquire(self, permits: int = 1) -> bool:
        """Uses ``permits`` if all of them are free now. Returns ``True`` if they were. Does not wait for others."""
        return self._try_acquire(permits).wait()
