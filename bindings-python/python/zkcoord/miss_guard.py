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
    """A guard that keeps useless lookups of missing keys off a database. Made by ``client.miss_guard(path)``.

    Use it between a cache and its database. If several callers, in any processes, want the same key at the same time,
    one of them looks it up and the others wait for the answer. A key that was missed ``threshold`` times within
    ``window`` seconds is reported as ``None`` for ``hold`` seconds, without a lookup.

    - At most one lookup of a key runs at a time, unless its session is lost during the lookup.
    - A key that appears is found after ``hold`` seconds at the latest, and at once after :meth:`forget`.
    - A value that was found is returned to its own caller only: the callers that waited look it up themselves, one
      after another. So put values that were found into a cache.

    A key may be any string or bytes: ZooKeeper only stores its hash. A string and its UTF-8 encoding are the same key.
    Idle keys leave no nodes behind.

    Example::

        users = client.miss_guard("/misses/users")

        def user(name: str) -> User | None:
            return cache.get(name) or users.load(name, query)
    """

    def load(
        self, key: _Key, fn: Callable[[_Key], _Value | None], *, timeout: float | None = None
    ) -> _Value | None:
        """Looks a key up by ``fn(key)``, unless it is known to be absent. Waits while another caller looks it up.

        One round trip for a key that is known to be absent; otherwise three or four before the call of ``fn``, and one
        after it.

        Not reentrant: if ``fn`` loads the same key, it deadlocks.

        Args:
            key: Any string or bytes.
            fn: A function called in this thread, at most once, with the key. ``None`` counts as a miss. If it raises,
                the exception passes through, the lookup counts neither way, and the next caller may look the key up.
            timeout: The seconds to wait for other callers, and again for the servers after ``fn`` has returned.
                ``None``: no limit; 0: try once.

        Returns:
            The result of ``fn``, or ``None`` if the key is known to be absent.

        Raises:
            InvalidArgument: ``key`` is neither a string nor bytes, or ``fn`` is not callable or is async.
            AcquireTimeout: Another caller is still looking the key up; ``fn`` was not called. Also a ``TimeoutError``.
            Indeterminate: ``fn`` was called, and the servers have not confirmed its outcome in time.
            BadData: The node of the key holds foreign data, which is left unchanged.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: It was called from a callback of zkcoord.
            ZkcoordError: Otherwise as :meth:`Mutex.acquire() <zkcoord.Mutex.acquire>`.

        Example::

            user = client.miss_guard("/misses/users").load("user-42", query, timeout=5)
        """
        if inspect.iscoroutinefunction(fn):
            raise _arguments.invalid("fn", fn, "must not be async; use zkcoord.aio for async functions")
        turn = self._begin(key, fn, timeout).wait()
        if turn is None:
            return None
        try:
            value = fn(key)
            self._report(turn, value, timeout).wait()
            return value
        finally:
            turn.abandon()  # without effect after a report

    def forget(self, key: str | bytes, *, timeout: float | None = None) -> None:
        """Forgets the misses of a key, because it exists now. Two round trips.

        Every :meth:`load` by any client that begins afterwards looks the key up again, or gets the answer of a lookup
        that began afterwards. A lookup in progress will not count as a miss.

        Args:
            key: Any string or bytes.
            timeout: The seconds that the servers may take. ``None``: no limit; 0: try once.

        Raises:
            InvalidArgument: An argument is invalid.
            AcquireTimeout: It timed out before anything was written. Also a ``TimeoutError``.
            Indeterminate: It timed out later. Calling it again is safe.
            ZkcoordError: Otherwise as :meth:`load`.

        Example::

            insert(user)
            client.miss_guard("/misses/users").forget(user.name)
        """
        self._forget(key, timeout).wait()
