"""A counter that all clients of the ensemble share, for asyncio."""

from __future__ import annotations

from zkcoord._operations.counter import CounterOperations
from zkcoord.aio._bridge import result_of
from zkcoord.aio.counter_watch import CounterWatch
from zkcoord.versioned import Versioned


class Counter(CounterOperations):
    """An integer counter at a path: :class:`zkcoord.Counter` for asyncio. Made by ``client.counter(path)``.

    A change that is cancelled after it was sent may or may not be applied.

    Example::

        hits = client.counter("/counters/hits")
        print("visitor number", await hits.increment())
    """

    async def add(self, n: int = 1, *, timeout: float | None = None) -> int:
        """Adds ``n``, which may be negative, and returns the new value."""
        return await result_of(self._add(n, timeout))

    async def increment(self, *, timeout: float | None = None) -> int:
        """Adds 1 and returns the new value."""
        return await self.add(1, timeout=timeout)

    async def decrement(self, *, timeout: float | None = None) -> int:
        """Subtracts 1 and returns the new value."""
        return await self.add(-1, timeout=timeout)

    async def get(self, stale: bool = False, *, timeout: float | None = None) -> int:
        """Returns the value, with every change that was acknowledged before the call, unless ``stale`` is true."""
        return await result_of(self._get(stale, timeout))

    async def set(self, value: int, *, timeout: float | None = None) -> None:
        """Sets the value."""
        await result_of(self._set(value, timeout))

    async def get_and_set(self, value: int, *, timeout: float | None = None) -> int:
        """Sets the value and returns the previous one."""
        return await result_of(self._get_and_set(value, timeout))

    async def compare_and_set(self, expected: int, new: int, *, timeout: float | None = None) -> bool:
        """Sets the value to ``new`` if it equals ``expected``. Returns ``True`` if it did."""
        return await result_of(self._compare_and_set(expected, new, timeout))

    async def versioned(self, *, timeout: float | None = None) -> Versioned:
        """Returns the value, as :meth:`get` does, with the version of its node."""
        return await result_of(self._versioned(timeout))

    async def reserve(self, n: int, *, timeout: float | None = None) -> range:
        """Reserves ``n`` consecutive numbers that no other caller gets. As :meth:`zkcoord.Counter.reserve`."""
        return await result_of(self._reserve(n, timeout))

    def watch(self) -> CounterWatch:
        """Returns an iterator over the current value and then the latest value after each change. Makes no request.

        Example::

            async with jobs.watch() as values:
                async for value in values:
                    print(value, "left")
                    if value == 0:
                        break
        """
        return CounterWatch(self._native.watch(), self._client, self._name)
