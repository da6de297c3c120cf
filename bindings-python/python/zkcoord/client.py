"""The client: the handle from which locks and counters are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from zkcoord import _arguments
from zkcoord._operations.client import ClientOperations, connecting
from zkcoord._operations.counters import CounterClasses, MakesCounters
from zkcoord._operations.locks import LockClasses, MakesLocks
from zkcoord.counter import Counter
from zkcoord.errors import ForkedError, ZkcoordError
from zkcoord.miss_guard import MissGuard
from zkcoord.multi_mutex import MultiMutex
from zkcoord.mutex import Mutex
from zkcoord.rate_limiter import RateLimiter
from zkcoord.reentrant_mutex import ReentrantMutex
from zkcoord.rw_lock import RwLock
from zkcoord.semaphore import Semaphore
from zkcoord.striped_counter import StripedCounter
from zkcoord.tls import Tls
from zkcoord.window_counter import WindowCounter


def connect(
    hosts: str,
    *,
    session_timeout: float = 10.0,
    connect_timeout: float = 10.0,
    identity: str | None = None,
    auth: tuple[str, str | bytes] | None = None,
    tls: Tls | None = None,
    acl: Literal["open", "creator", "read"] = "open",
) -> Client:
    """Connects to a ZooKeeper ensemble, with a session of its own.

    Args:
        hosts: The servers, like ``"zk1:2181,zk2:2181/app"``. The path behind them, if any, stands for ``/`` from then
            on; it is made when it is missing.
        session_timeout: How many seconds the servers keep the session, and with it its locks, when they hear nothing of
            this client. From 0.1 to 86400; they may grant less or more.
        connect_timeout: How many seconds connecting may take.
        identity: The text by which others see this client in a queue. ``None``: ``host:pid``.
        auth: Scheme and credentials, like ``("digest", "user:password")``.
        tls: Encrypts connections. ``None``: not, unless all servers in ``hosts`` begin with ``tcp+tls://``, which is as
            good as ``Tls()``.
        acl: Who may touch the nodes that this client makes: ``"open"`` everybody, ``"creator"`` who authenticated like
            it, ``"read"`` the creator, and everybody may read.

    Raises:
        InvalidArgument: An argument is not acceptable, or a file of ``tls`` cannot be used.
        ConnectionLost: No server answered within ``connect_timeout``, or TLS failed with all of them.
        NotAuthorized: The servers refused the authentication or the chroot.
        Unsupported: TLS was asked for, and zkcoord was built without it.

    Example::

        with zkcoord.connect("zk1:2181,zk2:2181/app") as client:
            print(client.counter("/counters/runs").increment())
    """
    operation = connecting(hosts, session_timeout, connect_timeout, identity, auth, tls, acl)
    return Client(operation.wait(), hosts)


class Client(
    ClientOperations,
    MakesLocks[Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex],
    MakesCounters[Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard],
):
    """A connection to a ZooKeeper ensemble. Made by :func:`connect`.

    When an expired session takes locks with it, the client opens a new session and goes on. May be used from several
    threads. Closed at the end of its ``with`` block, by :meth:`close`, or when the interpreter ends; when it and all
    that was made from it is forgotten before, it is closed with a :class:`ResourceWarning`.
    """

    _locks = LockClasses(Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex)
    _counters = CounterClasses(Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard)

    def on_state(self, fn: Callable[[str], object]) -> Callable[[], None]:
        """Calls ``fn(state)`` at every change of :attr:`state`, on a thread of zkcoord's.

        States that follow each other too fast are left out; the latest never is. ``fn`` must not make waiting calls:
        they raise :class:`~zkcoord.WouldDeadlock` there.

        Returns:
            A function that ends the calls.

        Raises:
            InvalidArgument: ``fn`` cannot be called.
            ForkedError: This is a child of the process that connected.

        Example::

            unsubscribe = client.on_state(lambda state: log.warning("ZooKeeper: %s", state))
        """
        _arguments.function("fn", fn)
        return self._subscribe(fn)

    def request_revoke(self, node: str, timeout: float | None = None) -> bool:
        """Asks the owner of a lock's node to give the lock back, as Curator's ``Revoker`` does. The owner decides.

        It replaces the text in the node by ``__REVOKE__``. A node whose name is no contender's is refused; take it from
        :meth:`Mutex.inspect() <zkcoord.Mutex.inspect>`.

        Args:
            node: The path of the node, below the chroot.
            timeout: How many seconds the servers have. ``None``: for ever; 0: try once.

        Returns:
            Whether the node was there.

        Raises:
            InvalidArgument: An argument is not acceptable.
            AcquireTimeout: The servers have not answered in time.
            NotAuthorized: An ACL refused.
            ConnectionLost: There is no connection, and the timeout is 0.
            WouldDeadlock: Called from a callback of zkcoord's.
            ClosedError: The client was closed.
            ForkedError: This is a child of the process that connected.

        Example::

            for contender in mutex.inspect():
                if contender.role == "holder":
                    client.request_revoke(contender.node)
        """
        return self._request_revoke(node, timeout).wait()

    def close(self) -> None:
        """Writes what was added to striped counters, and ends the session, which gives back all its locks.

        What is under way raises :class:`~zkcoord.ClosedError`. A server that does not answer is waited for a second,
        or for a session timeout when there is something to write; it ends the session by its timeout. May be called
        again.

        Raises:
            ZkcoordError: What was added could not be written, as :meth:`StripedCounter.flush()
                <zkcoord.StripedCounter.flush>`, within a session timeout. The client is closed all the same.
            WouldDeadlock: Called from a callback of zkcoord's.
            ForkedError: This is a child of the process that connected.
        """
        self._close().wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self.close()
        except ForkedError:
            pass  # a child of fork() that leaves the block must not touch its parent's client
        except ZkcoordError:
            if kind is None:  # what the block raised tells more
                raise
