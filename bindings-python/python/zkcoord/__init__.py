"""Distributed locks and counters over the ZooKeeper ensemble that you already run.

::

    import zkcoord

    with zkcoord.connect("zk1:2181,zk2:2181/app") as client:
        with client.mutex("/locks/report").acquire(timeout=5) as guard:  # raises AcquireTimeout
            for row in rows:
                guard.check()  # raises LockLost
                write(row, fence=guard.token)
        runs = client.counter("/counters/runs").increment()

Times are in seconds; ``timeout=None`` waits forever, ``timeout=0`` tries once. All errors are subclasses of
:class:`ZkcoordError`. Clients, and all objects made from them, may be used from several threads. A child of ``fork()``
must connect again: objects made by its parent raise :class:`ForkedError` there. Clients are closed when the interpreter
exits.

:mod:`zkcoord.aio` provides the same API for asyncio.
"""

from zkcoord import _exit
from zkcoord._zkcoord import __version__
from zkcoord.client import Client, connect
from zkcoord.contender import Contender, Queue
from zkcoord.counter import Counter
from zkcoord.counter_watch import CounterWatch
from zkcoord.errors import (
    AcquireTimeout,
    BadData,
    Cancelled,
    ClosedError,
    ConnectionLost,
    CounterOverflow,
    ForkedError,
    Indeterminate,
    InternalError,
    InvalidArgument,
    LockLost,
    NotAuthorized,
    QuotaExceeded,
    SequenceExhausted,
    SessionExpired,
    Unsupported,
    WouldDeadlock,
    ZkcoordError,
)
from zkcoord.guard import Guard, Lost
from zkcoord.miss_guard import MissGuard
from zkcoord.multi_mutex import MultiMutex
from zkcoord.mutex import Mutex
from zkcoord.rate_limiter import RateLimiter
from zkcoord.reentrant_mutex import ReentrantMutex
from zkcoord.rw_lock import RwLock
from zkcoord.semaphore import Semaphore
from zkcoord.stats import HoldStats, WaitStats
from zkcoord.striped_counter import StripedCounter
from zkcoord.tls import Tls
from zkcoord.versioned import Versioned
from zkcoord.window_counter import WindowCounter

__all__ = [
    "AcquireTimeout",
    "BadData",
    "Cancelled",
    "Client",
    "ClosedError",
    "ConnectionLost",
    "Contender",
    "Counter",
    "CounterOverflow",
    "CounterWatch",
    "ForkedError",
    "Guard",
    "HoldStats",
    "Indeterminate",
    "InternalError",
    "InvalidArgument",
    "LockLost",
    "Lost",
    "MissGuard",
    "MultiMutex",
    "Mutex",
    "NotAuthorized",
    "Queue",
    "QuotaExceeded",
    "RateLimiter",
    "ReentrantMutex",
    "RwLock",
    "Semaphore",
    "SequenceExhausted",
    "SessionExpired",
    "StripedCounter",
    "Tls",
    "Unsupported",
    "Versioned",
    "WaitStats",
    "WindowCounter",
    "WouldDeadlock",
    "ZkcoordError",
    "__version__",
    "connect",
]

_exit.install()
