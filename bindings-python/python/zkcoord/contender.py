"""Who stands in a lock's queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Contender:
    """One who stands in a lock's queue.

    Attributes:
        node: The path of its node, below the client's chroot.
        identity: The text in its node. zkcoord writes ``host:pid`` or what the client was told, Curator the client's
            address, kazoo its ``identifier``.
        session_id: The session that it belongs to; 0 when the node is not ephemeral.
        role: ``"holder"``, or ``"waiter"``.
        mode: ``"read"`` when it is content with others that read, otherwise ``"write"``.
        library: Which library wrote the node: ``"zkcoord"``, ``"curator"``, ``"kazoo"``, ``"go-zookeeper"``,
            ``"zookeeper-recipe"``, ``"other"``.
        waiting_since: When it queued, by the server's clock, in UTC.
    """

    node: str
    identity: str
    session_id: int
    role: Literal["holder", "waiter"]
    mode: Literal["read", "write"]
    library: str
    waiting_since: datetime


class Queue(list[Contender]):
    """A lock's queue as it was: its contenders, first come first. Made by ``mutex.inspect()``.

    Attributes:
        warnings: What is wrong with the queue, in words to act on. Empty when all in it can see each other.
    """

    def __init__(self, contenders: Iterable[Contender] = (), warnings: Iterable[str] = ()) -> None:
        super().__init__(contenders)
        self.warnings: list[str] = list(warnings)
