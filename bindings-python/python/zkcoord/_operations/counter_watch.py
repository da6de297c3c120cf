"""The shared code of the counter watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkcoord import _arguments, _zkcoord
from zkcoord._operations import public_name
from zkcoord.errors import Cancelled


class CounterWatchOperations:
    """The methods of a counter watch that do not wait, and the operation that waits for the next value."""

    def __init__(self, native: _zkcoord.CounterWatch, client: object, path: str) -> None:
        self._native: _zkcoord.CounterWatch | None = native
        self._client = client
        self._path = path
        self._pending: set[_zkcoord.Op[int]] = set()

    @contextmanager
    def _next(self, timeout: float | None) -> Iterator[_zkcoord.Op[int]]:
        """Yields the operation; :meth:`close` can cancel it within the block."""
        limit = _arguments.timeout(timeout)
        if (native := self._native) is None:
            raise Cancelled("the counter watch is closed")
        operation = native.next(limit)
        self._pending.add(operation)
        try:
            if self._native is None:  # closed before this operation was added
                operation.cancel()
            yield operation
        finally:
            self._pending.discard(operation)

    def close(self) -> None:
        """Ends the watch, and cancels every call that waits for it. Makes no request. May be called again."""
        self._native = None
        for operation in list(self._pending):
            operation.cancel()

    def __repr__(self) -> str:
        return f"<{public_name(self)} {self._path}{'' if self._native else ' closed'}>"
