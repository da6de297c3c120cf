"""A mutex that its owner may take several times."""

from __future__ import annotations

from zkcoord.mutex import Mutex


class ReentrantMutex(Mutex):
    """A mutex that the thread that holds it may take again. Made by ``client.reentrant_mutex(path)``.

    Taken again it costs no request: the guards share one node and one token, also those of other objects that the same
    client made for the path. The lock is given back when the last of them is released, by whatever thread. A lost lock
    does not count as held: its guards stay lost, and :meth:`acquire` queues anew.

    The owner is the thread: tasks or greenlets that run in one thread would all get in. For everybody else it is a
    mutex like any.

    Example::

        lock = client.reentrant_mutex("/locks/report")
        with lock.acquire(timeout=5) as outer:
            with lock.acquire() as inner:
                assert inner.token == outer.token
    """
