"""A counter of the events within the last seconds, by all clients together, for asyncio."""

from __future__ import annotations

from zkcoord._operations.window_counter import WindowCounterOperations
from zkcoord.aio._bridge import result_of


class WindowCounter(WindowCounterOperations):
    """A counter of the events of the last ``window`` seconds: :class:`zkcoord.WindowCounter` for asyncio.

    Made by ``client.window_counter(path)``.

    Example::

        failures = client.window_counter("/failures/login", window=60, buckets=60)
        if await failures.add() > 100:
            sound_the_alarm()
    """

    async def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Records ``n`` events that happen now, and returns the count including them."""
        return await result_of(self._add(n, timeout))

    async def count(self, *, timeout: float | None = None) -> int:
        """Returns the number of events that count now."""
        return await result_of(self._count(timeout))
