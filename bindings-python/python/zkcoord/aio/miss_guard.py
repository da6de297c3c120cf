"""A guard against lookups of keys that do not exist, for asyncio."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

from zkcoord._operations.miss_guard import MissGuardOperations
from zkcoord.aio._bridge import result_of

_Key = TypeVar("_Key", str, bytes)
_Value = TypeVar("_Value")


class MissGuard(MissGuardOperations):
    """A guard that keeps useless lookups of missing keys off a database: :class:`zkcoord.MissGuard` for asyncio.

    Made by ``client.miss_guard(path)``.

    Example::

        users = client.miss_guard("/misses/users")

        async def user(name: str) -> User | None:
            return cache.get(name) or await users.load(name, query)
    """

    @overload
    async def load(
        self, key: _Key, fn: Callable[[_Key], Awaitable[_Value | None]], *, timeout: float | None = None
    ) -> _Value | None: ...

    @overload
    async def load(
        self, key: _Key, fn: Callable[[_Key], _Value | None], *, timeout: float | None = None
    ) -> _Value | None: ...

    async def load(
        self,
        key: _Key,
        fn: Callable[[_Key], Awaitable[_Value | None]] | Callable[[_Key], _Value | None],
        *,
        timeout: float | None = None,
    ) -> _Value | None:
        """Looks a key up by ``fn(key)``, unless it is known to be absent. As :meth:`zkcoord.MissGuard.load`.

        ``fn`` may be async; a function that is not blocks the event loop while it runs. If a lookup is cancelled, the
        next caller looks the key up.

        Example::

            user = await client.miss_guard("/misses/users").load("user-42", query, timeout=5)
        """
        turn = await result_of(self._begin(key, fn, timeout))
        if turn is None:
            return None
        try:
            found = fn(key)
            value = await found if inspect.isawaitable(found) else found
            await result_of(self._report(turn, value, timeout))
            return value
        finally:
            turn.abandon()  # without effect after a report

    async def forget(self, key: str | bytes, *, timeout: float | None = None) -> None:
        """Forgets the misses of a key, because it exists now. As :meth:`zkcoord.MissGuard.forget`."""
        await result_of(self._forget(key, timeout))
