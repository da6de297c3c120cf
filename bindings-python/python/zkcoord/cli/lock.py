"""The command ``zkcoord lock PATH -- CMD...``, which runs a command while a lock is held."""

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
from zkcoord.cli.supervision import CannotRun, Supervisor
from zkcoord.client import Client
from zkcoord.errors import AcquireTimeout, InvalidArgument
from zkcoord.guard import Guard

_DESCRIPTION = """\
Acquires the lock at PATH, runs a command, and releases the lock when the command has
ended. Exits with the exit code of the command.

The command finds the fencing token in ZKCOORD_TOKEN and PATH in ZKCOORD_LOCK. It runs in
its own process group, to which signals are forwarded. When the lock is about to be lost,
the group gets SIGTERM, and SIGKILL before the servers can grant the lock to others.
"""
_EPILOG = """\
examples:
  zkcoord lock /locks/report -- ./make-report --daily
  zkcoord lock --timeout 60 /locks/report -- sh -c './publish --fence "$ZKCOORD_TOKEN"'
  zkcoord lock --try /locks/report -- ./make-report || [ $? -eq 75 ]   # skip it if the lock is held
  zkcoord lock --permits 3 /limits/downloads -- ./download             # at most three at a time
  zkcoord lock --shared /locks/catalogue -- ./look-up                  # other readers may hold it too

exit codes: that of the command, or 128 + N if signal N has ended it; 75 timed out; 76 the
lock was lost, although the command ended with 0; 127 command not found; 126 the command
cannot be run; 64, 69, 77: see zkcoord --help.
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
        path="the directory of the lock, like /locks/report",
        takes_command=True,
    )
    parser.usage = "zkcoord lock [options] PATH -- CMD..."
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument(
        "--timeout",
        metavar="S",
        type=options.duration,
        help="seconds to wait for the lock; default: no limit",
    )
    waiting.add_argument(
        "--try", dest="timeout", action="store_const", const=0.0, help="do not wait; same as --timeout 0"
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
        help="a semaphore with N permits; all clients must give the same N",
    )
    parser.add_argument(
        "--take",
        metavar="K",
        type=options.count,
        default=1,
        help="the number of permits to acquire; default: 1",
    )
    parser.add_argument(
        "--scheme",
        choices=("curator", "kazoo"),
        default="curator",
        help="the library whose node names to use; default: curator",
    )
    parser.add_argument(
        "--grace",
        metavar="S",
        type=options.duration,
        help="seconds from SIGTERM to SIGKILL; default: a quarter of the session timeout, at most 3/8 of it",
    )
    verbosity = parser.add_mutually_exclusive_group()
    verbosity.add_argument(
        "-v", "--verbose", action="store_true", help="show the progress of the wait even without a terminal"
    )
    verbosity.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors and losses"
    )


def run(given: argparse.Namespace, out: Console) -> int:
    """Runs the command."""
    command: list[str] = given.command or []
    if not command or not command[0]:
        given.parser.error("missing the command to run; usage: zkcoord lock PATH -- CMD...")
    if given.permits and given.scheme != "curator":
        raise InvalidArgument(f"--scheme {given.scheme}: semaphores support only the scheme curator")
    if given.take > (given.permits or 1):
        raise InvalidArgument(f"--take {given.take}: must be at most {given.permits or 1}, see --permits")
    if shutil.which(command[0]) is None:
        # Checked now, because the wait for the lock may take hours.
        return _cannot_run(out, command[0])
    deadline = None if given.timeout is None else time.monotonic() + given.timeout
    with options.connect(given, within=given.timeout or None) as client:
        supervisor = Supervisor(out, client, given.grace)
        guard = _acquire(given, out, client, deadline)
        if guard is None:
            return exit_codes.TIMED_OUT
        with guard:
            if given.verbose or out.json:
                text = f"acquired {given.path}, token {guard.token}"
                out.event("acquired", text, token=guard.token, node=guard.node)
            environment = {**os.environ, "ZKCOORD_TOKEN": str(guard.token), "ZKCOORD_LOCK": given.path}
            try:
                code = supervisor.run(guard, command, environment)
            except CannotRun as error:
                return _cannot_run(out, command[0], error.cause)
            if out.json:
                out.event("ended", "", code=code)
            return code


def _acquire(given: argparse.Namespace, out: Console, client: Client, deadline: float | None) -> Guard | None:
    acquire: Callable[..., Guard]
    try_acquire: Callable[[], Guard | None]
    if given.permits:
        semaphore = client.semaphore(given.path, given.permits)
        acquire = partial(semaphore.acquire, given.take)
        try_acquire = partial(semaphore.try_acquire, given.take)
    elif given.shared or given.write:
        sides = client.rw_lock(given.path, scheme=given.scheme)
        side = sides.read if given.shared else sides.write
        acquire, try_acquire = side.acquire, side.try_acquire
    else:
        mutex = client.mutex(given.path, scheme=given.scheme)
        acquire, try_acquire = mutex.acquire, mutex.try_acquire
    if given.timeout == 0:
        guard = try_acquire()
        if guard is None:
            out.error(AcquireTimeout.code, f"{given.path} is held by others, and --try does not wait")
        return guard
    try:
        with Progress(given, out, client):
            return acquire(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
    except AcquireTimeout as error:
        out.error(error.code, str(error))
        return None


def _cannot_run(out: Console, command: str, error: OSError | None = None) -> int:
    """Reports that there is no such command, or that it cannot be run."""
    exists = os.path.exists(command) if os.sep in command else False
    if isinstance(error, FileNotFoundError) or (error is None and not exists):
        out.error("NOT_FOUND", f"{command}: command not found")
        return exit_codes.NOT_FOUND
    reason = error.strerror if error and error.strerror else "it is not executable"
    out.error("NOT_EXECUTABLE", f"{command}: {reason}")
    return exit_codes.NOT_EXECUTABLE
