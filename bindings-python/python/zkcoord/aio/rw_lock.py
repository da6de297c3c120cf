"""A read/write lock, for asyncio."""

from __future__ import annotations

from zkcoord._operations.rw_lock import RwLockSides
from zkcoord.aio.mutex import Mutex


class RwLock(RwLockSides[Mutex]):
    """A lock that several readers or one writer hold: :class:`zkcoord.RwLock` for asyncio.

    Made by ``client.rw_lock(path)``. The owner of a side is the task that acquired it.

    Attributes:
        read: The side that several owners may hold at once.
        write: The side that one owner holds alone.

    Example::

        catalogue = client.rw_lock("/locks/catalogue")
        async with catalogue.read.acquire(timeout=5):
            await look_up()
        async with catalogue.write.acquire(timeout=5) as guard:
            await change(fence=guard.token)
    """
