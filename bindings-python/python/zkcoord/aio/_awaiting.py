"""What can be awaited, or entered in an ``async with`` statement."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar


class _Leaves(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


_Thing = TypeVar("_Thing", bound=_Leaves)


class Awaiting(Coroutine[Any, Any, _Thing], Generic[_Thing]):
    """A coroutine for something that is to be given back: ``await`` it, or use it in ``async with``.

    Like any coroutine it does nothing before it is awaited, works in ``asyncio.create_task`` and the like, and is
    complained about when it is forgotten.
    """

    def __init__(self, coming: Coroutine[Any, Any, _Thing]) -> None:
        self._coming = coming
        self._entered: _Thing | None = None

    def __await__(self) -> Generator[Any, Any, _Thing]:
        return self._coming.__await__()

    def send(self, value: object) -> object:
        """As any coroutine's."""
        return self._coming.send(value)

    def throw(self, *exception: Any) -> object:  # noqa: ANN401 - as Coroutine's
        """As any coroutine's."""
        return self._coming.throw(*exception)

    def close(self) -> None:
        """As any coroutine's."""
        self._coming.close()

    async def __aenter__(self) -> _Thing:
        self._entered = await self._coming
        return await self._entered.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._entered is not None:
            await self._entered.__aexit__(kind, exception, traceback)
