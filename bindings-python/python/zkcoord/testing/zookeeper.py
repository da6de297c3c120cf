"""ZooKeeper servers that run for a test."""

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
from zkcoord.testing.server_process import ServerProcess
from zkcoord.testing.sessions import end_session, password_of

_LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections, so that the port of a stopped server is not
# taken by a client.
_PORTS = range(10_000, 32_000)


class StartError(Exception):
    """A server could not be started. The message ends with its log."""


class ZooKeeper:
    """Real ZooKeeper servers on free ports of this machine, with their data in a temporary folder.

    They are ready when the constructor returns. They end at the end of the ``with`` block, by :meth:`close`, or when
    this process ends in any way, SIGKILL included. Nodes are numbered from 0.

    Args:
        nodes: The number of servers: 1, or for example 3 for an ensemble that survives the loss of one of them.
        tick_time: ZooKeeper's tick in seconds. The shortest session timeout is two ticks.
        properties: Additional properties for ``zoo.cfg``, which override those set here.
        class_path: The class path of ZooKeeper. ``None``: ``$ZOOKEEPER_CLASSPATH``, or the ``lib`` folder of
            ``$ZOOKEEPER_HOME``, or Debian's package ``zookeeper``.
        start_timeout: The seconds that the servers may take until they serve clients.

    Raises:
        NotInstalled: Java or ZooKeeper was not found. The message names the packages to install.
        StartError: The servers were not ready in time, or they ended.

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
        self._processes: dict[int, ServerProcess] = {}
        self._finalizer = weakref.finalize(self, _end, self._processes, self._folder)
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
        """The addresses of all servers for a client, like ``"127.0.0.1:14711,127.0.0.1:14712"``."""
        return ",".join(map(self.host, range(len(self._ports))))

    def host(self, node: int) -> str:
        """Returns the address of one server."""
        return f"{_LOOPBACK}:{self._ports[self._number(node)]}"

    def stop(self, node: int) -> None:
        """Kills a server (SIGKILL) and returns when it has ended. Does nothing if it is not running."""
        if process := self._processes.pop(self._number(node), None):
            process.kill()

    def start(self, node: int) -> None:
        """Starts a stopped server again, with its data and on its port.

        Returns when it serves clients, or at once if at least half of the servers are down, because then none can
        serve.
        """
        self._launch(self._number(node))
        if 2 * len(self._processes) > len(self._ports):
            self._await_ready()

    def pause(self, node: int) -> None:
        """Pauses a server (SIGSTOP): its connections stay open, but it does not answer."""
        self._running(node).signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """Resumes a paused server."""
        self._running(node).signal(signal.SIGCONT)

    def expire(self, session_id: int, password: bytes | None = None) -> None:
        """Ends a session as if it had expired. Its owner learns it when it reconnects, which it does at once.

        Args:
            session_id: The id of the session, like :attr:`Client.session_id <zkcoord.Client.session_id>` or the first
                half of kazoo's ``client_id``.
            password: The password of the session. ``None``: it is computed from the id, as ZooKeeper does.

        Raises:
            ValueError: The servers do not know the session, or the password is wrong.
            OSError: No server answered.

        Example::

            guard = client.mutex("/lock").acquire()
            zookeeper.expire(client.session_id)
            assert guard.lost.wait(10)
        """
        addresses = [(_LOOPBACK, self._ports[node]) for node in sorted(self._processes)]
        end_session(addresses, session_id, password_of(session_id) if password is None else password)

    def log(self, node: int) -> str:
        """Returns the output and the log of a server so far."""
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
            raise ValueError(f"node {node}: must be from 0 to {len(self._ports) - 1}")
        return node

    def _running(self, node: int) -> ServerProcess:
        process = self._processes.get(self._number(node))
        if process is None:
            raise ValueError(f"node {node}: the server is not running")
        return process

    def _configure(self, settings: dict[str, str], properties: dict[str, str]) -> None:
        """Writes the configuration files of the servers and makes their data folders."""
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
        if node in self._processes:
            raise ValueError(f"node {node}: the server is already running")
        command = installation.server_command(
            self._class_path, _config_file(self._folder, node), quorum=len(self._ports) > 1
        )
        self._processes[node] = ServerProcess(command, _log_file(self._folder, node), self._folder)

    def _await_ready(self) -> None:
        """Waits until every launched server serves clients."""
        deadline = time.monotonic() + self._start_timeout
        waiting = set(self._processes)
        while waiting:
            for node in sorted(waiting):
                if _mode(self._ports[node]) is not None:
                    waiting.discard(node)
                elif self._processes[node].has_ended():
                    raise StartError(f"ZooKeeper ended before it served clients:\n{self._tail(node)}")
                elif time.monotonic() > deadline:
                    raise StartError(
                        f"ZooKeeper did not serve clients within {self._start_timeout} s:\n{self._tail(node)}"
                    )
            time.sleep(0.01)

    def _tail(self, node: int) -> str:
        """Returns the end of a log, without the many lines about the environment."""
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


def _end(processes: dict[int, ServerProcess], folder: Path) -> None:
    while processes:
        processes.popitem()[1].kill()
    shutil.rmtree(folder, ignore_errors=True)


def _config_file(folder: Path, node: int) -> Path:
    return folder / f"{node}.cfg"


def _log_file(folder: Path, node: int) -> Path:
    return folder / f"{node}.log"


# Not the global generator, which tests may seed: parallel processes should not try the same ports.
_random = random.SystemRandom()
_taken: set[int] = set()


def _free_port() -> int:
    """Returns a port on which nobody listens now, and that this process has not returned before."""
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
    raise StartError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free")


def _mode(port: int) -> str | None:
    """Returns the mode of a server: ``"standalone"``, ``"leader"``... ``None`` while it does not serve clients."""
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
