"""The shared code of the miss guards."""

from __future__ import annotations

from zkcoord import _arguments, _zkcoord
from zkcoord._operations.recipe import Recipe


class MissGuardOperations(Recipe[_zkcoord.MissGuard]):
    """The operations of a miss guard."""

    def _begin(
        self, key: str | bytes, fn: object, timeout: float | None
    ) -> _zkcoord.Op[_zkcoord.LoadTurn | None]:
        name, limit = _arguments.key(key), _arguments.timeout(timeout)
        _arguments.function("fn", fn)
        return self._native.begin(name, limit)

    def _report(self, turn: _zkcoord.LoadTurn, value: object, timeout: float | None) -> _zkcoord.Op[None]:
        limit = _arguments.timeout(timeout)
        return turn.missed(limit) if value is None else turn.found(limit)

    def _forget(self, key: str | bytes, timeout: float | None) -> _zkcoord.Op[None]:
        return self._native.forget(_arguments.key(key), _arguments.timeout(timeout))
