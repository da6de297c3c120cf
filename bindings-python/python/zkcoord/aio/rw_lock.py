"""A read/write lock, for asyncio."""

from __future__ import annotations

from zkcoord._operations import title
from zkcoord.aio.mutex import Mutex


class RwLock:
    """A lock that any number of readers hold, or one writer: :class:`zkcoord.RwLock` for asyncio.

    Made by ``client.rw_lock(path)``. The owner of a side is the task that acquired it.

    Attributes:
        read: The side that any number may hold at once.
        write: The side that one holds alone.

    Example::

        catalogue = client.rw_lock("/locks/catalogue")
        async with catalogue.read.acquire(timeout=5):
            await look_up()
        async with catalogue.write.acquire(timeout=5) as guard:
            await change(fence=guard.token)
    """

    def __init__(self, read: Mutex, write: Mutex, path: str) -> None:
        self.read = read
        self.write = write
        self._path = path

    def __repr__(self) -> str:
        return f"<{title(self)} {self._path}>"
