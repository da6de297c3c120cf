"""The client, for asyncio: the handle from which locks and counters are made."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from zkcoord import _arguments
from zkcoord._operations.client import ClientOperations, connecting
from zkcoord._operations.counters import CounterClasses, MakesCounters
from zkcoord._operations.locks import LockClasses, MakesLocks
from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio._bridge import in_loop, settled
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
from zkcoord.errors import ForkedError, ZkcoordError
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
    """Connects to a ZooKeeper ensemble, with a session of its own. To be awaited, or used in ``async with``.

    Arguments and errors are those of :func:`zkcoord.connect`.

    Example::

        async with aio.connect("zk1:2181,zk2:2181/app") as client:
            print(await client.counter("/counters/runs").increment())
    """
    operation = connecting(hosts, session_timeout, connect_timeout, identity, auth, tls, acl)

    async def connect() -> Client:
        return Client(await settled(operation), hosts)

    return Awaiting(connect())


class Client(
    ClientOperations,
    MakesLocks[Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex],
    MakesCounters[Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard],
):
    """A connection to a ZooKeeper ensemble: :class:`zkcoord.Client` for asyncio. Made by :func:`connect`.

    It is not bound to an event loop: it and what is made from it may be used in several, one after another or at the
    same time in several threads. Closed at the end of its ``async with`` block, by :meth:`close`, or when the
    interpreter ends; when it and all that was made from it is forgotten before, it is closed with a
    :class:`ResourceWarning`.
    """

    _locks = LockClasses(Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex)
    _counters = CounterClasses(Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard)

    def on_state(self, fn: Callable[[str], object]) -> Callable[[], None]:
        """Calls ``fn(state)`` at every change of :attr:`state`, in the running event loop.

        States that follow each other too fast are left out; the latest never is. ``fn`` is a plain function; for more
        it may make a task.

        Returns:
            A function that ends the calls.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that connected.

        Example::

            unsubscribe = client.on_state(lambda state: log.warning("ZooKeeper: %s", state))
        """
        _arguments.function("fn", fn)
        return self._subscribe(in_loop(fn))

    async def request_revoke(self, node: str, timeout: float | None = None) -> bool:
        """Asks the owner of a lock's node to give the lock back. As :meth:`zkcoord.Client.request_revoke`."""
        return await settled(self._request_revoke(node, timeout))

    async def close(self) -> None:
        """Writes what was added to striped counters, and ends the session, which gives back all its locks.

        As :meth:`zkcoord.Client.close`. When it is cancelled, the client is closed all the same, and what was not
        written until then is lost.
        """
        await settled(self._close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        except ForkedError:
            pass  # a child of fork() that leaves the block must not touch its parent's client
        except ZkcoordError:
            if kind is None:  # what the block raised tells more
                raise
