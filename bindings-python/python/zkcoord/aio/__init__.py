"""The asyncio API of the same locks and counters: calls that would block are awaited.

::

    from zkcoord import aio

    async with aio.connect("zk1:2181,zk2:2181/app") as client:
        async with client.mutex("/locks/report").acquire(timeout=5) as guard, guard.cancel_on_loss():
            await write_all(rows, fence=guard.token)  # cancelled, then LockLost, if the lock is lost
        runs = await client.counter("/counters/runs").increment()

Names, arguments and errors are those of :mod:`zkcoord`, where they are documented in full. Callbacks are called in the
event loop in which they were registered. Cancelling a task that waits returns at once; its operation is cleaned up in
the background, and a lock granted at that moment is released.
"""

from zkcoord.aio._awaiting import Awaiting
from zkcoord.aio.cancel_on_loss import CancelOnLoss
from zkcoord.aio.client import Client, connect
from zkcoord.aio.counter import Counter
from zkcoord.aio.counter_watch import CounterWatch
from zkcoord.aio.guard import Guard, Lost
from zkcoord.aio.miss_guard import MissGuard
from zkcoord.aio.multi_mutex import MultiMutex
from zkcoord.aio.mutex import Mutex
from zkcoord.aio.rate_limiter import RateLimiter
from zkcoord.aio.reentrant_mutex import ReentrantMutex
from zkcoord.aio.rw_lock import RwLock
from zkcoord.aio.semaphore import Semaphore
from zkcoord.aio.striped_counter import StripedCounter
from zkcoord.aio.window_counter import WindowCounter

__all__ = [
    "Awaiting",
    "CancelOnLoss",
    "Client",
    "Counter",
    "CounterWatch",
    "Guard",
    "Lost",
    "MissGuard",
    "MultiMutex",
    "Mutex",
    "RateLimiter",
    "ReentrantMutex",
    "RwLock",
    "Semaphore",
    "StripedCounter",
    "WindowCounter",
    "connect",
]
