"""A rate limiter for all clients of the ensemble, for asyncio."""

from __future__ import annotations

from zkcoord._operations.rate_limiter import RateLimiterOperations
from zkcoord.aio._bridge import result_of


class RateLimiter(RateLimiterOperations):
    """A rate limiter that all clients share: :class:`zkcoord.RateLimiter` for asyncio.

    Made by ``client.rate_limiter(path)``.

    Example::

        limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
        await limiter.acquire(timeout=5)
        await call_api()
    """

    async def acquire(self, permits: int = 1, timeout: float | None = None) -> None:
        """Waits until ``permits`` may be used, all at once. As :meth:`zkcoord.RateLimiter.acquire`."""
        await result_of(self._acquire(permits, timeout))

    async def try_acquire(self, permits: int = 1) -> bool:
        """Uses ``permits`` if all of them are free now. Returns ``True`` if they were."""
        return await result_of(self._try_acquire(permits))
