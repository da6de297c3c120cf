"""The fixtures and helpers of all tests: one real server, and a separate chroot for every test."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zkcoord

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/kit/python"))

from zkcoord_testkit import Kit, Observer, ZooKeeper

# Long enough for the kit's ticks of 250 ms, and short enough to wait for its end.
SESSION_TIMEOUT = 2.0
# Longer than any operation of the tests takes, and short enough to notice a hang.
TIMEOUT = 20.0

_numbers = itertools.count()


def eventually(condition: Callable[[], bool], timeout: float = TIMEOUT) -> bool:
    """Returns whether the condition becomes true within the timeout in seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class Sandbox:
    """The part of a server that one test uses: its chroot, its clients, and an observer."""

    def __init__(self, zookeeper: ZooKeeper) -> None:
        self.zookeeper = zookeeper
        self.root = f"/python-{os.getpid()}-{next(_numbers)}"
        self.hosts = zookeeper.hosts + self.root
        self.observer: Observer = zookeeper.observer
        self.observer.create_all(self.root)
        self._clients: list[zkcoord.Client] = []

    def client(self) -> zkcoord.Client:
        client = zkcoord.connect(self.hosts, session_timeout=SESSION_TIMEOUT)
        self._clients.append(client)
        return client

    def children(self, path: str) -> list[str]:
        return self.observer.children(self.root + path) or []

    def await_children(self, path: str, count: int) -> None:
        assert eventually(lambda: len(self.children(path)) == count), self.children(path)

    def run_python(self, program: str) -> subprocess.Popen[str]:
        """Starts a Python program, in which ``hosts`` is the connect string."""
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


class Database:
    """A database in memory for miss guards, which records the keys that were looked up."""

    def __init__(self, **values: object) -> None:
        self.values: dict[Any, object] = dict(values)
        self.asked: list[object] = []

    def query(self, key: object) -> object | None:
        self.asked.append(key)
        return self.values.get(key)


class Background(threading.Thread):
    """A thread. ``finish`` waits for it, and returns its result or raises its error."""

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
        self.join(TIMEOUT)
        assert not self.is_alive(), "the thread is still running"
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
def sandbox(zookeeper: ZooKeeper) -> Iterator[Sandbox]:
    sandbox = Sandbox(zookeeper)
    yield sandbox
    sandbox.close()


@pytest.fixture
def client(sandbox: Sandbox) -> zkcoord.Client:
    return sandbox.client()


@pytest.fixture
def own_server(kit: Kit) -> Iterator[Sandbox]:
    """A sandbox on a separate server, which the test may pause or stop."""
    with kit.zookeeper() as zookeeper:
        sandbox = Sandbox(zookeeper)
        yield sandbox
        sandbox.close()


@pytest.fixture
def print_result(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints measurements even if the test passes."""

    def print_result(text: str) -> None:
        with capsys.disabled():
            print(f"\n    {text}", end="", flush=True)

    return print_result
