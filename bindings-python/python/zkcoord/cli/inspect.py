"""``zkcoord inspect PATH``: who holds a lock, and who waits for it."""

from __future__ import annotations

import argparse
import time

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console, printable
from zkcoord.contender import Contender, Queue
from zkcoord.errors import AcquireTimeout, ConnectionLost, SessionExpired

_DESCRIPTION = """\
Lists who holds the lock at PATH and who waits for it, in order, of whatever library: a
mutex or a read/write lock. Warns of mixes of libraries that do not see each other. A
semaphore's holders are at PATH/leases, those who wait at PATH/locks.
"""
_EPILOG = """\
examples:
  zkcoord inspect /locks/report
  zkcoord inspect --watch /locks/report
  zkcoord inspect --json /locks/report | jq -r '.contenders[] | select(.role == "holder").identity'
"""


def add_to(commands: options.Commands) -> None:
    """Adds the command to the command line."""
    parser = options.add_command(
        commands,
        "inspect",
        run,
        summary="list who holds a lock and who waits for it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("path", metavar="PATH", help="the lock's directory, like /locks/report")
    parser.add_argument("--watch", action="store_true", help="go on, and list again what has changed")
    parser.add_argument(
        "--interval", metavar="S", type=options.duration, default=1.0, help="how often to look; default: 1"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=options.duration,
        default=10.0,
        help="to wait for an answer; default: 10",
    )


def run(given: argparse.Namespace, out: Console) -> int:
    """Carries out the command."""
    with options.connect(given) as client:
        mutex = client.mutex(given.path)
        if not given.watch:
            queue = mutex.inspect(timeout=given.timeout)
            out.result(_as_json(given.path, queue), _as_text(given.path, queue, out))
            return exit_codes.OK
        shown: object = None
        while True:
            try:
                queue = mutex.inspect(timeout=given.timeout)
                if shown != (list(queue), queue.warnings):
                    shown = (list(queue), queue.warnings)
                    out.result(
                        _as_json(given.path, queue), out.fresh_page() + _as_text(given.path, queue, out)
                    )
            except (AcquireTimeout, ConnectionLost, SessionExpired) as error:
                out.event("unanswered", str(error), code=error.code)
            time.sleep(given.interval)


def _as_json(path: str, queue: Queue) -> dict[str, object]:
    return {
        "path": path,
        "contenders": [
            {
                "node": each.node,
                "identity": each.identity,
                # A text: many readers of JSON have no integers of 64 bits. As ZooKeeper's own tools show it.
                "session_id": f"{each.session_id & (2**64 - 1):#x}",
                "role": each.role,
                "mode": each.mode,
                "library": each.library,
                "waiting_since": each.waiting_since.isoformat(),
            }
            for each in queue
        ],
        "warnings": queue.warnings,
    }


def _as_text(path: str, queue: Queue, out: Console) -> str:
    lines = [out.style(path, "bold")]
    if not queue:
        lines.append("nobody holds it or waits for it")
    rows = [_row(each) for each in queue]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for each, row in zip(queue, rows, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(out.style(line, "green") if each.role == "holder" else line)
    lines.extend(out.style(f"warning: {warning}", "yellow") for warning in queue.warnings)
    return "\n".join(lines)


def _row(each: Contender) -> tuple[str, ...]:
    since = each.waiting_since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    role = f"{each.role} (read)" if each.mode == "read" else each.role
    return role, printable(each.identity), f"since {since}", each.library, each.node.rpartition("/")[2]
