"""What the tests for asyncio share; the rest is in ../conftest.py."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from conftest import PATIENCE, SESSION, Corner
from zkcoord import aio


@pytest.fixture
async def client(corner: Corner) -> AsyncIterator[aio.Client]:
    async with aio.connect(corner.hosts, session_timeout=SESSION) as client:
        yield client


async def eventually(condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether the condition becomes true, while the loop goes on."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True


async def children(corner: Corner, path: str, count: int) -> None:
    """Waits until a node has so many children."""
    assert await eventually(lambda: len(corner.children(path)) == count), corner.children(path)
