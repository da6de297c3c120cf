"""The shared code of the rate limiters."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import RecipeWithStats


class RateLimiterOperations(RecipeWithStats[_zkcoord.RateLimiter]):
    """The operations of a rate limiter."""

    def _acquire(self, permits: int, timeout: float | None) -> _zkcoord.Op[None]:
        return self._native.acquire(_arguments.count("permits", permits), _arguments.timeout(timeout))

    def _try_acquire(self, permits: int) -> _zkcoord.Op[bool]:
        return self._native.try_acquire(_arguments.count("permits", permits))
