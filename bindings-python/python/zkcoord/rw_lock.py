"""A read/write lock."""

from __future__ import annotations

from zkcoord.mutex import Mutex


class RwLock:
    """A lock that any number of readers hold, or one writer. Made by ``client.rw_lock(path)``.

    Readers and writers stand in one queue, in order of arrival: readers that come after a writer wait for it.

    A thread takes a side that it holds again at once, without a request. While it holds the write side it may take the
    read side as well and then release the write side: nobody writes in between. While it only reads, asking for the
    write side raises :class:`~zkcoord.WouldDeadlock`: two who did so would wait for each other. The owner is the thread
    that acquired, also when another one has the guard.

    On the same path it works with Curator's ``InterProcessReadWriteLock`` or, with ``scheme="kazoo"``, with kazoo's
    ``ReadLock`` and ``WriteLock``.

    Attributes:
        read: The side that any number may hold at once.
        write: The side that one holds alone.

    Example::

        catalogue = client.rw_lock("/locks/catalogue")
        with catalogue.read.acquire(timeout=5):
            look_up()
        with catalogue.write.acquire(timeout=5) as guard:
            change(fence=guard.token)
    """

    def __init__(self, read: Mutex, write: Mutex, path: str) -> None:
        self.read = read
        self.write = write
        self._path = path

    def __repr__(self) -> str:
        return f"<zkcoord.RwLock {self._path}>"
