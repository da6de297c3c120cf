"""A counter that all clients of the ensemble share, for asyncio."""

from __future__ import annotations

from zkcoord._operations.counter import CounterOperations
from zkcoord.aio._bridge import settled
from zkcoord.aio.counter_watch import CounterWatch
from zkcoord.versioned import Versioned


class Counter(CounterOperations):
    """A counter at a path, an integer: :class:`zkcoord.Counter` for asyncio. Made by ``client.counter(path)``.

    A change that is cancelled after it was sent may be applied or not.

    Example::

        hits = client.counter("/counters/hits")
        print("visitor number", await hits.increment())
    """

    async def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Adds ``n``, which may be negative, and returns the new value."""
        return await settled(self._add(n, timeout))

    async def increment(self, *, timeout: float | None = None) -> int:
        """Adds 1 and returns the new value."""
        return await self.add(1, timeout=timeout)

    async def decrement(self, *, timeout: float | None = None) -> int:
        """Subtracts 1 and returns the new value."""
        return await self.add(-1, timeout=timeout)

    async def get(self, stale: bool = False, *, timeout: float | None = None) -> int:
        """The value: with every change in it that was acknowledged before the call, unless ``stale`` will do."""
        return await settled(self._get(stale, timeout))

    async def set(self, value: int, *, timeout: float | None = None) -> None:
        """Sets the value."""
        await settled(self._set(value, timeout))

    async def get_and_set(self, value: int, *, timeout: float | None = None) -> int:
        """Sets the value and returns the one before."""
        return await settled(self._get_and_set(value, timeout))

    async def compare_and_set(self, expected: int, new: int, *, timeout: float | None = None) -> bool:
        """Sets the value to ``new`` if it is ``expected``; returns whether it was."""
        return await settled(self._compare_and_set(expected, new, timeout))

    async def versioned(self, *, timeout: float | None = None) -> Versioned:
        """The value as by :meth:`get`, with the version of its node."""
        return await settled(self._versioned(timeout))

    async def reserve(self, n: int, *, timeout: float | None = None) -> range:
        """Takes ``n`` consecutive numbers that nobody else gets. As :meth:`zkcoord.Counter.reserve`."""
        return await settled(self._reserve(n, timeout))

    def watch(self) -> CounterWatch:
        """Follows the value: the current one, then the latest whenever it has changed. Makes no request yet.

        Example::

            async with jobs.watch() as values:
                async for value in values:
                    print(value, "left")
                    if value == 0:
                        break
        """
        return CounterWatch(self._native.watch(), self._client, self._name)
