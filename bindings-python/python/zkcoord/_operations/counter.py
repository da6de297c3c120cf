"""The shared code of the counters."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.versioned import Versioned


class CounterOperations(RecipeWithStats[_zkcoord.Counter]):
    """The operations of a counter."""

    def _add(self, n: int, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.add(_arguments.integer("n", n), _arguments.timeout(timeout))

    def _get(self, stale: bool, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.get(_arguments.boolean("stale", stale), _arguments.timeout(timeout))

    def _set(self, value: int, timeout: float | None) -> _zkcoord.Op[None]:
        return self._native.set(_arguments.integer("value", value), _arguments.timeout(timeout))

    def _get_and_set(self, value: int, timeout: float | None) -> _zkcoord.Op[int]:
        return self._native.get_and_set(_arguments.integer("value", value), _arguments.timeout(timeout))

    def _compare_and_set(self, expected: int, new: int, timeout: float | None) -> _zkcoord.Op[bool]:
        before, after = _arguments.integer("expected", expected), _arguments.integer("new", new)
        return self._native.compare_and_set(before, after, _arguments.timeout(timeout))

    def _versioned(self, timeout: float | None) -> _zkcoord.Op[Versioned]:
        return self._native.versioned(_arguments.timeout(timeout)).then(lambda found: Versioned(*found))

    def _reserve(self, n: int, timeout: float | None) -> _zkcoord.Op[range]:
        reserved = self._native.reserve(_arguments.integer("n", n), _arguments.timeout(timeout))
        return reserved.then(lambda ends: range(ends[0], ends[1] + 1))
