"""A read/write lock."""

from __future__ import annotations

from zkcoord._operations.rw_lock import RwLockSides
from zkcoord.mutex import Mutex


class RwLock(RwLockSides[Mutex]):
    """A lock that several readers or one writer hold. Made by ``client.rw_lock(path)``.

    Readers and writers share one queue, in order of arrival: readers that arrive after a writer wait for it.

    A thread acquires a side that it already holds at once, without a request. While it holds the write side it may
    acquire the read side and then release the write side; nobody writes in between. While it holds only the read side,
    acquiring the write side raises :class:`~zkcoord.WouldDeadlock`, because two such threads would wait for each other.
    The owner is the thread that acquired, even if another thread has the guard.

    On the same path it works with Curator's ``InterProcessReadWriteLock`` or, with ``scheme="kazoo"``, with kazoo's
    ``ReadLock`` and ``WriteLock``.

    Attributes:
        read: The side that several owners may hold at once.
        write: The side that one owner holds alone.

    Example::

        catalogue = client.rw_lock("/locks/catalogue")
        with catalogue.read.acquire(timeout=5):
            look_up()
        with catalogue.write.acquire(timeout=5) as guard:
            change(fence=guard.token)
    """
