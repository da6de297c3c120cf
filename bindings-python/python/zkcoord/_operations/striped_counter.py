"""What a striped counter does in both worlds."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Recipe


class StripedCounterOperations(Recipe[_zkcoord.StripedCounter]):
    """What a striped counter does without waiting, and the operations that take time."""

    def add(self, n: int = 1) -> None:
        """Adds ``n``, which may be negative, and has it written within the flush interval. Does not wait.

        What cannot be written (no connection, no right to) is tried again until it can; :meth:`flush` tells.

        Raises:
            InvalidArgument: ``n`` is no 64-bit integer.
            CounterOverflow: What waits to be written would leave 64 bits; nothing is added.
            ClosedError: The client was closed.
            ForkedError: This is a child of the process that connected.
        """
        self._native.add(_arguments.integer("n", n))

    def _flush(self, timeout: float | None) -> _zkcoord.Op[None]:
        return self._native.flush(_arguments.timeout(timeout))

    def _sum(self, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.sum(_arguments.timeout(timeout))
