"""A rate limiter for a whole fleet, for asyncio."""

from __future__ import annotations

from zkcoord._operations.rate_limiter import RateLimiterOperations
from zkcoord.aio._bridge import settled


class RateLimiter(RateLimiterOperations):
    """So many permits in any stretch of time, for all clients together: :class:`zkcoord.RateLimiter` for asyncio.

    Made by ``client.rate_limiter(path)``.

    Example::

        limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
        await limiter.acquire(timeout=5)
        await call_api()
    """

    async def acquire(self, permits: int = 1, timeout: float | None = None) -> None:
        """Waits until ``permits`` may be used, all at once. As :meth:`zkcoord.RateLimiter.acquire`."""
        await settled(self._acquire(permits, timeout))

    async def try_acquire(self, permits: int = 1) -> bool:
        """Takes ``permits`` if they are free now, all or none, and says whether they were."""
        return await settled(self._try_acquire(permits))
