"""A mutex that its owner may acquire several times, for asyncio."""

from __future__ import annotations

from zkcoord.aio.mutex import Mutex


class ReentrantMutex(Mutex):
    """A mutex that the task that holds it may acquire again: :class:`zkcoord.ReentrantMutex` for asyncio.

    Made by ``client.reentrant_mutex(path)``. The owner is the task that acquires: a task that it creates is another
    owner, and waits. Beware of functions that create tasks implicitly, like ``asyncio.gather`` and, before Python 3.12,
    ``asyncio.wait_for``; ``asyncio.timeout`` does not.

    Example::

        lock = client.reentrant_mutex("/locks/report")
        async with lock.acquire(timeout=5) as outer:
            async with lock.acquire() as inner:
                assert inner.token == outer.token
    """
