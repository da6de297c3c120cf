"""The client, from which locks and counters are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from zkcoord import _arguments
from zkcoord._operations.block_exit import exiting_block
from zkcoord._operations.client import ClientOperations, connect_operation
from zkcoord._operations.counters import CounterClasses, CounterFactory
from zkcoord._operations.locks import LockClasses, LockFactory
from zkcoord.counter import Counter
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
    """Connects to a ZooKeeper ensemble and opens a session.

    Args:
        hosts: The servers, like ``"zk1:2181,zk2:2181/app"``. The optional path is the chroot, which stands for ``/`` in
            all other calls; it is created if it is missing.
        session_timeout: The seconds after which the servers end the session, and release its locks, if they receive
            nothing from this client. From 0.1 to 86400; the servers may grant less or more.
        connect_timeout: The seconds that connecting may take.
        identity: The text by which others see this client in a queue. ``None``: ``host:pid``.
        auth: The scheme and the credentials, like ``("digest", "user:password")``.
        tls: The options of encrypted connections. ``None``: connections are not encrypted, unless all servers in
            ``hosts`` begin with ``tcp+tls://``, which is equivalent to ``Tls()``.
        acl: The permissions of the nodes that this client creates. ``"open"``: everybody has all of them.
            ``"creator"``: only clients authenticated like this one. ``"read"``: as ``"creator"``, and everybody may
            read.

    Raises:
        InvalidArgument: An argument is invalid, or a file of ``tls`` cannot be used.
        ConnectionLost: No server answered within ``connect_timeout``, or TLS failed with all of them.
        NotAuthorized: The servers refused the authentication or the chroot.
        Unsupported: TLS was requested, and zkcoord was built without it.

    Example::

        with zkcoord.connect("zk1:2181,zk2:2181/app") as client:
            print(client.counter("/counters/runs").increment())
    """
    operation = connect_operation(hosts, session_timeout, connect_timeout, identity, auth, tls, acl)
    return Client(operation.wait(), hosts)


class Client(
    ClientOperations,
    LockFactory[Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex],
    CounterFactory[Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard],
):
    """A connection to a ZooKeeper ensemble. Made by :func:`connect`.

    If the session expires, its locks are lost; the client opens a new session and continues to work. It may be used
    from several threads. It is closed at the end of its ``with`` block, by :meth:`close`, or when the interpreter
    exits. If it and everything made from it become unreachable before, it is closed with a :class:`ResourceWarning`.
    """

    _locks = LockClasses(Mutex, ReentrantMutex, RwLock, Semaphore, MultiMutex)
    _counters = CounterClasses(Counter, StripedCounter, WindowCounter, RateLimiter, MissGuard)

    def on_state(self, fn: Callable[[str], object]) -> Callable[[], None]:
        """Calls ``fn(state)`` on every change of :attr:`state`, on a thread of zkcoord.

        If states change faster than ``fn`` returns, intermediate states are skipped, but never the latest. ``fn`` must
        not make blocking calls of zkcoord: they raise :class:`~zkcoord.WouldDeadlock` there.

        Returns:
            A function that ends the calls.

        Raises:
            InvalidArgument: ``fn`` is not callable.
            ForkedError: This process is a child of the one that connected.

        Example::

            unsubscribe = client.on_state(lambda state: log.warning("ZooKeeper: %s", state))
        """
        return self._subscribe(_arguments.function("fn", fn))

    def request_revoke(self, node: str, timeout: float | None = None) -> bool:
        """Asks the owner of a lock's node to release the lock, as Curator's ``Revoker`` does. The owner decides.

        It replaces the data of the node by ``__REVOKE__``. It refuses a node whose name is not that of a contender;
        take the node from :meth:`Mutex.inspect() <zkcoord.Mutex.inspect>`.

        Args:
            node: The path of the node, below the chroot.
            timeout: The seconds that the servers may take. ``None``: no limit; 0: try once.

        Returns:
            ``True`` if the node exists.

        Raises:
            InvalidArgument: An argument is invalid.
            ZkcoordError: Otherwise as :meth:`Mutex.inspect() <zkcoord.Mutex.inspect>`.

        Example::

            for contender in mutex.inspect():
                if contender.role == "holder":
                    client.request_revoke(contender.node)
        """
        return self._request_revoke(node, timeout).wait()

    def close(self) -> None:
        """Writes the pending additions of striped counters, and ends the session, which releases all its locks.

        Operations in progress raise :class:`~zkcoord.ClosedError`. If no server answers, it waits for a second, or for
        a session timeout if there is something to write; the servers then end the session by its timeout. May be called
        again.

        Raises:
            ZkcoordError: The pending additions could not be written within a session timeout, with the errors of
                :meth:`StripedCounter.flush() <zkcoord.StripedCounter.flush>`. The client is closed nevertheless.
            WouldDeadlock: It was called from a callback of zkcoord.
            ForkedError: This process is a child of the one that connected.
        """
        self._close().wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with exiting_block(kind):
            self.close()
