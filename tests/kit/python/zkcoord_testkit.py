"""Real ZooKeeper servers, a fault-injecting proxy and an observer for tests: a client of ``zkcoord-testkit``.

All that a kit has started is gone when it is closed, and also when this process ends in any other way::

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
    """What the test kit could not do, in words."""

    __test__ = False  # pytest: not a test class


class _Closing:
    """Things that are closed at the end of their ``with`` block."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def find_program() -> str:
    """The test kit's program: ``$ZKCOORD_TESTKIT``, or what cargo has built in this repository."""
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
    """One running ``zkcoord-testkit``. May be used from several threads."""

    def __init__(self, program: str | None = None) -> None:
        self._process = subprocess.Popen(
            [program or find_program()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the tests, which close the kit when they are through with it.
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
        """Makes one call (see README.md) and returns its result."""
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
        """Starts real servers and returns when they are ready. With ``tls`` they have a port for TLS too."""
        options = {"properties": properties or {}, "java_options": java_options or [], "tls": tls}
        started = self.call("zookeeper.start", nodes=nodes, tick_ms=tick_ms, **options)
        return ZooKeeper(self, started["zookeeper"], started["hosts"], started["tls"])

    def proxy(self, upstream: str) -> Proxy:
        """Starts a proxy in front of one server."""
        started = self.call("proxy.start", upstream=upstream)
        return Proxy(self, started["proxy"], started["address"])

    def observer(self, hosts: str) -> Observer:
        """An observer of any servers."""
        return Observer(self, {"hosts": hosts})

    def close(self) -> None:
        """Ends the kit and all that it has started."""
        with contextlib.suppress(TestkitError, OSError):  # it may have ended already
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
    """Running servers; nodes are numbered from 0."""

    def __init__(self, kit: Kit, name: str, hosts: str, tls: dict[str, str] | None) -> None:
        self._kit = kit
        self._name = name
        self.hosts = hosts
        # What README.md says of the call's result, or nothing without a port for TLS.
        self.tls = tls or {}
        self.observer = Observer(kit, {"zookeeper": name})

    def host(self, node: int) -> str:
        """One node's address."""
        return self.hosts.split(",")[node]

    def kill(self, node: int) -> None:
        """SIGKILL; returns when the node is gone."""
        self._call("kill", node=node)

    def start_node(self, node: int) -> None:
        """Starts a killed node with its old data; see also :meth:`wait_ready`."""
        self._call("start_node", node=node)

    def pause(self, node: int) -> None:
        """SIGSTOP: connections stay open, the node does not answer any more."""
        self._call("pause", node=node)

    def resume(self, node: int) -> None:
        """SIGCONT."""
        self._call("resume", node=node)

    def leader(self) -> int:
        """The node that leads; waits for an election that is under way."""
        return int(self._call("leader"))

    def mode(self, node: int) -> str | None:
        """``leader``, ``follower``, ``standalone``, or ``None`` while the node serves nobody."""
        result: str | None = self._call("mode", node=node)
        return result

    def pid(self, node: int) -> int | None:
        """The process id of a node that is not down."""
        result: int | None = self._call("pid", node=node)
        return result

    def log(self, node: int) -> str:
        """What a node has logged."""
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
    """A frame that has come by at a proxy."""

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
        """Lets the server do the nth such request from now, but loses its reply and cuts that connection."""
        return self._rule("swallow_reply", op=op, nth=nth)

    def swallow_request(self, op: str, nth: int = 1) -> Rule:
        """Loses the nth such request from now, and cuts that connection."""
        return self._rule("swallow_request", op=op, nth=nth)

    def swallow_replies_at_random(self, op: str, probability: float, seed: int) -> Rule:
        """Loses the reply to each such request with that probability."""
        return self._rule("swallow_replies_at_random", op=op, probability=probability, seed=seed)

    def swallow_requests_at_random(self, op: str, probability: float, seed: int) -> Rule:
        """Loses each such request with that probability."""
        return self._rule("swallow_requests_at_random", op=op, probability=probability, seed=seed)

    def clear_rules(self) -> None:
        """Ends all rules."""
        self._call("clear_rules")

    def hold_replies(self, on: bool = True) -> None:
        """Keeps back what the server sends, until released by ``False``."""
        self._call("hold_replies", on=on)

    def hold_requests(self, on: bool = True) -> None:
        """Keeps back what clients send, until released by ``False``."""
        self._call("hold_requests", on=on)

    def stall(self, on: bool = True) -> None:
        """Forwards nothing, but leaves connections open: a silent partition."""
        self._call("stall", on=on)

    def refuse(self, on: bool = True) -> None:
        """Cuts all connections, and closes new ones at once."""
        self._call("refuse", on=on)

    def delay(self, seconds: float) -> None:
        """Delivers every frame that much later."""
        self._call("delay", ms=_milliseconds(seconds))

    def cut(self) -> None:
        """Closes all connections (FIN)."""
        self._call("cut")

    def reset(self) -> None:
        """Resets all connections (RST)."""
        self._call("reset")

    def frames(self) -> list[Frame]:
        """What has come by."""
        return [Frame(**frame) for frame in self._call("frames")]

    def clear_frames(self) -> None:
        """Forgets what has come by."""
        self._call("clear_frames")

    def connections(self) -> int:
        """How many connections are open."""
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
        """Waits until so many frames of a kind have come by."""
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


class Rule:
    """A rule of a proxy."""

    def __init__(self, kit: Kit, name: str) -> None:
        self._kit = kit
        self._name = name

    def fired(self) -> int:
        """How many frames it has swallowed."""
        return int(self._kit.call("rule.fired", rule=self._name))

    def wait_fired(self, timeout: float = 10) -> bool:
        """Waits until it has swallowed one."""
        return bool(self._kit.call("rule.wait_fired", rule=self._name, timeout_ms=_milliseconds(timeout)))


@dataclass(frozen=True)
class Stat:
    """What ZooKeeper knows about a node."""

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
    """Looks at the servers' data over the kit's own client; reads see all that was done before."""

    def __init__(self, kit: Kit, of: dict[str, str]) -> None:
        self._kit = kit
        self._of = of

    def children(self, path: str) -> list[str] | None:
        """The names of a node's children in order; ``None`` when the node is missing."""
        result: list[str] | None = self._call("children", path=path)
        return result

    def data(self, path: str) -> tuple[bytes, Stat] | None:
        """A node's data and stat; ``None`` when the node is missing."""
        found = self._call("data", path=path)
        return None if found is None else (bytes.fromhex(found["data"]), _stat(found["stat"]))

    def exists(self, path: str) -> Stat | None:
        """A node's stat; ``None`` when the node is missing."""
        found = self._call("exists", path=path)
        return None if found is None else _stat(found)

    def create(self, path: str, data: bytes = b"") -> None:
        """Creates a persistent node."""
        self._call("create", path=path, data=data.hex())

    def create_all(self, path: str) -> None:
        """Creates a node and those above it, where they are missing."""
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
