"""The values of a counter, one after another, for asyncio."""

from __future__ import annotations

from typing import Self

from zkcoord._operations.counter_watch import CounterWatchOperations
from zkcoord.aio._bridge import settled
from zkcoord.errors import Cancelled


class CounterWatch(CounterWatchOperations):
    """The values of a counter, an asynchronous iterator: :class:`zkcoord.CounterWatch` for asyncio.

    Made by ``counter.watch()``. Iterating ends when the watch is closed. A value that comes in the moment in which a
    call is cancelled is given to the next one.

    Example::

        async for value in client.counter("/counters/jobs").watch():
            if value == 0:
                break
    """

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        try:
            return await self.next()
        except Cancelled:
            raise StopAsyncIteration from None

    async def next(self, timeout: float | None = None) -> int:
        """The next value, as by iterating, but within some time. As :meth:`zkcoord.CounterWatch.next`."""
        with self._next(timeout) as operation:
            return await settled(operation)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
