"""The base class of the locks: acquiring, and the lock itself as a context manager."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from zkcoord import _zkcoord
from zkcoord.guard import Guard


class Lock(ABC):
    """A lock for which ``with lock as guard:`` is short for ``with lock.acquire() as guard:``."""

    _client: object

    def __init__(self) -> None:
        self._entered = _Entered()

    @abstractmethod
    def acquire(self) -> Guard:
        """Acquires the lock and waits until it is granted."""

    def _acquire(self, operation: _zkcoord.Op[_zkcoord.Guard]) -> Guard:
        return Guard(operation.wait(), self._client)

    def _try_acquire(self, operation: _zkcoord.Op[_zkcoord.Guard | None]) -> Guard | None:
        native = operation.wait()
        return None if native is None else Guard(native, self._client)

    def __enter__(self) -> Guard:
        guard = self.acquire()
        self._entered.guards.append(guard)
        return guard

    def __exit__(self, *exception: object) -> None:
        self._entered.guards.pop().__exit__(*exception)


class _Entered(threading.local):
    """The guards of the current thread's ``with lock`` blocks. Other threads may be in blocks of the same lock."""

    def __init__(self) -> None:
        self.guards: list[Guard] = []
