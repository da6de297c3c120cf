"""The base class of the locks for asyncio: acquiring, and the lock itself as a context manager."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from zkcoord import _zkcoord
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import result_of
from zkcoord.aio._owner import current_task
from zkcoord.aio.guard import Guard


class Lock(ABC):
    """A lock for which ``async with lock as guard:`` is short for ``async with lock.acquire() as guard:``."""

    _client: object

    def __init__(self) -> None:
        # The guards of `async with lock` blocks, by task: several tasks may be in blocks of the same lock.
        self._entered: dict[asyncio.Task[Any], list[Guard]] = {}

    @abstractmethod
    def acquire(self) -> Awaiting[Guard]:
        """Acquires the lock and waits until it is granted."""

    def _acquire(self, begin: Callable[[], _zkcoord.Op[_zkcoord.Guard]]) -> Awaiting[Guard]:
        """Returns a coroutine in which the awaiting task calls ``begin``, because that task becomes the owner."""

        async def acquire() -> Guard:
            return Guard(await result_of(begin()), self._client)

        return Awaiting(acquire())

    async def _try_acquire(self, operation: _zkcoord.Op[_zkcoord.Guard | None]) -> Guard | None:
        native = await result_of(operation)
        return None if native is None else Guard(native, self._client)

    async def __aenter__(self) -> Guard:
        guard = await self.acquire()
        self._entered.setdefault(current_task(), []).append(guard)
        return guard

    async def __aexit__(self, *exception: object) -> None:
        await self._pop_entered().__aexit__(*exception)

    def _pop_entered(self) -> Guard:
        """Returns the guard of the block that is being left, and removes it."""
        task = current_task()
        if task not in self._entered and len(self._entered) == 1:
            # A block may be left in another task than the one that entered it, as in fixtures of tests.
            (task,) = self._entered
        guards = self._entered.get(task)
        if not guards:
            raise RuntimeError(
                f"{self!r}: this task is in no block of it; use acquire() to leave in another task"
            )
        guard = guards.pop()
        if not guards:
            del self._entered[task]
        return guard
