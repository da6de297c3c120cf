"""Whose a lock is: the task's that acquires it."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from typing import Any

# Below 2^63, where the threads' begin.
_numbers = itertools.count(1)
_owners: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()


def task() -> asyncio.Task[Any]:
    """The running task."""
    running = asyncio.current_task()
    if running is None:
        raise RuntimeError("zkcoord.aio: no task is running")
    return running


def owner() -> int:
    """The running task's number. No other task ever has it, unlike ``id(task)``."""
    running = task()
    number = _owners.get(running)
    if number is None:
        number = _owners[running] = next(_numbers)
    return number
