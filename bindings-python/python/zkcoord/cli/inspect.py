"""The command ``zkcoord inspect PATH``, which lists the holders and waiters of a lock."""

from __future__ import annotations

import argparse
import time

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console, printable
from zkcoord.contender import Contender, Queue
from zkcoord.errors import AcquireTimeout, ConnectionLost, SessionExpired

_DESCRIPTION = """\
Lists the holders and waiters of the lock at PATH in order, whatever library they use. The
lock may be a mutex or a read/write lock. Warns about libraries that do not see each other.
The holders of a semaphore are at PATH/leases, its waiters at PATH/locks.
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
        summary="list the holders and waiters of a lock",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        path="the directory of the lock, like /locks/report",
    )
    parser.add_argument("--watch", action="store_true", help="continue, and list the queue after each change")
    parser.add_argument(
        "--interval",
        metavar="S",
        type=options.duration,
        default=1.0,
        help="seconds between two checks for changes; default: 1",
    )
    options.add_timeout(parser, default=10.0)


def run(given: argparse.Namespace, out: Console) -> int:
    """Runs the command."""
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
                    text = out.clear_screen() + _as_text(given.path, queue, out)
                    out.result(_as_json(given.path, queue), text)
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
                # A string, because many JSON readers lack 64-bit integers. In the form of ZooKeeper's own tools.
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
