"""What the locks that wait have in common: how they are taken, and what they do as context managers of their own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from zkcoord import _zkcoord
from zkcoord.guard import Guard


class Lock(ABC):
    """``with lock as guard:`` is ``with lock.acquire() as guard:``."""

    _client: object

    def __init__(self) -> None:
        self._entered = _Entered()

    @abstractmethod
    def acquire(self) -> Guard:
        """Waits for the lock."""

    def _taken(self, operation: _zkcoord.Op[_zkcoord.Guard]) -> Guard:
        return Guard(operation.wait(), self._client)

    def _taken_if_free(self, operation: _zkcoord.Op[_zkcoord.Guard | None]) -> Guard | None:
        native = operation.wait()
        return None if native is None else Guard(native, self._client)

    def __enter__(self) -> Guard:
        guard = self.acquire()
        self._entered.guards.append(guard)
        return guard

    def __exit__(self, *exception: object) -> None:
        self._entered.guards.pop().__exit__(*exception)


class _Entered(threading.local):
    """The guards of this thread's ``with lock`` blocks; other threads may be in one of the same lock."""

    def __init__(self) -> None:
        self.guards: list[Guard] = []
