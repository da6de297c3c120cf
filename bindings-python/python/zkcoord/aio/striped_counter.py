"""A sum to which many clients add without waiting for each other, for asyncio."""

from __future__ import annotations

from zkcoord._operations.striped_counter import StripedCounterOperations
from zkcoord.aio._bridge import result_of


class StripedCounter(StripedCounterOperations):
    """A sum to which many clients add often: :class:`zkcoord.StripedCounter` for asyncio.

    Made by ``client.striped_counter(path)``. :meth:`add` does not wait, and is not awaited.

    Example::

        requests = client.striped_counter("/counters/requests")
        for _ in range(1000):
            requests.add()
        await requests.flush()
        print(await requests.sum())
    """

    async def flush(self, *, timeout: float | None = None) -> None:
        """Writes everything that this client has added so far. As :meth:`zkcoord.StripedCounter.flush`."""
        await result_of(self._flush(timeout))

    async def sum(self, *, timeout: float | None = None) -> int:
        """Returns the sum of all flushed additions of all clients. As :meth:`zkcoord.StripedCounter.sum`."""
        return await result_of(self._sum(timeout))
