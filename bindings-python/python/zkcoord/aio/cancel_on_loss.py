"""A block of code that is cancelled if a lock is lost."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from zkcoord import _zkcoord
from zkcoord.aio._bridge import Listener
from zkcoord.aio._owner import current_task
from zkcoord.errors import ZkcoordError


class CancelOnLoss:
    """Cancels the task of the block if a lock is lost. Made by ``guard.cancel_on_loss()``, for one block.

    1. On entering, record how many others have cancelled the task.
    2. On the loss, cancel the task.
    3. On leaving, take this cancellation back. If nobody else has cancelled the task in the meantime, its
       ``CancelledError`` comes from here, and becomes a ``LockLost``.
    """

    def __init__(self, native: _zkcoord.Guard) -> None:
        self._native = native
        self._task: asyncio.Task[Any] | None = None
        self._listener: Listener | None = None
        self._cancelled_before = 0
        self._has_cancelled = False

    async def __aenter__(self) -> None:
        if self._task is not None:
            raise RuntimeError("cancel_on_loss() is for one block; call it again for another one")
        self._native.check()
        self._task = current_task()
        self._cancelled_before = self._task.cancelling()
        self._listener = Listener(self._native.wait_lost(None), self._cancel)

    def _cancel(self) -> None:
        self._has_cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._listener is None or self._task is None:
            return
        self._listener.stop()
        # A cancellation by others must stay in effect.
        is_ours = self._has_cancelled and self._task.uncancel() <= self._cancelled_before
        is_interrupted = is_ours and kind is not None and issubclass(kind, asyncio.CancelledError)
        if is_interrupted or (kind is None and self._native.is_lost()):
            try:
                self._native.check()
            except ZkcoordError as lost:
                raise lost from exception
