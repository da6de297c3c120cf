"""An asynchronous iterator over the values of a counter."""

from __future__ import annotations

from typing import Self

from zkcoord._operations.counter_watch import CounterWatchOperations
from zkcoord.aio._bridge import result_of
from zkcoord.errors import Cancelled


class CounterWatch(CounterWatchOperations):
    """An asynchronous iterator over the values of a counter: :class:`zkcoord.CounterWatch` for asyncio.

    Made by ``counter.watch()``. Iterating ends when the watch is closed. A value that arrives at the moment in which a
    call is cancelled is returned by the next call.

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
        """Returns the next value, as iterating does, but with a timeout. As :meth:`zkcoord.CounterWatch.next`."""
        with self._next(timeout) as operation:
            return await result_of(operation)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
