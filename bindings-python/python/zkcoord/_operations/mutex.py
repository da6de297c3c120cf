"""The shared code of the mutexes."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import RecipeWithStats
from zkcoord.contender import Contender, Queue


class MutexOperations(RecipeWithStats[_zkcoord.Mutex | _zkcoord.ReentrantMutex]):
    """The operations of a mutex, except for acquiring it."""

    def _inspect(self, timeout: float | None) -> _zkcoord.Op[Queue]:
        return self._native.inspect(_arguments.timeout(timeout)).then(_queue)


def _queue(found: tuple[list[_zkcoord._Contender], list[str]]) -> Queue:
    contenders, warnings = found
    return Queue((Contender(*contender) for contender in contenders), warnings)
