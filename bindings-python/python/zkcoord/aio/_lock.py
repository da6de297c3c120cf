"""What the locks of asyncio have in common: how they are taken, and what they do as context managers of their own."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any

from zkcoord import _zkcoord
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import settled
from zkcoord.aio._owner import task
from zkcoord.aio.guard import Guard


class Lock(ABC):
    """``async with lock as guard:`` is ``async with lock.acquire() as guard:``."""

    _client: object

    def __init__(self) -> None:
        # The guards of `async with lock` blocks, by task: several may be in one of the same lock.
        self._entered: dict[asyncio.Task[Any], list[Guard]] = {}

    @abstractmethod
    def acquire(self) -> Awaiting[Guard]:
        """Waits for the lock."""

    def _acquiring(self, begin: Callable[[], _zkcoord.Op[_zkcoord.Guard]]) -> Awaiting[Guard]:
        """``begin`` is called by the task that awaits."""

        async def acquire() -> Guard:
            return Guard(await settled(begin()), self._client)

        return Awaiting(acquire())

    async def _taken_if_free(self, operation: _zkcoord.Op[_zkcoord.Guard | None]) -> Guard | None:
        native = await settled(operation)
        return None if native is None else Guard(native, self._client)

    async def __aenter__(self) -> Guard:
        guard = await self.acquire()
        self._entered.setdefault(task(), []).append(guard)
        return guard

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._left().__aexit__(kind, exception, traceback)

    def _left(self) -> Guard:
        """The guard of the block that is being left."""
        entrant = task()
        if entrant not in self._entered and len(self._entered) == 1:
            # Some leave a block in another task than they entered it, as with fixtures of tests.
            (entrant,) = self._entered
        guards = self._entered.get(entrant)
        if not guards:
            raise RuntimeError(
                f"{self!r}: this task is in no block of it; use acquire() to leave in another task"
            )
        guard = guards.pop()
        if not guards:
            del self._entered[entrant]
        return guard
