"""The contenders in the queue of a lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Contender:
    """A holder or waiter in the queue of a lock.

    Attributes:
        node: The path of its node, below the client's chroot.
        identity: The data of its node. zkcoord writes ``host:pid`` or the client's ``identity``, Curator the address of
            the client, kazoo its ``identifier``.
        session_id: The session that owns the node; 0 if the node is not ephemeral.
        role: ``"holder"`` or ``"waiter"``.
        mode: ``"read"`` if it shares the lock with other readers, otherwise ``"write"``.
        library: The library that wrote the node: ``"zkcoord"``, ``"curator"``, ``"kazoo"``, ``"go-zookeeper"``,
            ``"zookeeper-recipe"``, ``"other"``.
        waiting_since: The time at which it queued, by the server's clock, in UTC.
    """

    node: str
    identity: str
    session_id: int
    role: Literal["holder", "waiter"]
    mode: Literal["read", "write"]
    library: str
    waiting_since: datetime


class Queue(list[Contender]):
    """A snapshot of the queue of a lock: its contenders in order of arrival. Made by ``mutex.inspect()``.

    Attributes:
        warnings: Messages about libraries in the queue that do not see each other. Empty if all of them do.
    """

    def __init__(self, contenders: Iterable[Contender] = (), warnings: Iterable[str] = ()) -> None:
        super().__init__(contenders)
        self.warnings: list[str] = list(warnings)
