"""Running ZooKeeper servers."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import socket
import tempfile
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from zkcoord.testing import installation
from zkcoord.testing.keeper import Keeper
from zkcoord.testing.sessions import end_session, password_of

_LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections: a server that is stopped for a while must not
# find its port taken by some client.
_PORTS = range(10_000, 32_000)


class StartError(Exception):
    """A server did not get ready. The message ends with what it has logged."""


class ZooKeeper:
    """Real ZooKeeper servers on free ports of this machine, with their data in a temporary folder.

    They are ready when this returns, and gone at the end of the ``with`` block or after :meth:`close`; also when this
    process ends in any other way, SIGKILL included. Nodes are numbered from 0.

    Args:
        nodes: 1, or 3 and the like for an ensemble that survives the loss of fewer than half of them.
        tick_time: ZooKeeper's tick in seconds. The shortest session timeout is two of them.
        properties: More lines of ``zoo.cfg``; they win over those made here.
        class_path: Where Java finds ZooKeeper. ``None``: ``$ZOOKEEPER_CLASSPATH``, or the ``lib`` folder of
            ``$ZOOKEEPER_HOME``, or Debian's package ``zookeeper``.
        start_timeout: How many seconds the servers may take until they serve.

    Raises:
        NotInstalled: There is no Java or no ZooKeeper. The message says what to install.
        StartError: The servers were not ready in time, or ended.

    Example::

        with ZooKeeper(nodes=3) as zookeeper, zkcoord.connect(zookeeper.hosts) as client:
            with client.mutex("/lock") as guard:
                zookeeper.stop(0)
                assert not guard.lost.wait(1)
    """

    def __init__(
        self,
        nodes: int = 1,
        *,
        tick_time: float = 0.25,
        properties: Mapping[str, str] | None = None,
        class_path: str | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        if nodes < 1:
            raise ValueError(f"nodes {nodes}: must be at least 1")
        self._class_path = installation.class_path(class_path)
        self._start_timeout = start_timeout
        self._folder = Path(tempfile.mkdtemp(prefix="zkcoord-testing-"))
        self._keepers: dict[int, Keeper] = {}
        self._finalizer = weakref.finalize(self, _end, self._keepers, self._folder)
        self._ports = [_free_port() for _ in range(nodes)]
        try:
            settings = {"tickTime": str(round(tick_time * 1000)), **_SETTINGS}
            self._configure(settings, dict(properties or {}))
            for node in range(nodes):
                self._launch(node)
            self._await_ready()
        except BaseException:
            self.close()
            raise

    @property
    def hosts(self) -> str:
        """All servers as a client wants them, like ``"127.0.0.1:14711,127.0.0.1:14712"``."""
        return ",".join(map(self.host, range(len(self._ports))))

    def host(self, node: int) -> str:
        """The address of one server."""
        return f"{_LOOPBACK}:{self._ports[self._number(node)]}"

    def stop(self, node: int) -> None:
        """Kills a server (SIGKILL) and returns when it is gone. Nothing happens when it is not running."""
        if keeper := self._keepers.pop(self._number(node), None):
            keeper.end()

    def start(self, node: int) -> None:
        """Starts a stopped server again, with the data and on the port that it had.

        Returns when it serves; at once when more than half of the servers are down, for then none can serve.
        """
        self._launch(self._number(node))
        if 2 * len(self._keepers) > len(self._ports):
            self._await_ready()

    def pause(self, node: int) -> None:
        """Stops a server without ending it (SIGSTOP): its connections stay open, it just does not answer any more."""
        self._running(node).signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """Lets a paused server go on."""
        self._running(node).signal(signal.SIGCONT)

    def expire(self, session_id: int, password: bytes | None = None) -> None:
        """Ends a session as if it had expired. Its owner is told so when it connects again, which it does at once.

        Args:
            session_id: The session, like :attr:`Client.session_id <zkcoord.Client.session_id>` or the first half of
                kazoo's ``client_id``.
            password: The session's password. ``None``: it is computed, which servers of this kind allow.

        Raises:
            ValueError: The servers do not know the session, or the password is not its own.
            OSError: No server answered.

        Example::

            guard = client.mutex("/lock").acquire()
            zookeeper.expire(client.session_id)
            assert guard.lost.wait(10)
        """
        addresses = [(_LOOPBACK, self._ports[node]) for node in sorted(self._keepers)]
        end_session(addresses, session_id, password_of(session_id) if password is None else password)

    def log(self, node: int) -> str:
        """What a server has printed and logged so far."""
        return _log_file(self._folder, self._number(node)).read_text(errors="replace")

    def close(self) -> None:
        """Kills the servers and removes their data. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<zkcoord.testing.ZooKeeper {self.hosts}{'' if self._finalizer.alive else ' closed'}>"

    def _number(self, node: int) -> int:
        if node not in range(len(self._ports)):
            raise ValueError(f"node {node}: there are {len(self._ports)}, numbered from 0")
        return node

    def _running(self, node: int) -> Keeper:
        keeper = self._keepers.get(self._number(node))
        if keeper is None:
            raise ValueError(f"node {node}: it is not running")
        return keeper

    def _configure(self, settings: dict[str, str], properties: dict[str, str]) -> None:
        """Writes the servers' configuration files and makes their data folders."""
        ensemble = {}
        if len(self._ports) > 1:
            for number in range(1, len(self._ports) + 1):
                ensemble[f"server.{number}"] = f"{_LOOPBACK}:{_free_port()}:{_free_port()}"
        for node, port in enumerate(self._ports):
            data = self._folder / f"{node}.data"
            data.mkdir()
            (data / "myid").write_text(str(node + 1))
            own = {"dataDir": str(data), "clientPort": str(port)}
            lines = {**settings, **own, **ensemble, **properties}
            text = "".join(f"{key}={value}\n" for key, value in lines.items())
            _config_file(self._folder, node).write_text(text)

    def _launch(self, node: int) -> None:
        if not self._finalizer.alive:
            raise ValueError("the servers are closed")
        if node in self._keepers:
            raise ValueError(f"node {node}: it is running")
        command = installation.server_command(
            self._class_path, _config_file(self._folder, node), quorum=len(self._ports) > 1
        )
        self._keepers[node] = Keeper(command, _log_file(self._folder, node), self._folder)

    def _await_ready(self) -> None:
        """Waits until every server that was launched serves clients."""
        deadline = time.monotonic() + self._start_timeout
        waiting = set(self._keepers)
        while waiting:
            for node in sorted(waiting):
                if _mode(self._ports[node]) is not None:
                    waiting.discard(node)
                elif self._keepers[node].has_ended():
                    raise StartError(f"ZooKeeper ended instead of serving:\n{self._tail(node)}")
                elif time.monotonic() > deadline:
                    raise StartError(
                        f"ZooKeeper did not serve within {self._start_timeout} s:\n{self._tail(node)}"
                    )
            time.sleep(0.01)

    def _tail(self, node: int) -> str:
        """The end of a log, without the many lines about the environment."""
        lines = [line for line in self.log(node).splitlines() if "environment:" not in line]
        return "\n".join(lines[-30:])


_SETTINGS = {
    "clientPortAddress": _LOOPBACK,
    "maxSessionTimeout": "60000",
    "initLimit": "20",
    "syncLimit": "10",
    "maxClientCnxns": "0",
    "admin.enableServer": "false",
    "4lw.commands.whitelist": "*",
}


def _end(keepers: dict[int, Keeper], folder: Path) -> None:
    while keepers:
        keepers.popitem()[1].end()
    shutil.rmtree(folder, ignore_errors=True)


def _config_file(folder: Path, node: int) -> Path:
    return folder / f"{node}.cfg"


def _log_file(folder: Path, node: int) -> Path:
    return folder / f"{node}.log"


# Not the global one, which tests may seed: processes side by side should not ask for the same ports.
_random = random.SystemRandom()
_taken: set[int] = set()


def _free_port() -> int:
    """A port on which nobody listens now, and that was not handed out before by this process."""
    for port in _random.sample(_PORTS, len(_PORTS)):
        if port in _taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((_LOOPBACK, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        _taken.add(port)
        return port
    raise StartError(f"there is no free port from {_PORTS[0]} to {_PORTS[-1]}")


def _mode(port: int) -> str | None:
    """What part a server plays: ``"standalone"``, ``"leader"``... ``None`` while it serves nobody."""
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"srvr")
            answer = b""
            while more := connection.recv(4096):
                answer += more
    except OSError:
        return None
    found = re.search(rb"^Mode: (\w+)", answer, re.MULTILINE)
    return os.fsdecode(found[1]) if found else None
