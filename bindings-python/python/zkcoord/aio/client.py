"""The client for asyncio, from which locks and counters are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from zkcoord import _arguments
from zkcoord._operations.block_exit import exiting_block
from zkcoord._operations.client import ClientOperations, connect_operation
from zkcoord._operations.counters import CounterClasses, CounterFactory
from zkcoord._operations.locks import LockClasses, LockFactory
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import in_loop, result_of
from zkcoord.aio.counter import Counter
from zkcoord.aio.miss_guard import MissGuard
from zkcoord.aio.multi_mutex import MultiMutex
from zkcoord.aio.mutex import Mutex
from zkcoord.aio.rate_limiter import RateLimiter
from zkcoord.aio.reentrant_mutex import ReentrantMutex
from zkcoord.aio.rw_lock import RwLock
from zkcoord.aio.semaphore import Semaphore
from zkcoord.aio.striped_counter import StripedCounter
from zkcoord.aio.window_counter import WindowCounter
from zkcoord.tls import Tls


def connect(
    hosts: str,
    *,
    session_timeout: float = 10.0,
    connect_timeout: float = 10.0,
    identity: str | None = None,
    auth: tuple[str, str | bytes] | None = None,
    tls: Tls | None = None,
    acl: Literal["open", "creator", "read"] = "open",
) -> Awaiting[Client]:
    """Connects to a ZooKeeper ensemble and opens a session. Await it, or use it in ``async with``.

    Arguments and errors are those of :func:`zkcoord.connect`.

    Example::

        async with aio.connect("zk1:2181,zk2:2181/app") as client:
            print(await client.counter("/counters/runs").increment())
    """
    operation = connect_operation(hosts, session_timeout, connect_timeout, identity, auth, tls, acl)

    async def connect() -> Client:
        return Client(await result_of(operation), hosts)

    return Awaiting(connect())


class Client(
    ClientOperations,
    LockFactory[Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex],
    CounterFactory[Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard],
):
    """A connection to a ZooKeeper ensemble: :class:`zkcoord.Client` for asyncio. Made by :func:`connect`.

    It is not bound to an event loop: it and everything made from it may be used in several loops, one after another or
    at the same time in several threads. It is closed at the end of its ``async with`` block, by :meth:`close`, or when
    the interpreter exits. If it and everything made from it become unreachable before, it is closed with a
    :class:`ResourceWarning`.
    """

    _locks = LockClasses(Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex)
    _counters = CounterClasses(Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard)

    def on_state(self, fn: Callable[[str], object]) -> Callable[[], None]:
        """Calls ``fn(state)`` on every change of :attr:`state`, in the running event loop.

        ``fn`` is a plain function, which may create tasks. Otherwise as :meth:`zkcoord.Client.on_state`.

        Example::

            unsubscribe = client.on_state(lambda state: log.warning("ZooKeeper: %s", state))
        """
        return self._subscribe(in_loop(_arguments.function("fn", fn)))

    async def request_revoke(self, node: str, timeout: float | None = None) -> bool:
        """Asks the owner of a lock's node to release the lock. As :meth:`zkcoord.Client.request_revoke`."""
        return await result_of(self._request_revoke(node, timeout))

    async def close(self) -> None:
        """Writes the pending additions of striped counters, and ends the session, which releases all its locks.

        As :meth:`zkcoord.Client.close`. If it is cancelled, the client is closed nevertheless, and additions that were
        not written until then are lost.
        """
        await result_of(self._close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object = None, *_: object) -> None:
        with exiting_block(kind):
            await self.close()
