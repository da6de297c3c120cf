"""Real ZooKeeper servers, a fault-injecting proxy and an observer for tests: a client of ``zkcoord-testkit``.

Everything that a kit has started ends when the kit is closed, or when this process ends in any way::

    with Kit() as kit:
        zk = kit.zookeeper()
        proxy = kit.proxy(zk.host(0))
        rule = proxy.swallow_reply("create")
        ...                                     # connect to proxy.address
        assert rule.wait_fired()
        assert zk.observer.children("/locks") == []
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


class TestkitError(Exception):
    """A failure of the test kit."""

    __test__ = False  # pytest: not a test class


class _Closing:
    """An object that is closed at the end of its ``with`` block."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def find_program() -> str:
    """Returns the path of the test kit's program: ``$ZKCOORD_TESTKIT``, or the one that cargo has built here."""
    given = os.environ.get("ZKCOORD_TESTKIT")
    if given:
        return given
    root = Path(__file__).resolve().parents[3]
    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    built = [target / profile / "zkcoord-testkit" for profile in ("debug", "release")]
    newest = max(
        (path for path in built if path.exists()), key=lambda path: path.stat().st_mtime, default=None
    )
    if newest is None:
        raise TestkitError("zkcoord-testkit is not built: cargo build -p zkcoord-testkit")
    return str(newest)


class Kit(_Closing):
    """A running ``zkcoord-testkit``. Several threads may use it."""

    def __init__(self, program: str | None = None) -> None:
        self._process = subprocess.Popen(
            [program or find_program()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C must only reach the tests, which close the kit when they have finished.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def call(self, name: str, **arguments: Any) -> Any:
        """Sends a call (see README.md) and returns its result."""
        answer: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._lock:
            if self._ended:
                raise TestkitError("the test kit has ended")
            number = next(self._ids)
            self._waiting[number] = answer
            self._stdin.write(json.dumps({"id": number, "call": name, **arguments}) + "\n")
            self._stdin.flush()
        result = answer.get()
        if "error" in result:
            raise TestkitError(result["error"])
        return result["ok"]

    def zookeeper(
        self,
        nodes: int = 1,
        *,
        tick_ms: int = 250,
        properties: dict[str, str] | None = None,
        java_options: list[str] | None = None,
        tls: bool = False,
    ) -> ZooKeeper:
        """Starts real servers and returns when they are ready. With ``tls`` they also have a port for TLS."""
        options = {"properties": properties or {}, "java_options": java_options or [], "tls": tls}
        started = self.call("zookeeper.start", nodes=nodes, tick_ms=tick_ms, **options)
        return ZooKeeper(self, started["zookeeper"], started["hosts"], started["tls"])

    def proxy(self, upstream: str) -> Proxy:
        """Starts a proxy in front of one server."""
        started = self.call("proxy.start", upstream=upstream)
        return Proxy(self, started["proxy"], started["address"])

    def hostile_server(self, upstream: str, attack: str) -> HostileServer:
        """Starts a server that forges one answer, and passes on the others of ``upstream``."""
        started = self.call("hostile.start", upstream=upstream, attack=attack)
        return HostileServer(self, started["hostile"], started["address"])

    def observer(self, hosts: str) -> Observer:
        """Returns an observer of any servers."""
        return Observer(self, {"hosts": hosts})

    def close(self) -> None:
        """Ends the kit and everything that it has started."""
        with contextlib.suppress(TestkitError, OSError):  # the kit may have ended already
            self.call("exit")
        self._stdin.close()
        self._process.wait(30)

    def _read(self) -> None:
        for line in self._stdout:
            answer = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(answer["id"], None)
            if waiting is not None:
                waiting.put(answer)
        self._stdout.close()
        with self._lock:
            self._ended = True
            left = list(self._waiting.values())
        for waiting in left:
            waiting.put({"error": "the test kit has ended"})


class ZooKeeper(_Closing):
    """Running servers. Nodes are numbered from 0."""

    def __init__(self, kit: Kit, name: str, hosts: str, tls: dict[str, str] | None) -> None:
        self._kit = kit
        self._name = name
        self.hosts = hosts
        # The values that README.md describes, or none without a port for TLS.
        self.tls = tls or {}
        self.observer = Observer(kit, {"zookeeper": name})

    def host(self, node: int) -> str:
        """Returns one node's address."""
        return self.hosts.split(",")[node]

    def kill(self, node: int) -> None:
        """Kills a node (SIGKILL) and returns when it has ended."""
        self._call("kill", node=node)

    def start_node(self, node: int) -> None:
        """Starts a killed node with its old data; see also :meth:`wait_ready`."""
        self._call("start_node", node=node)

    def pause(self, node: int) -> None:
        """Pauses a node (SIGSTOP). Its connections stay open, but it does not answer any more."""
        self._call("pause", node=node)

    def resume(self, node: int) -> None:
        """Resumes a paused node (SIGCONT)."""
        self._call("resume", node=node)

    def leader(self) -> int:
        """Returns the leader. Waits for an election that is under way."""
        return int(self._call("leader"))

    def mode(self, node: int) -> str | None:
        """Returns ``leader``, ``follower`` or ``standalone``, or ``None`` while the node does not serve clients."""
        result: str | None = self._call("mode", node=node)
        return result

    def pid(self, node: int) -> int | None:
        """Returns the process id of a node, or ``None`` while it is down."""
        result: int | None = self._call("pid", node=node)
        return result

    def log(self, node: int) -> str:
        """Returns everything that a node has logged."""
        return str(self._call("log", node=node))

    def wait_ready(self, timeout: float = 30) -> None:
        """Waits until all nodes that are neither down nor paused serve clients."""
        self._call("wait_ready", timeout_ms=_milliseconds(timeout))

    def expire(self, session_id: int) -> None:
        """Ends a session from outside, as if it had expired."""
        self._call("expire", session_id=str(session_id))

    def close(self) -> None:
        """Ends the servers."""
        self._call("stop")

    def _call(self, name: str, **arguments: Any) -> Any:
        return self._kit.call(f"zookeeper.{name}", zookeeper=self._name, **arguments)


@dataclass(frozen=True)
class Frame:
    """A frame that a proxy has received."""

    connection: int
    direction: str  # "request" or "reply"
    op: str
    code: int
    xid: int
    path: str | None
    error: int
    passed: bool
    at_ms: float


class Proxy(_Closing):
    """A proxy; an ``op`` is ``create``, ``delete``, ``exists``, ``get_data``, ``set_data``, ``get_children``,
    ``sync``, ``multi``, ``ping``, ``close_session``, ``connect`` or ``any`` (all but ``connect``)."""

    def __init__(self, kit: Kit, name: str, address: str) -> None:
        self._kit = kit
        self._name = name
        self.address = address

    def swallow_reply(self, op: str, nth: int = 1) -> Rule:
        """Forwards the nth such request from now, but loses its reply and closes that connection."""
        return self._rule("swallow_reply", op=op, nth=nth)

    def swallow_request(self, op: str, nth: int = 1) -> Rule:
        """Loses the nth such request from now, and closes that connection."""
        return self._rule("swallow_request", op=op, nth=nth)

    def swallow_replies_at_random(self, op: str, probability: float, seed: int) -> Rule:
        """Loses the reply to each such request with that probability."""
        return self._rule("swallow_replies_at_random", op=op, probability=probability, seed=seed)

    def swallow_requests_at_random(self, op: str, probability: float, seed: int) -> Rule:
        """Loses each such request with that probability."""
        return self._rule("swallow_requests_at_random", op=op, probability=probability, seed=seed)

    def clear_rules(self) -> None:
        """Removes all rules."""
        self._call("clear_rules")

    def hold_replies(self, on: bool = True) -> None:
        """Holds everything that the server sends until it is called with ``False``."""
        self._call("hold_replies", on=on)

    def hold_requests(self, on: bool = True) -> None:
        """Holds everything that clients send until it is called with ``False``."""
        self._call("hold_requests", on=on)

    def stall(self, on: bool = True) -> None:
        """Stops forwarding but leaves connections open, as in a network partition."""
        self._call("stall", on=on)

    def refuse(self, on: bool = True) -> None:
        """Closes all connections, and closes new ones at once, until it is called with ``False``."""
        self._call("refuse", on=on)

    def delay(self, seconds: float) -> None:
        """Delays every frame."""
        self._call("delay", ms=_milliseconds(seconds))

    def cut(self) -> None:
        """Closes all connections (FIN)."""
        self._call("cut")

    def reset(self) -> None:
        """Resets all connections (RST)."""
        self._call("reset")

    def frames(self) -> list[Frame]:
        """Returns all frames so far."""
        return [Frame(**frame) for frame in self._call("frames")]

    def clear_frames(self) -> None:
        """Removes the frames so far from the log."""
        self._call("clear_frames")

    def connections(self) -> int:
        """Returns the number of open connections."""
        return int(self._call("connections"))

    def wait_for(
        self,
        op: str,
        direction: str = "request",
        *,
        path: str | None = None,
        count: int = 1,
        timeout: float = 10,
    ) -> bool:
        """Waits until the proxy has seen ``count`` frames of a kind. Returns ``False`` after the timeout."""
        return bool(
            self._call(
                "wait_for",
                op=op,
                direction=direction,
                path=path,
                count=count,
                timeout_ms=_milliseconds(timeout),
            )
        )

    def close(self) -> None:
        """Ends the proxy."""
        self._call("stop")

    def _rule(self, name: str, **arguments: Any) -> Rule:
        return Rule(self._kit, self._call(name, **arguments)["rule"])

    def _call(self, name: str, **arguments: Any) -> Any:
        return self._kit.call(f"proxy.{name}", proxy=self._name, **arguments)


class HostileServer:
    """A server that forges one answer."""

    def __init__(self, kit: Kit, name: str, address: str) -> None:
        self._kit = kit
        self._name = name
        self.address = address

    def fired(self) -> bool:
        """Returns whether the forged answer was sent."""
        return bool(self._kit.call("hostile.fired", hostile=self._name))

    def close(self) -> None:
        """Ends the server."""
        self._kit.call("hostile.stop", hostile=self._name)


class Rule:
    """A rule of a proxy."""

    def __init__(self, kit: Kit, name: str) -> None:
        self._kit = kit
        self._name = name

    def fired(self) -> int:
        """Returns the number of frames that the rule has swallowed."""
        return int(self._kit.call("rule.fired", rule=self._name))

    def wait_fired(self, timeout: float = 10) -> bool:
        """Waits until the rule has swallowed a frame. Returns ``False`` after the timeout."""
        return bool(self._kit.call("rule.wait_fired", rule=self._name, timeout_ms=_milliseconds(timeout)))


@dataclass(frozen=True)
class Stat:
    """ZooKeeper's metadata of a node."""

    czxid: int
    mzxid: int
    pzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    ephemeral_owner: int
    num_children: int


class Observer:
    """Reads and changes the servers' data with the kit's own client. Reads see all earlier changes."""

    def __init__(self, kit: Kit, of: dict[str, str]) -> None:
        self._kit = kit
        self._of = of

    def children(self, path: str) -> list[str] | None:
        """Returns the sorted names of a node's children, or ``None`` if the node is missing."""
        result: list[str] | None = self._call("children", path=path)
        return result

    def data(self, path: str) -> tuple[bytes, Stat] | None:
        """Returns a node's data and stat, or ``None`` if the node is missing."""
        found = self._call("data", path=path)
        return None if found is None else (bytes.fromhex(found["data"]), _stat(found["stat"]))

    def exists(self, path: str) -> Stat | None:
        """Returns a node's stat, or ``None`` if the node is missing."""
        found = self._call("exists", path=path)
        return None if found is None else _stat(found)

    def create(self, path: str, data: bytes = b"") -> None:
        """Creates a persistent node."""
        self._call("create", path=path, data=data.hex())

    def create_all(self, path: str) -> None:
        """Creates a node and its missing ancestors."""
        self._call("create_all", path=path)

    def set(self, path: str, data: bytes) -> None:
        """Sets a node's data."""
        self._call("set", path=path, data=data.hex())

    def delete(self, path: str) -> None:
        """Deletes a node without children."""
        self._call("delete", path=path)

    def _call(self, name: str, **arguments: Any) -> Any:
        return self._kit.call(f"observer.{name}", **self._of, **arguments)


def _stat(stat: dict[str, Any]) -> Stat:
    return Stat(**{**stat, "ephemeral_owner": int(stat["ephemeral_owner"])})


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
