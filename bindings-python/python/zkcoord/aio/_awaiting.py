"""A coroutine that can also be entered in an ``async with`` statement."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, Protocol, Self, TypeVar


class _AsyncContextManager(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exception: object) -> None: ...


_Resource = TypeVar("_Resource", bound=_AsyncContextManager)


class Awaiting(Coroutine[Any, Any, _Resource], Generic[_Resource]):
    """A coroutine for an object that must be released: ``await`` it, or use it in ``async with``.

    Like any coroutine it does nothing before it is awaited, works with ``asyncio.create_task`` and the like, and causes
    a ``RuntimeWarning`` if it is never awaited.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, _Resource]) -> None:
        self._coroutine = coroutine
        self._entered: _Resource | None = None

    def __await__(self) -> Generator[Any, Any, _Resource]:
        return self._coroutine.__await__()

    def send(self, value: object) -> object:
        """Resumes the coroutine, as any coroutine's ``send`` does."""
        return self._coroutine.send(value)

    def throw(self, *exception: Any) -> object:  # noqa: ANN401 - as Coroutine's
        """Raises an exception in the coroutine, as any coroutine's ``throw`` does."""
        return self._coroutine.throw(*exception)

    def close(self) -> None:
        """Ends the coroutine, as any coroutine's ``close`` does."""
        self._coroutine.close()

    async def __aenter__(self) -> _Resource:
        self._entered = await self._coroutine
        return await self._entered.__aenter__()

    async def __aexit__(self, *exception: object) -> None:
        if self._entered is not None:
            await self._entered.__aexit__(*exception)
