"""What the tests share: one real server, and for every test a chroot of its own."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zkcoord

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/kit/python"))

from zkcoord_testkit import Kit, Observer, ZooKeeper

# A session timeout in which the kit's ticks of 250 ms fit, short enough to wait for its end.
SESSION = 2.0
# Longer than anything here takes, short enough to notice a hang.
PATIENCE = 20.0

_numbers = itertools.count()


def eventually(condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether the condition becomes true."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


class Corner:
    """One test's part of a server: its chroot, clients of it, and a look at it from outside."""

    def __init__(self, zookeeper: ZooKeeper) -> None:
        self.zookeeper = zookeeper
        self.root = f"/python-{os.getpid()}-{next(_numbers)}"
        self.hosts = zookeeper.hosts + self.root
        self.observer: Observer = zookeeper.observer
        self.observer.create_all(self.root)
        self._clients: list[zkcoord.Client] = []

    def client(self) -> zkcoord.Client:
        client = zkcoord.connect(self.hosts, session_timeout=SESSION)
        self._clients.append(client)
        return client

    def children(self, path: str) -> list[str]:
        return self.observer.children(self.root + path) or []

    def await_children(self, path: str, count: int) -> None:
        assert eventually(lambda: len(self.children(path)) == count), self.children(path)

    def run_python(self, program: str) -> subprocess.Popen[str]:
        """Starts a Python program that finds its server in ``hosts``."""
        prelude = f"import os, signal, sys, threading, time, zkcoord\nhosts = {self.hosts!r}\n"
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", prelude + textwrap.dedent(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        for client in self._clients:
            client.close()


class Background(threading.Thread):
    """A thread whose result or error is had by ``finish``."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: object = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    def finish(self) -> object:
        self.join(PATIENCE)
        assert not self.is_alive(), "still at work"
        if self._error is not None:
            raise self._error
        return self._result


@pytest.fixture(scope="session")
def kit() -> Iterator[Kit]:
    with Kit() as kit:
        yield kit


@pytest.fixture(scope="session")
def zookeeper(kit: Kit) -> Iterator[ZooKeeper]:
    with kit.zookeeper() as zookeeper:
        yield zookeeper


@pytest.fixture
def corner(zookeeper: ZooKeeper) -> Iterator[Corner]:
    corner = Corner(zookeeper)
    yield corner
    corner.close()


@pytest.fixture
def client(corner: Corner) -> zkcoord.Client:
    return corner.client()


@pytest.fixture
def frail(kit: Kit) -> Iterator[Corner]:
    """A corner of a server of its own, to be paused or stopped."""
    with kit.zookeeper() as zookeeper:
        corner = Corner(zookeeper)
        yield corner
        corner.close()


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints what was measured, also when the test passes."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n    {text}", end="", flush=True)

    return tell
