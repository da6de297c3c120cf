"""``zkcoord doctor PATH``: looks for what will make trouble, and says what to do about it.

1. Ask every server who it is, by ZooKeeper's command ``srvr``.
2. Connect as programs do, and measure round trips to the leader.
3. See what the ACLs permit at PATH, in transactions that fail on purpose: nothing is changed.
4. Look at the queue, for libraries that do not see each other and for numbers that run out.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Literal

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console, printable
from zkcoord.cli.servers import Server, addresses, ask
from zkcoord.client import Client
from zkcoord.errors import InvalidArgument, ZkcoordError
from zkcoord.tls import Tls

_DESCRIPTION = """\
Looks at the servers, the session, the permissions and the queue at PATH, and says what
to do about what is wrong. Changes nothing. Exit code 0: nothing is broken, though there
may be warnings; 1: something is.
"""
_EPILOG = """\
examples:
  zkcoord doctor /locks/report
  zkcoord doctor --hosts zk1:2181,zk2:2181,zk3:2181/app /locks/report
  zkcoord doctor --json /locks/report | jq '.checks[] | select(.status != "ok")'
"""
_ROUND_TRIPS = 7
_SLOW = 0.1
_LAST_NUMBER = 2**31 - 1
_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one look.

    Attributes:
        name: What was looked at.
        status: How it is.
        message: What was seen.
        advice: What to do about it, where the message does not say so.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    advice: str = ""


def add_to(commands: options.Commands) -> None:
    """Adds the command to the command line."""
    parser = options.add_command(
        commands, "doctor", run, summary="look for trouble", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("path", metavar="PATH", help="a lock's directory, like /locks/report")
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=options.duration,
        default=5.0,
        help="to wait for each answer; default: 5",
    )


def run(given: argparse.Namespace, out: Console) -> int:
    """Carries out the command."""
    checks = []
    for check in _examine(given):
        checks.append(check)
        if not out.json:
            mark = out.style(check.status.ljust(4), _STYLES[check.status])
            out.result(None, f"{mark}  {check.name.ljust(11)}  {printable(check.message)}")
            if check.advice:
                out.result(None, f"{' ' * 19}{printable(check.advice)}")
    broken = any(check.status == "fail" for check in checks)
    if out.json:
        warned = any(check.status == "warn" for check in checks)
        status = "fail" if broken else "warn" if warned else "ok"
        out.result({"path": given.path, "status": status, "checks": [asdict(check) for check in checks]}, "")
    return exit_codes.TROUBLE if broken else exit_codes.OK


def _examine(given: argparse.Namespace) -> Iterator[Check]:
    yield from _servers(options.hosts(given), given.timeout, options.tls(given))
    try:
        started = time.monotonic()
        client = options.connect(given)
    except InvalidArgument:
        raise  # wrong usage is no finding
    except ZkcoordError as error:
        yield Check(
            "session",
            "fail",
            str(error),
            "start the servers, or see --hosts, --auth, --tls and --connect-timeout",
        )
        return
    with client:
        yield from _session(given, client, time.monotonic() - started)
        try:
            yield from _round_trips(given, client)
            yield from _permissions(given, client)
        except InvalidArgument:
            raise
        except ZkcoordError as error:
            yield Check(
                "requests", "fail", str(error), "see whether the servers are overloaded or restarting"
            )


def _servers(hosts: str, timeout: float, tls: Tls | None) -> Iterator[Check]:
    wanted = addresses(hosts)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        servers = list(pool.map(lambda address: ask(address, timeout, tls), wanted))
    answering = [server for server in servers if server.trouble is None]
    for server in servers:
        if server.trouble is None:
            yield Check(
                "server",
                "ok",
                f"{server.name} answers: {server.mode or 'will not say more'}{_version(server)}",
            )
        else:
            yield Check(
                "server",
                "warn" if answering else "fail",
                f"{server.name}: {server.trouble}",
                "start it, or take it out of --hosts; look at firewalls if it runs",
            )
    modes = [server.mode for server in answering if server.mode]
    if "standalone" in modes:
        yield Check(
            "ensemble",
            "warn",
            "a server stands alone: without it there are no locks, and its disk is the only copy",
            "for production run three servers or five",
        )
    elif modes and len(modes) == len(servers) and "leader" not in modes:
        yield Check("ensemble", "fail", "no server leads", "see whether more than half of the ensemble runs")
    elif modes:
        yield Check(
            "ensemble", "ok", f"{len(answering)} of {len(servers)} servers answer: {', '.join(modes)}"
        )


def _version(server: Server) -> str:
    return f", ZooKeeper {server.version}" if server.version else ""


def _session(given: argparse.Namespace, client: Client, took: float) -> Iterator[Check]:
    granted = client._native.session_timeout()
    number = f"session {client.session_id & (2**64 - 1):#x}, made in {took * 1000:.0f} ms"
    if granted == given.session_timeout:
        yield Check("session", "ok", f"{number}, for {granted:g} s of silence")
    else:
        yield Check(
            "session",
            "warn",
            f"{number}; asked for {given.session_timeout:g} s of silence, granted {granted:g} s",
            "ask for what the servers grant, or change their minSessionTimeout and maxSessionTimeout",
        )


def _round_trips(given: argparse.Namespace, client: Client) -> Iterator[Check]:
    # Where nothing is: read behind a sync, so the leader answers too.
    nowhere = client.counter(f"/zkcoord-doctor-{uuid.uuid4().hex}")
    times = []
    for _ in range(_ROUND_TRIPS):
        started = time.monotonic()
        nowhere.get(timeout=given.timeout)
        times.append(time.monotonic() - started)
    median = statistics.median(times)
    message = f"{median * 1000:.1f} ms in the median, {max(times) * 1000:.1f} ms at worst, of {_ROUND_TRIPS}"
    if median < _SLOW:
        yield Check("round trip", "ok", message)
    else:
        yield Check(
            "round trip",
            "warn",
            message,
            "a lock takes at least one: run the servers nearer to their clients",
        )


def _permissions(given: argparse.Namespace, client: Client) -> Iterator[Check]:
    nearest, next_number, *refusals = client._native.access(given.path, given.timeout).wait()
    listing, *changes, container = refusals
    there = nearest == given.path
    where = nearest if there else f"{nearest} (there is no {given.path} yet)"
    refused = [why for why in (listing, *changes) if why]
    if refused:
        yield Check(
            "permissions", "fail", "; ".join(refused), "authenticate with --auth, or have the ACL changed"
        )
    else:
        yield Check("permissions", "ok", f"may list, make and delete nodes in {where}")
    if not refused and container:
        yield Check(
            "containers", "fail", container, "make the directories by hand, or run ZooKeeper 3.5.3 or newer"
        )
    if there and listing is None:
        yield from _queue(given, client, next_number)


def _queue(given: argparse.Namespace, client: Client, next_number: int) -> Iterator[Check]:
    queue = client.mutex(given.path).inspect(timeout=given.timeout)
    holders = [each.identity for each in queue if each.role == "holder"]
    if queue:
        yield Check("queue", "ok", f"held by {', '.join(holders)}; {len(queue) - len(holders)} wait")
    else:
        yield Check("queue", "ok", "nobody holds it or waits for it")
    for warning in queue.warnings:
        yield Check("queue", "warn", warning)
    used = f"{next_number:,} of {_LAST_NUMBER:,} sequence numbers used"
    if next_number >= _LAST_NUMBER:
        advice = "delete the directory while nobody holds or waits; it starts again at 0"
        yield Check("numbers", "fail", used, advice)
    elif next_number > _LAST_NUMBER * 0.9:
        advice = "delete the directory at a quiet time, while nobody holds or waits; it starts again at 0"
        yield Check("numbers", "warn", used, advice)
    else:
        yield Check("numbers", "ok", used)
