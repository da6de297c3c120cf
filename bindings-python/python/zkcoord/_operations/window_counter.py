"""The shared code of the window counters."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Recipe


class WindowCounterOperations(Recipe[_zkcoord.WindowCounter]):
    """The operations of a window counter."""

    def _add(self, n: int, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.add(_arguments.count("n", n, bits=63), _arguments.timeout(timeout))

    def _count(self, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.count(_arguments.timeout(timeout))
