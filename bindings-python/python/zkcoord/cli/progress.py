"""The progress shown while a lock is waited for: the place in the queue, and the holder."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Self

from zkcoord.cli.console import Console, printable, seconds
from zkcoord.client import Client
from zkcoord.contender import Contender
from zkcoord.errors import ZkcoordError

# A short wait is not worth a message.
_FIRST_PAUSE = 0.3
_INTERVAL = 1.0


class Progress:
    """Shows the progress of the wait for a lock, from its own thread, within a ``with`` block."""

    def __init__(self, given: argparse.Namespace, out: Console, client: Client) -> None:
        self._given = given
        self._out = out
        self._client = client
        self._since = time.monotonic()
        self._held_since: dict[str, float] = {}
        self._waiting: set[str] = set()
        self._shown: object = None
        self._done = threading.Event()
        is_visible = out.is_interactive or given.verbose or out.json
        self._wanted = not given.quiet and given.timeout != 0 and is_visible

    def __enter__(self) -> Self:
        if self._wanted:
            threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._wanted:
            self._out.status("")

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._done.wait(pause):
            pause = _INTERVAL
            try:
                self._update()
            except ZkcoordError:
                self._show(None, [], f"no answer from the servers ({self._client.state})")

    def _update(self) -> None:
        path = self._given.path
        if self._given.permits:
            queue = self._client.mutex(f"{path}/locks").inspect(timeout=_INTERVAL)
            # Every lease is held, whatever its place in the list.
            holders = list(self._client.mutex(f"{path}/leases").inspect(timeout=_INTERVAL))
            waiters = list(queue)
        else:
            queue = self._client.mutex(path).inspect(timeout=_INTERVAL)
            holders = [each for each in queue if each.role == "holder"]
            waiters = [each for each in queue if each.role == "waiter"]
        own = [each for each in queue if each.session_id == self._client.session_id]
        if not own or own[0] not in waiters:
            return  # not queued yet, or just granted
        mine = own[0]
        place = waiters.index(mine) + 1
        held = [(each.identity, self._held_for(each, mine)) for each in holders]
        self._waiting = {each.node for each in queue if each not in holders}
        text = f"{_ordinal(place)} in line"
        if held:
            more = f" and {len(held) - 1} more" if len(held) > 1 else ""
            text += f", held by {printable(held[0][0])}{more} for {seconds(held[0][1])}"
        self._show(place, held, text)

    def _held_for(self, holder: Contender, mine: Contender) -> float:
        """Returns for how many seconds the lock has been held.

        That is the time since the holder was first seen to hold it. A holder that was never seen waiting may have held
        the lock since it queued.
        """
        now = time.monotonic()
        if holder.node in self._waiting:
            self._held_since.setdefault(holder.node, now)
        # The time before we queued is measured by the server's clock alone, the time since then by ours alone.
        before_us: timedelta = mine.waiting_since - holder.waiting_since
        return now - self._held_since.get(holder.node, self._since - before_us.total_seconds())

    def _show(self, place: int | None, held: Sequence[tuple[str, float]], text: str) -> None:
        if self._done.is_set():
            return
        line = f"{self._given.path}: {text}"
        if self._out.is_interactive:
            self._out.status(f"zkcoord: {line}")
            return
        # Elsewhere only changes are shown; the seconds always change and do not count.
        news = (place, [identity for identity, _ in held], None if held else text)
        if news != self._shown:
            self._shown = news
            holders = [{"identity": identity, "seconds": round(age, 1)} for identity, age in held]
            self._out.event("waiting", line, place=place, holders=holders)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"
