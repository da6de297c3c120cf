"""A guard against lookups of keys that do not exist."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

from zkcoord import _arguments
from zkcoord._operations.miss_guard import MissGuardOperations

_Key = TypeVar("_Key", str, bytes)
_Value = TypeVar("_Value")


class MissGuard(MissGuardOperations):
    """Keeps useless lookups of keys that do not exist off a database. Made by ``client.miss_guard(path)``.

    Put it between a cache and the database behind it. Of all who want the same key at the same time, in all processes,
    one looks it up while the others wait for the answer. A key that was missed ``threshold`` times within ``window`` is
    answered ``None`` for ``hold`` seconds, without a lookup.

    - One lookup of a key at a time, as long as nobody loses the session while looking.
    - A key that appears is seen when the hold is over, at the latest; at once after :meth:`forget`.
    - A value that was found is its caller's own: others who waited for it look it up themselves, one after another. So
      what is found belongs into a cache.

    Keys may be any text or bytes: what stands in ZooKeeper is their hash. A text and its UTF-8 are the same key. Idle
    keys leave no nodes behind.

    Example::

        users = client.miss_guard("/misses/users")

        def user(name: str) -> User | None:
            return cache.get(name) or users.load(name, query)
    """

    def load(
        self, key: _Key, fn: Callable[[_Key], _Value | None], *, timeout: float | None = None
    ) -> _Value | None:
        """Looks a key up by ``fn(key)``, unless it is known to be absent. Waits while others look it up.

        One round trip for a key that is held absent; three or four before ``fn`` is called, and one after it.

        Not reentrant: an ``fn`` that loads the same key waits for itself.

        Args:
            key: Any text or bytes.
            fn: Called in this thread, at most once, with the key. ``None`` counts as a miss. What it raises passes
                through, counts neither way, and lets the next one look.
            timeout: How many seconds to wait for others, and again for the servers when ``fn`` has returned. ``None``:
                for ever; 0: try once.

        Returns:
            What ``fn`` returned; ``None`` also when the key is known to be absent.

        Raises:
            InvalidArgument: ``key`` is neither text nor bytes, or ``fn`` cannot be called here.
            AcquireTimeout: Others still look the key up; ``fn`` was not called. Also a ``TimeoutError``.
            Indeterminate: ``fn`` was called, and the servers have not confirmed in time what came of it.
            BadData: The key's node holds something else; it stays as it is.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: Called from a callback of zkcoord's.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.

        Example::

            user = client.miss_guard("/misses/users").load("user-42", query, timeout=5)
        """
        if inspect.iscoroutinefunction(fn):
            raise _arguments.invalid("fn", fn, "must not be async here; see zkcoord.aio")
        turn = self._begin(key, fn, timeout).wait()
        if turn is None:
            return None
        try:
            value = fn(key)
            self._conclude(turn, value, timeout).wait()
            return value
        finally:
            turn.abandon()  # if there was no verdict

    def forget(self, key: str | bytes, *, timeout: float | None = None) -> None:
        """Forgets the misses of a key, because it exists now. Two round trips.

        Every :meth:`load` that begins after this, by whatever client, looks the key up again, or is answered by a
        lookup that began after this. One that is under way will not count as a miss.

        Args:
            key: Any text or bytes.
            timeout: How many seconds the servers have. ``None``: for ever; 0: try once.

        Raises:
            InvalidArgument: An argument is not acceptable.
            AcquireTimeout: The timeout passed before anything was written. Also a ``TimeoutError``.
            Indeterminate: It passed later; forgetting again does no harm.
            ZkcoordError: Otherwise as :meth:`load`.

        Example::

            insert(user)
            client.miss_guard("/misses/users").forget(user.name)
        """
        self._forget(key, timeout).wait()
