"""The client: the handle from which locks and counters are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Self

from zkcoord import _arguments, _zkcoord
from zkcoord.counter import Counter
from zkcoord.errors import ForkedError, InvalidArgument, Unsupported, ZkcoordError
from zkcoord.miss_guard import MissGuard
from zkcoord.multi_mutex import MultiMutex
from zkcoord.mutex import Mutex
from zkcoord.rate_limiter import RateLimiter
from zkcoord.reentrant_mutex import ReentrantMutex
from zkcoord.rw_lock import RwLock
from zkcoord.semaphore import Semaphore
from zkcoord.striped_counter import StripedCounter
from zkcoord.window_counter import WindowCounter

_SIDES = ("read", "write")


def connect(
    hosts: str,
    *,
    session_timeout: float = 10.0,
    connect_timeout: float = 10.0,
    identity: str | None = None,
    auth: tuple[str, str | bytes] | None = None,
    tls: None = None,
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
        tls: Not supported in this version.
        acl: Who may touch the nodes that this client makes: ``"open"`` everybody, ``"creator"`` who authenticated like
            it, ``"read"`` the creator, and everybody may read.

    Raises:
        InvalidArgument: An argument is not acceptable.
        ConnectionLost: No server answered within ``connect_timeout``.
        NotAuthorized: The servers refused the authentication or the chroot.
        Unsupported: TLS was asked for.

    Example::

        with zkcoord.connect("zk1:2181,zk2:2181/app") as client:
            print(client.counter("/counters/runs").increment())
    """
    if tls is not None:
        raise Unsupported("tls: this version of zkcoord has no TLS; it comes in a later one")
    operation = _zkcoord.connect(
        _arguments.text("hosts", hosts),
        _arguments.seconds("session_timeout", session_timeout),
        _arguments.seconds("connect_timeout", connect_timeout),
        None if identity is None else _arguments.text("identity", identity),
        [] if auth is None else [_credentials(auth)],
        _arguments.text("acl", acl),
    )
    return Client(operation.wait(), hosts)


def _credentials(auth: object) -> tuple[str, bytes]:
    match auth:
        case (str(), str() as secret):
            credentials = _arguments.text("auth (credentials)", secret).encode()
        case (str(), bytes(credentials)):
            pass
        case _:
            # Without the value: it may be a password.
            raise InvalidArgument('auth: must be scheme and credentials, like ("digest", "user:password")')
    return _arguments.text("auth (scheme)", auth[0]), credentials


class Client:
    """A connection to a ZooKeeper ensemble. Made by :func:`connect`.

    When an expired session takes locks with it, the client opens a new session and goes on. May be used from several
    threads. Closed at the end of its ``with`` block, by :meth:`close`, or when it and all that was made from it is
    gone.
    """

    def __init__(self, native: _zkcoord.Client, hosts: str) -> None:
        self._native = native
        self._hosts = hosts
        self._subscriptions: set[_zkcoord.Subscription] = set()

    @property
    def session_id(self) -> int:
        """The id of the current session; 0 while there is none.

        Raises:
            ForkedError: This is a child of the process that connected.
        """
        return self._native.session_id()

    @property
    def state(self) -> str:
        """What the client stands on right now.

        ``"connected"``; ``"suspended"``: the connection is lost, the session may live on; ``"expired"``: the session is
        over, a new one is being opened; ``"closed"``.

        Raises:
            ForkedError: This is a child of the process that connected.
        """
        return self._native.state()

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
        subscription = self._native.on_state(fn)
        self._subscriptions.add(subscription)

        def unsubscribe() -> None:
            self._subscriptions.discard(subscription)
            subscription.cancel()

        return unsubscribe

    def mutex(self, path: str, *, scheme: str = "curator", handoff: int = 0) -> Mutex:
        """A lock at ``path``. Makes no request.

        Args:
            path: The lock's directory, below the chroot, like ``"/locks/report"``; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"``, also go-zookeeper; ``"kazoo"``. All who share the path
                must give the same.
            handoff: How often in a row the threads of this client may hand the lock to each other without a request,
                before it is the others' turn. Guards that were handed over share their token, so it does not fence
                one thread off from the next. 0: everybody stands in the server's queue, in order of arrival.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.mutex(
            _arguments.text("path", path),
            _arguments.text("scheme", scheme),
            _arguments.count("handoff", handoff),
        )
        return Mutex(native, path)

    def reentrant_mutex(self, path: str, *, scheme: str = "curator") -> ReentrantMutex:
        """A lock at ``path`` that the thread that holds it may take again. Makes no request.

        Args:
            path: The lock's directory, below the chroot; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"``, also go-zookeeper; ``"kazoo"``. All who share the path
                must give the same.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.reentrant_mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.reentrant_mutex(
            _arguments.text("path", path), _arguments.text("scheme", scheme)
        )
        return ReentrantMutex(native, path)

    def rw_lock(self, path: str, *, scheme: str = "curator") -> RwLock:
        """A read/write lock at ``path``. Makes no request.

        Args:
            path: The lock's directory, below the chroot; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"`` or ``"kazoo"``. All who share the path must give the
                same.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            catalogue = client.rw_lock("/locks/catalogue")
            with catalogue.read.acquire(timeout=5):
                look_up()
        """
        sides = self._native.rw_lock(_arguments.text("path", path), _arguments.text("scheme", scheme))
        read, write = (Mutex(native, f"{path} ({side})") for native, side in zip(sides, _SIDES, strict=True))
        return RwLock(read, write, path)

    def semaphore(self, path: str, permits: int) -> Semaphore:
        """A semaphore at ``path``. Makes no request.

        Args:
            path: The semaphore's directory, below the chroot; made when it is missing.
            permits: How many there are. Everyone who shares the path must give the same number.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.semaphore("/limits/downloads", permits=10).acquire(timeout=5):
                download()
        """
        native = self._native.semaphore(_arguments.text("path", path), _arguments.permits(permits))
        return Semaphore(native, path, permits)

    def multi_mutex(self, paths: Iterable[str], *, scheme: str = "curator") -> MultiMutex:
        """Several mutexes taken as one, all or none. Makes no request.

        Args:
            paths: The locks' directories, below the chroot; made when they are missing. Their order does not matter.
            scheme: With whom the locks are shared: ``"curator"``, also go-zookeeper; ``"kazoo"``.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]).acquire(timeout=5) as guard:
                move_money(fence=guard.token)
        """
        checked = _arguments.texts("paths", paths)
        native = self._native.multi_mutex(checked, _arguments.text("scheme", scheme))
        return MultiMutex(native, checked)

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
        return self._native.request_revoke(_arguments.text("node", node), _arguments.timeout(timeout)).wait()

    def counter(
        self,
        path: str,
        *,
        format: Literal["i64", "i32", "text"] = "i64",
        default: int = 0,
        min: int | None = None,
        max: int | None = None,
        exactly_once: bool = True,
    ) -> Counter:
        """A counter at ``path``. Makes no request.

        Args:
            path: The counter's node, below the chroot, like ``"/counters/hits"``; made by the first change.
            format: The bytes in the node. ``"i64"``: 8 bytes, big-endian, as Curator's ``DistributedAtomicLong``;
                ``"i32"``: 4 bytes, as Curator's ``SharedCount`` and ``DistributedAtomicInteger`` and kazoo's
                ``Counter(support_curator=True)``; ``"text"``: decimal digits, as kazoo's ``Counter``. All who share the
                path must use the same.
            default: What a node that is missing or empty counts as, and what its first change starts from.
            min: The least value that a change through this object may result in. ``None``: that of the format.
            max: The greatest value, likewise.
            exactly_once: Whether a lost reply is resolved, for which the client needs an ephemeral child of the
                counter's node. ``False`` is for nodes whose ACL forbids children: a change whose reply is lost then
                raises :class:`~zkcoord.Indeterminate`.

        Raises:
            InvalidArgument: An argument is not acceptable, or no value can satisfy all of them.

        Example::

            hits = client.counter("/counters/hits").increment()
        """
        native = self._native.counter(
            _arguments.text("path", path),
            _arguments.text("format", format),
            _arguments.integer("default", default),
            None if min is None else _arguments.integer("min", min),
            None if max is None else _arguments.integer("max", max),
            _arguments.boolean("exactly_once", exactly_once),
        )
        return Counter(native, path)

    def striped_counter(self, path: str, *, flush_interval: float = 0.1) -> StripedCounter:
        """A sum at ``path`` to which many clients add often. Makes no request.

        Args:
            path: The counter's node, below the chroot; made by the first write, with a node below it for each client.
            flush_interval: How many seconds an add may wait to be written. 0: it is written at once; what is added
                meanwhile shares the next write.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            requests = client.striped_counter("/counters/requests")
            requests.add()
        """
        native = self._native.striped_counter(
            _arguments.text("path", path), _arguments.seconds("flush_interval", flush_interval)
        )
        return StripedCounter(native, path)

    def window_counter(self, path: str, *, window: float = 60.0, buckets: int = 60) -> WindowCounter:
        """A counter at ``path`` of the events within the last ``window``. Makes no request.

        Args:
            path: The counter's node, below the chroot; made by the first add.
            window: How many seconds an event counts, from 0.001 to 100 years.
            buckets: Events are forgotten a bucket of ``window / buckets`` seconds at a time: at most one a millisecond,
                and 10,000. All of them are in the node that each add writes.

        All who share the path must give the same window and buckets; they stand in the node.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            failures = client.window_counter("/failures/login", window=60)
            if failures.add() > 100:
                sound_the_alarm()
        """
        native = self._native.window_counter(
            _arguments.text("path", path),
            _arguments.seconds("window", window),
            _arguments.count("buckets", buckets),
        )
        return WindowCounter(native, path)

    def rate_limiter(
        self, path: str, *, permits: int = 100, per: float = 1.0, burst: int | None = None
    ) -> RateLimiter:
        """So many permits in any stretch of time, for all clients together. Makes no request.

        Args:
            path: The limiter's node, below the chroot; made by the first who asks.
            permits: How many are let through in any ``per`` seconds, from 1 to 1,000,000.
            per: The seconds, from 0.001 to 31 days.
            burst: How many may be used at once, from 1 to 1,000,000. ``None``: as many as ``permits``. At most so many
                are let through in any ``per * burst / permits`` seconds: with fewer it goes more smoothly, with more a
                pause can be made up for.

        All who share the path must give the same; they stand in the node, and others are refused.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
            limiter.acquire(timeout=5)
            call_api()
        """
        native = self._native.rate_limiter(
            _arguments.text("path", path),
            _arguments.count("permits", permits),
            _arguments.seconds("per", per),
            None if burst is None else _arguments.count("burst", burst),
        )
        return RateLimiter(native, path, permits, per)

    def miss_guard(
        self, path: str, *, threshold: int = 3, window: float = 60.0, hold: float = 30.0
    ) -> MissGuard:
        """A guard against lookups of keys that do not exist. Makes no request.

        All who share the path should give the same threshold, window and hold: those of whoever records a miss decide.

        Args:
            path: The node below which the records of the keys are, below the chroot; made when it is missing.
            threshold: How many misses within the window make a key absent, from 1 to 1000.
            window: The seconds in which misses count together, from 0.001 to 86400.
            hold: How many seconds a key is then answered absent, from 0.001 to 86400.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            users = client.miss_guard("/misses/users", threshold=3, window=60, hold=30)
            user = users.load("user-42", query)
        """
        native = self._native.miss_guard(
            _arguments.text("path", path),
            _arguments.count("threshold", threshold),
            _arguments.seconds("window", window),
            _arguments.seconds("hold", hold),
        )
        return MissGuard(native, path)

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
        self._native.close().wait()

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

    def __repr__(self) -> str:
        try:
            return f"<zkcoord.Client {self._hosts} session={self.session_id:#x} {self.state}>"
        except ForkedError:
            return f"<zkcoord.Client {self._hosts} forked>"
