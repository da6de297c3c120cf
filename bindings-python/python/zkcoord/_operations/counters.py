"""The methods by which a client makes counters, rate limiters and miss guards.

The blocking and the asyncio client differ only in the classes.
"""

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
    """The constructors of the objects. They take the native object, the client, and a name for ``repr()``."""

    counter: Callable[[_zkcoord.Counter, object, str], _Counter]
    striped_counter: Callable[[_zkcoord.StripedCounter, object, str], _StripedCounter]
    window_counter: Callable[[_zkcoord.WindowCounter, object, str], _WindowCounter]
    rate_limiter: Callable[[_zkcoord.RateLimiter, object, str], _RateLimiter]
    miss_guard: Callable[[_zkcoord.MissGuard, object, str], _MissGuard]


class CounterFactory(Generic[_Counter, _StripedCounter, _WindowCounter, _RateLimiter, _MissGuard]):
    """The part of a client that makes counters, rate limiters and miss guards."""

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
        """Returns a counter at ``path``. Makes no request.

        Args:
            path: The node of the counter, below the chroot, like ``"/counters/hits"``; created by the first change.
            format: The format of the bytes in the node. ``"i64"``: 8 bytes, big-endian, as Curator's
                ``DistributedAtomicLong``; ``"i32"``: 4 bytes, as Curator's ``SharedCount`` and
                ``DistributedAtomicInteger`` and kazoo's ``Counter(support_curator=True)``; ``"text"``: decimal digits,
                as kazoo's ``Counter``. All clients of the path must use the same format.
            default: The value of a node that is missing or empty, from which its first change starts.
            min: The smallest value that a change through this object may result in. ``None``: that of the format.
            max: The largest such value. ``None``: that of the format.
            exactly_once: ``True`` resolves lost replies, for which the client needs an ephemeral child of the counter's
                node. ``False`` is for nodes whose ACL forbids children: a change whose reply is lost then raises
                :class:`~zkcoord.Indeterminate`.

        Raises:
            InvalidArgument: An argument is invalid, or no value satisfies all of them.

        Example::

            hits = client.counter("/counters/hits").increment()
        """
        native = self._native.counter(
            _arguments.text("path", path),
            _arguments.text("format", format),
            _arguments.integer("default", default),
            _arguments.optional(_arguments.integer, "min", min),
            _arguments.optional(_arguments.integer, "max", max),
            _arguments.boolean("exactly_once", exactly_once),
        )
        return self._counters.counter(native, self, path)

    def striped_counter(self, path: str, *, flush_interval: float = 0.1) -> _StripedCounter:
        """Returns a sum at ``path`` to which many clients add often. Makes no request.

        Args:
            path: The node of the counter, below the chroot; created by the first write, with a child for each client.
            flush_interval: How many seconds an addition may wait before it is written. With 0 it is written at once,
                and additions made during that write share the next one.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            requests = client.striped_counter("/counters/requests")
            requests.add()
        """
        native = self._native.striped_counter(
            _arguments.text("path", path), _arguments.seconds("flush_interval", flush_interval)
        )
        return self._counters.striped_counter(native, self, path)

    def window_counter(self, path: str, *, window: float = 60.0, buckets: int = 60) -> _WindowCounter:
        """Returns a counter at ``path`` of the events within the last ``window`` seconds. Makes no request.

        All clients of the path must give the same window and buckets, which are stored in the node.

        Args:
            path: The node of the counter, below the chroot; created by the first addition.
            window: How many seconds an event counts, from 0.001 to 100 years.
            buckets: The number of buckets of ``window / buckets`` seconds, in which events are forgotten. At most
                10,000, and at most one per millisecond. Each addition writes all of them.

        Raises:
            InvalidArgument: An argument is invalid.

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
        """Returns a rate limiter at ``path``, which limits all clients together. Makes no request.

        All clients of the path must give the same arguments, which are stored in the node; other values are refused.

        Args:
            path: The node of the limiter, below the chroot; created by the first acquisition.
            permits: How many permits are granted in any ``per`` seconds, from 1 to 1,000,000.
            per: The length of the period in seconds, from 0.001 to 31 days.
            burst: How many permits may be used at once, from 1 to 1,000,000. ``None``: as many as ``permits``. At most
                this many are granted in any ``per * burst / permits`` seconds: a smaller burst spreads the permits more
                evenly, a larger one can make up for a pause.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            limiter = client.rate_limiter("/limits/api", permits=100, per=1.0)
            limiter.acquire(timeout=5)
            call_api()
        """
        native = self._native.rate_limiter(
            _arguments.text("path", path),
            _arguments.count("permits", permits),
            _arguments.seconds("per", per),
            _arguments.optional(_arguments.count, "burst", burst),
        )
        return self._counters.rate_limiter(native, self, f"{path} permits={permits} per={per}")

    def miss_guard(
        self, path: str, *, threshold: int = 3, window: float = 60.0, hold: float = 30.0
    ) -> _MissGuard:
        """Returns a guard against lookups of keys that do not exist. Makes no request.

        All clients of the path should give the same threshold, window and hold. Each miss is recorded with those of the
        client that records it.

        Args:
            path: The node below which the records of the keys are kept, below the chroot; created if it is missing.
            threshold: How many misses within the window make a key absent, from 1 to 1000.
            window: The seconds within which misses count together, from 0.001 to 86400.
            hold: For how many seconds the key is then reported absent, from 0.001 to 86400.

        Raises:
            InvalidArgument: An argument is invalid.

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
