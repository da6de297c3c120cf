"""A mutex that its owner may acquire several times."""

from __future__ import annotations

from zkcoord.mutex import Mutex


class ReentrantMutex(Mutex):
    """A mutex that the thread that holds it may acquire again. Made by ``client.reentrant_mutex(path)``.

    Acquiring it again makes no request: the guards share one node and one token, including those of other objects that
    the same client made for the path. The lock is released when the last of the guards is released, by any thread. A
    lost lock does not count as held: its guards stay lost, and :meth:`acquire` queues again.

    The owner is the thread: tasks or greenlets that run in one thread would all be granted the lock. Towards all other
    clients it is an ordinary mutex.

    Example::

        lock = client.reentrant_mutex("/locks/report")
        with lock.acquire(timeout=5) as outer:
            with lock.acquire() as inner:
                assert inner.token == outer.token
    """
