"""The error handling at the end of a ``with`` or ``async with`` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkcoord.errors import ForkedError, ZkcoordError

# Seconds that the end of a block waits for the servers. During an outage, the exception of the block must not be held
# back for longer.
EXIT_TIMEOUT = 2.0


@contextmanager
def exiting_block(raised: object, *expected: type[ZkcoordError]) -> Iterator[None]:
    """Runs the cleanup of a block, in a ``with`` statement around it.

    It suppresses the ``expected`` errors, the error of a child of ``fork()`` that must not touch the objects of its
    parent, and every error of zkcoord if the block has ``raised`` an exception, which is more informative.
    """
    try:
        yield
    except ZkcoordError as error:
        if raised is None and not isinstance(error, (ForkedError, *expected)):
            raise
