"""The owner of a lock for asyncio: the task that acquires it."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from typing import Any

# Below 2^63, where the numbers of threads begin.
_numbers = itertools.count(1)
_owners: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()


def current_task() -> asyncio.Task[Any]:
    """Returns the running task."""
    running = asyncio.current_task()
    if running is None:
        raise RuntimeError("zkcoord.aio: no task is running")
    return running


def owner() -> int:
    """Returns the number of the running task. Unlike ``id(task)``, it is never used for another task."""
    running = current_task()
    number = _owners.get(running)
    if number is None:
        number = _owners[running] = next(_numbers)
    return number
