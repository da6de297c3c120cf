"""``zkcoord lock PATH -- CMD...``: runs a command while a lock is held."""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from functools import partial

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console
from zkcoord.cli.progress import Progress
from zkcoord.cli.supervision import CannotRun, Supervision
from zkcoord.client import Client
from zkcoord.errors import AcquireTimeout, InvalidArgument
from zkcoord.guard import Guard

_DESCRIPTION = """\
Waits for the lock at PATH, runs a command, and gives the lock back when the command has
ended. Its exit code is passed on.

The command finds the fencing token in ZKCOORD_TOKEN and PATH in ZKCOORD_LOCK. It runs in
a process group of its own, to which signals are forwarded. When the lock is about to be
lost, the group gets SIGTERM, and SIGKILL before the servers can give the lock away.
"""
_EPILOG = """\
examples:
  zkcoord lock /locks/report -- ./make-report --daily
  zkcoord lock --timeout 60 /locks/report -- sh -c './publish --fence "$ZKCOORD_TOKEN"'
  zkcoord lock --try /locks/report -- ./make-report || [ $? -eq 75 ]   # or skip it
  zkcoord lock --permits 3 /limits/downloads -- ./download             # three at a time
  zkcoord lock --shared /locks/catalogue -- ./look-up                  # others may read, too

exit codes: those of the command, 128 + N when signal N has ended it; 75 the lock was not
had; 76 it was lost, and the command ended with 0 all the same; 127 no such command, 126
it cannot be run; 64, 69, 77: see zkcoord --help.
"""


def add_to(commands: options.Commands) -> None:
    """Adds the command to the command line."""
    parser = options.add_command(
        commands,
        "lock",
        run,
        summary="run a command while a lock is held",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        takes_command=True,
    )
    parser.usage = "zkcoord lock [options] PATH -- CMD..."
    parser.add_argument("path", metavar="PATH", help="the lock's directory, like /locks/report")
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument(
        "--timeout", metavar="S", type=options.duration, help="give up after so many seconds; default: never"
    )
    waiting.add_argument(
        "--try", dest="timeout", action="store_const", const=0.0, help="give up at once; --timeout 0"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--shared", action="store_true", help="the read side of a read/write lock")
    kind.add_argument(
        "--write", action="store_true", help="its write side; only needed beside Curator's read/write locks"
    )
    kind.add_argument(
        "--permits",
        metavar="N",
        type=options.count,
        help="a semaphore with N permits; all must give the same N",
    )
    parser.add_argument(
        "--take", metavar="K", type=options.count, default=1, help="how many permits to take; default: 1"
    )
    parser.add_argument(
        "--scheme",
        choices=("curator", "kazoo"),
        default="curator",
        help="whose node names to use; default: curator",
    )
    parser.add_argument(
        "--grace",
        metavar="S",
        type=options.duration,
        help="seconds from SIGTERM to SIGKILL; default: a quarter of the session timeout, at most 3/8 of it",
    )
    saying = parser.add_mutually_exclusive_group()
    saying.add_argument(
        "-v", "--verbose", action="store_true", help="tell about waiting also without a terminal"
    )
    saying.add_argument("-q", "--quiet", action="store_true", help="tell nothing but errors")


def run(given: argparse.Namespace, out: Console) -> int:
    """Carries out the command."""
    command: list[str] = given.command or []
    if not command or not command[0]:
        given.parser.error("what is to be run? zkcoord lock PATH -- CMD...")
    if given.permits and given.scheme != "curator":
        raise InvalidArgument(f"--scheme {given.scheme}: semaphores have only that of Curator")
    if given.take > (given.permits or 1):
        raise InvalidArgument(f"--take {given.take}: there are {given.permits or 1} permits, see --permits")
    if shutil.which(command[0]) is None:
        # Not after hours in the queue.
        return _cannot_run(out, command[0])
    deadline = None if given.timeout is None else time.monotonic() + given.timeout
    with options.connect(given, within=given.timeout or None) as client:
        supervision = Supervision(out, client, given.grace)
        guard = _acquire(given, out, client, deadline)
        if guard is None:
            return exit_codes.NOT_HAD
        with guard:
            if given.verbose or out.json:
                out.event(
                    "acquired", f"have {given.path}, token {guard.token}", token=guard.token, node=guard.node
                )
            environment = {**os.environ, "ZKCOORD_TOKEN": str(guard.token), "ZKCOORD_LOCK": given.path}
            try:
                code = supervision.run(guard, command, environment)
            except CannotRun as error:
                return _cannot_run(out, command[0], error.cause)
            if out.json:
                out.event("ended", "", code=code)
            return code


def _acquire(given: argparse.Namespace, out: Console, client: Client, deadline: float | None) -> Guard | None:
    acquire: Callable[..., Guard]
    attempt: Callable[[], Guard | None]
    if given.permits:
        semaphore = client.semaphore(given.path, given.permits)
        acquire, attempt = partial(semaphore.acquire, given.take), partial(semaphore.try_acquire, given.take)
    elif given.shared or given.write:
        sides = client.rw_lock(given.path, scheme=given.scheme)
        side = sides.read if given.shared else sides.write
        acquire, attempt = side.acquire, side.try_acquire
    else:
        mutex = client.mutex(given.path, scheme=given.scheme)
        acquire, attempt = mutex.acquire, mutex.try_acquire
    if given.timeout == 0:
        guard = attempt()
        if guard is None:
            out.error(AcquireTimeout.code, f"{given.path} is taken")
        return guard
    try:
        with Progress(given, out, client):
            return acquire(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
    except AcquireTimeout as error:
        out.error(error.code, str(error))
        return None


def _cannot_run(out: Console, command: str, error: OSError | None = None) -> int:
    """Says that there is no such command, or that it cannot be run."""
    found = os.path.exists(command) if os.sep in command else False
    if isinstance(error, FileNotFoundError) or (error is None and not found):
        out.error("NOT_FOUND", f"{command}: command not found")
        return exit_codes.NOT_FOUND
    why = error.strerror if error and error.strerror else "it is not executable"
    out.error("NOT_EXECUTABLE", f"{command}: {why}")
    return exit_codes.NOT_EXECUTABLE
