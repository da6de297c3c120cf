"""The command ``zkcoord doctor PATH``, which looks for problems and recommends what to do about them.

1. Ask every server for its mode and version, by ZooKeeper's command ``srvr``.
2. Connect as programs do, and measure round trips to the leader.
3. Find out what the ACLs permit at PATH, by transactions that fail on purpose: nothing is changed.
4. Inspect the queue for libraries that do not see each other and for sequence numbers that run out.
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
Checks the servers, the session, the permissions and the queue at PATH, and recommends
what to do about problems. Changes nothing. Exits with 0 if nothing is broken, even if
there are warnings, and with 1 otherwise.
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
    """The result of one check.

    Attributes:
        name: The subject of the check.
        status: The outcome.
        message: The finding.
        advice: The recommended action, if the message does not contain it.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    advice: str = ""


def add_to(commands: options.Commands) -> None:
    """Adds the command to the command line."""
    parser = options.add_command(
        commands,
        "doctor",
        run,
        summary="look for problems",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        path="the directory of a lock, like /locks/report",
    )
    options.add_timeout(parser, default=5.0)


def run(given: argparse.Namespace, out: Console) -> int:
    """Runs the command."""
    checks = []
    for check in _run_checks(given):
        checks.append(check)
        if not out.json:
            mark = out.style(check.status.ljust(4), _STYLES[check.status])
            out.result(None, f"{mark}  {check.name.ljust(11)}  {printable(check.message)}")
            if check.advice:
                out.result(None, f"{' ' * 19}{printable(check.advice)}")
    has_failed = any(check.status == "fail" for check in checks)
    if out.json:
        has_warned = any(check.status == "warn" for check in checks)
        status = "fail" if has_failed else "warn" if has_warned else "ok"
        out.result({"path": given.path, "status": status, "checks": [asdict(check) for check in checks]}, "")
    return exit_codes.PROBLEMS_FOUND if has_failed else exit_codes.OK


def _run_checks(given: argparse.Namespace) -> Iterator[Check]:
    yield from _check_servers(options.hosts(given), given.timeout, options.tls(given))
    try:
        started = time.monotonic()
        client = options.connect(given)
    except InvalidArgument:
        raise  # invalid usage is not a finding
    except ZkcoordError as error:
        advice = "start the servers, or see --hosts, --auth, --tls and --connect-timeout"
        yield Check("session", "fail", str(error), advice)
        return
    with client:
        yield from _check_session(given, client, time.monotonic() - started)
        try:
            yield from _check_round_trips(given, client)
            yield from _check_permissions(given, client)
        except InvalidArgument:
            raise
        except ZkcoordError as error:
            advice = "check whether the servers are overloaded or restarting"
            yield Check("requests", "fail", str(error), advice)


def _check_servers(hosts: str, timeout: float, tls: Tls | None) -> Iterator[Check]:
    wanted = addresses(hosts)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        servers = list(pool.map(lambda address: ask(address, timeout, tls), wanted))
    answering = [server for server in servers if server.error is None]
    for server in servers:
        if server.error is None:
            mode = server.mode or "it does not report its mode"
            yield Check("server", "ok", f"{server.name} answers: {mode}{_version(server)}")
        else:
            status: Literal["warn", "fail"] = "warn" if answering else "fail"
            advice = "start it, or remove it from --hosts; if it runs, check firewalls"
            yield Check("server", status, f"{server.name}: {server.error}", advice)
    modes = [server.mode for server in answering if server.mode]
    if "standalone" in modes:
        message = "a standalone server: without it no lock can be acquired, and its disk is the only copy"
        yield Check("ensemble", "warn", message, "run three or five servers in production")
    elif modes and len(modes) == len(servers) and "leader" not in modes:
        advice = "check whether more than half of the ensemble is running"
        yield Check("ensemble", "fail", "no server is the leader", advice)
    elif modes:
        message = f"{len(answering)} of {len(servers)} servers answer: {', '.join(modes)}"
        yield Check("ensemble", "ok", message)


def _version(server: Server) -> str:
    return f", ZooKeeper {server.version}" if server.version else ""


def _check_session(given: argparse.Namespace, client: Client, took: float) -> Iterator[Check]:
    granted = client._native.session_timeout()
    session = f"session {client.session_id & (2**64 - 1):#x}, opened in {took * 1000:.0f} ms"
    if granted == given.session_timeout:
        yield Check("session", "ok", f"{session}, with a timeout of {granted:g} s")
    else:
        message = f"{session}; requested a timeout of {given.session_timeout:g} s, granted {granted:g} s"
        advice = "request what the servers grant, or change their minSessionTimeout and maxSessionTimeout"
        yield Check("session", "warn", message, advice)


def _check_round_trips(given: argparse.Namespace, client: Client) -> Iterator[Check]:
    # The node does not exist. It is read after a sync, so that the leader answers too.
    missing = client.counter(f"/zkcoord-doctor-{uuid.uuid4().hex}")
    times = []
    for _ in range(_ROUND_TRIPS):
        started = time.monotonic()
        missing.get(timeout=given.timeout)
        times.append(time.monotonic() - started)
    median = statistics.median(times)
    message = f"median {median * 1000:.1f} ms, maximum {max(times) * 1000:.1f} ms, of {_ROUND_TRIPS}"
    if median < _SLOW:
        yield Check("round trip", "ok", message)
    else:
        advice = "acquiring a lock takes at least one: run the servers closer to their clients"
        yield Check("round trip", "warn", message, advice)


def _check_permissions(given: argparse.Namespace, client: Client) -> Iterator[Check]:
    nearest, next_number, *refusals = client._native.access(given.path, given.timeout).wait()
    listing, *changes, container = refusals
    exists = nearest == given.path
    where = nearest if exists else f"{nearest} ({given.path} does not exist yet)"
    refused = [reason for reason in (listing, *changes) if reason]
    if refused:
        advice = "authenticate with --auth, or have the ACL changed"
        yield Check("permissions", "fail", "; ".join(refused), advice)
    else:
        yield Check("permissions", "ok", f"may list, create and delete nodes in {where}")
    if not refused and container:
        advice = "create the directories yourself, or run ZooKeeper 3.5.3 or newer"
        yield Check("containers", "fail", container, advice)
    if exists and listing is None:
        yield from _check_queue(given, client, next_number)


def _check_queue(given: argparse.Namespace, client: Client, next_number: int) -> Iterator[Check]:
    queue = client.mutex(given.path).inspect(timeout=given.timeout)
    holders = [each.identity for each in queue if each.role == "holder"]
    if queue:
        yield Check("queue", "ok", f"held by {', '.join(holders)}; {len(queue) - len(holders)} waiting")
    else:
        yield Check("queue", "ok", "nobody holds it or waits for it")
    for warning in queue.warnings:
        yield Check("queue", "warn", warning)
    used = f"{next_number:,} of {_LAST_NUMBER:,} sequence numbers used"
    advice = "delete the directory while nobody holds the lock or waits for it; the numbers restart at 0"
    if next_number >= _LAST_NUMBER:
        yield Check("numbers", "fail", used, advice)
    elif next_number > _LAST_NUMBER * 0.9:
        yield Check("numbers", "warn", used, advice)
    else:
        yield Check("numbers", "ok", used)
