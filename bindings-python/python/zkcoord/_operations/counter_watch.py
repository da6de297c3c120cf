"""What a counter's watch does in both worlds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkcoord import _arguments, _zkcoord
from zkcoord._operations import title
from zkcoord.errors import Cancelled


class CounterWatchOperations:
    """What a counter's watch does without waiting, and how its next value is had."""

    def __init__(self, native: _zkcoord.CounterWatch, client: object, path: str) -> None:
        self._native: _zkcoord.CounterWatch | None = native
        self._client = client
        self._path = path
        self._pending: set[_zkcoord.Op[int]] = set()

    @contextmanager
    def _next(self, timeout: float | None) -> Iterator[_zkcoord.Op[int]]:
        """The operation, which :meth:`close` can end within the block."""
        limit = _arguments.timeout(timeout)
        if (native := self._native) is None:
            raise Cancelled("the watch is closed")
        operation = native.next(limit)
        self._pending.add(operation)
        try:
            if self._native is None:  # closed before it could know of this operation
                operation.cancel()
            yield operation
        finally:
            self._pending.discard(operation)

    def close(self) -> None:
        """Ends the watch, and the waits of everybody for it. Makes no request. May be called again."""
        self._native = None
        for operation in list(self._pending):
            operation.cancel()

    def __repr__(self) -> str:
        return f"<{title(self)} {self._path}{'' if self._native else ' closed'}>"
