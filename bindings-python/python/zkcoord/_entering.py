"""What a lock does as a context manager of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from zkcoord.guard import Guard


class Entering(ABC):
    """``with lock as guard:`` is ``with lock.acquire() as guard:``."""

    def __init__(self) -> None:
        self._entered = _Entered()

    @abstractmethod
    def acquire(self) -> Guard:
        """Waits for the lock."""

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
