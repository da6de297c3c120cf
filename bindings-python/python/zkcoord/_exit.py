"""Closes the clients when the interpreter ends, so that what they hold is free at once, not a session timeout later."""

import atexit
import os
import selectors

from zkcoord import _zkcoord
from zkcoord._operations.client import open_clients
from zkcoord._operations.guard import PARTING
from zkcoord.errors import ZkcoordError


def _close_clients() -> None:
    """All at the same time, and as long as the end of a ``with`` block may take."""
    _zkcoord.begin_ending()
    mailbox = _zkcoord.Mailbox()
    closing = []
    for number, client in enumerate(open_clients):
        operation = client._close(PARTING)
        try:
            operation.start(mailbox, number)
        except ZkcoordError:
            continue
        closing.append(operation)
    done = 0
    with selectors.DefaultSelector() as selector:
        selector.register(mailbox.fileno(), selectors.EVENT_READ)
        while done < len(closing) and selector.select(PARTING):
            done += len(mailbox.collect(len(closing)))


def install() -> None:
    """Has it done. A child of ``fork()`` leaves its parent's clients alone."""
    atexit.register(_close_clients)
    os.register_at_fork(after_in_child=open_clients.clear)
