"""The lock together with the real Curator and kazoo. tests/peers/README.md describes the commands of the peers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TIMEOUT, Sandbox
from zkcoord_command import Running, run

PEERS = Path(__file__).parents[3] / "tests/peers"
JARS = ("curator-client", "curator-framework", "curator-recipes", "zookeeper", "zookeeper-jute", "guava")
MORE_JARS = ("metrics-core", "slf4j-api", "slf4j-simple", "snappy-java")


class Peer:
    """A process that uses the locks of another library."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._answer() == "ok"

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=TIMEOUT)


@pytest.fixture(params=["curator", "kazoo"])
def peer(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[tuple[str, Peer]]:
    class_path = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS + MORE_JARS)
    fast = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    programs = {
        "curator": ["java", *fast, "-cp", class_path, str(PEERS / "java/CuratorPeer.java")],
        "kazoo": [sys.executable, str(PEERS / "kazoo_peer.py")],
    }
    peer = Peer([*programs[request.param], sandbox.hosts])
    yield request.param, peer
    peer.close()


def test_the_lock_excludes_other_libraries(sandbox: Sandbox, peer: tuple[str, Peer]) -> None:
    scheme, other = peer
    options = ["--scheme", scheme, "/lock", "--"]
    assert other.ask("acquire mutex /lock 0").startswith("ok ")
    assert run(sandbox, "lock", "--try", *options, "echo", "ran").code == 75
    waiting = Running(sandbox, "lock", *options, "sh", "-c", "echo ran; exec sleep 60")
    sandbox.await_children("/lock", 2)
    found = run(sandbox, "inspect", "--json", "/lock").json()
    assert [each["library"] for each in found["contenders"]] == [scheme, "zkcoord"]
    assert found["warnings"] == []
    assert other.ask("release mutex /lock") == "ok"
    assert waiting.line() == "ran"
    assert other.ask("acquire mutex /lock 100") == "busy"
    waiting.signal(15)
    assert waiting.finish().code == 143
    assert other.ask("acquire mutex /lock 10000").startswith("ok ")
