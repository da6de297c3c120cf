"""The fixtures and helpers of the tests for asyncio, besides those in ../conftest.py."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from conftest import SESSION_TIMEOUT, TIMEOUT, Sandbox
from zkcoord import aio


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[aio.Client]:
    async with aio.connect(sandbox.hosts, session_timeout=SESSION_TIMEOUT) as client:
        yield client


async def eventually(condition: Callable[[], bool], timeout: float = TIMEOUT) -> bool:
    """Returns whether the condition becomes true within the timeout in seconds, while the loop runs."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


async def await_children(sandbox: Sandbox, path: str, count: int) -> None:
    """Waits until a node has ``count`` children."""
    assert await eventually(lambda: len(sandbox.children(path)) == count), sandbox.children(path)
