"""The shared code of the striped counters."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Recipe


class StripedCounterOperations(Recipe[_zkcoord.StripedCounter]):
    """The method of a striped counter that does not wait, and the operations of those that do."""

    def add(self, n: int = 1) -> None:
        """Adds ``n``, which may be negative, in memory. It is written within the flush interval. Does not wait.

        A write that fails (no connection, no permission) is retried until it succeeds; :meth:`flush` raises its error.

        Raises:
            InvalidArgument: ``n`` is not a signed 64-bit integer.
            CounterOverflow: The sum of the unwritten additions would exceed 64 bits; nothing is added.
            ClosedError: The client is closed.
            ForkedError: This process is a child of the one that connected.
        """
        self._native.add(_arguments.integer("n", n))

    def _flush(self, timeout: float | None) -> _zkcoord.Op[None]:
        return self._native.flush(_arguments.timeout(timeout))

    def _sum(self, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.sum(_arguments.timeout(timeout))
