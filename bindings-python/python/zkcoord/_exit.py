"""The policy for the end of the interpreter: release everything that clients hold, and run no callback afterwards.

1. Tell the native module that the interpreter exits, so that daemon threads that wait do not print ``ClosedError``.
2. Close all clients at the same time, so that their locks are free at once and not a session timeout later. Wait no
   longer than the end of a ``with`` block does.
3. Refuse further callbacks, and wait for one that is running.

A child of ``fork()`` does none of this to the clients of its parent.
"""

import atexit
import os
import selectors

from zkcoord import _zkcoord
from zkcoord._operations.block_exit import EXIT_TIMEOUT
from zkcoord._operations.client import open_clients
from zkcoord.errors import ZkcoordError


def _at_exit() -> None:
    _zkcoord.begin_shutdown()
    try:
        _close_clients()
    finally:
        _zkcoord.stop_callbacks()


def _close_clients() -> None:
    completions = _zkcoord.CompletionQueue()
    started = []
    for number, client in enumerate(open_clients):
        operation = client._close(EXIT_TIMEOUT)
        try:
            operation.start(completions, number)
        except ZkcoordError:
            continue
        started.append(operation)
    done = 0
    with selectors.DefaultSelector() as selector:
        selector.register(completions.fileno(), selectors.EVENT_READ)
        while done < len(started) and selector.select(EXIT_TIMEOUT):
            done += len(completions.drain(len(started)))


def _after_fork_in_child() -> None:
    open_clients.clear()
    _zkcoord.forget_running_callbacks()


def install() -> None:
    """Registers the handlers for the end of the interpreter and for ``fork()``."""
    atexit.register(_at_exit)
    os.register_at_fork(after_in_child=_after_fork_in_child)
