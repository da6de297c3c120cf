"""The counters, limiters and miss guards that a client makes: in both worlds the same, but for their classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, NamedTuple, TypeVar

from zkcoord import _arguments, _zkcoord

_Counter = TypeVar("_Counter")
_StripedCounter = TypeVar("_StripedCounter")
_WindowCounter = TypeVar("_WindowCounter")
_RateLimiter = TypeVar("_RateLimiter")
_MissGuard = TypeVar("_MissGuard")


class CounterClasses(
    NamedTuple, Generic[_Counter, _StripedCounter, _WindowCounter, _RateLimiter, _MissGuard]
):
    """What they are made of: their native halves, the client, and what to call them."""

    counter: Callable[[_zkcoord.Counter, object, str], _Counter]
    striped_counter: Callable[[_zkcoord.StripedCounter, object, str], _StripedCounter]
    window_counter: Callable[[_zkcoord.WindowCounter, object, str], _WindowCounter]
    rate_limiter: Callable[[_zkcoord.RateLimiter, object, str], _RateLimiter]
    miss_guard: Callable[[_zkcoord.MissGuard, object, str], _MissGuard]


class MakesCounters(Generic[_Counter, _StripedCounter, _WindowCounter, _RateLimiter, _MissGuard]):
    """The part of a client that makes counters, limiters and miss guards."""

    _native: _zkcoord.Client
    _counters: CounterClasses[_Counter, _StripedCounter, _WindowCounter, _RateLimiter, _MissGuard]

    def counter(
        self,
        path: str,
        *,
        format: Literal["i64", "i32", "text"] = "i64",
        default: int = 0,
        min: int | None = None,
        max: int | None = None,
        exactly_once: bool = True,
    ) -> _Counter:
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
        return self._counters.counter(native, self, path)

    def striped_counter(self, path: str, *, flush_interval: float = 0.1) -> _StripedCounter:
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
        return self._counters.striped_counter(native, self, path)

    def window_counter(self, path: str, *, window: float = 60.0, buckets: int = 60) -> _WindowCounter:
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
        return self._counters.window_counter(native, self, path)

    def rate_limiter(
        self, path: str, *, permits: int = 100, per: float = 1.0, burst: int | None = None
    ) -> _RateLimiter:
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
        return self._counters.rate_limiter(native, self, f"{path} permits={permits} per={per}")

    def miss_guard(
        self, path: str, *, threshold: int = 3, window: float = 60.0, hold: float = 30.0
    ) -> _MissGuard:
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
        return self._counters.miss_guard(native, self, path)
