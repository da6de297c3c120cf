"""The lock beside the real Curator and kazoo. What they are told is in tests/peers/README.md."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PATIENCE, Corner
from zkcoord_command import Running, run

PEERS = Path(__file__).parents[3] / "tests/peers"
JARS = ("curator-client", "curator-framework", "curator-recipes", "zookeeper", "zookeeper-jute", "guava")
MORE_JARS = ("metrics-core", "slf4j-api", "slf4j-simple", "snappy-java")


class Peer:
    """Another library's locks, as a process."""

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
        self._process.communicate(timeout=PATIENCE)


@pytest.fixture(params=["curator", "kazoo"])
def peer(request: pytest.FixtureRequest, corner: Corner) -> Iterator[tuple[str, Peer]]:
    class_path = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS + MORE_JARS)
    fast = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    programs = {
        "curator": ["java", *fast, "-cp", class_path, str(PEERS / "java/CuratorPeer.java")],
        "kazoo": [sys.executable, str(PEERS / "kazoo_peer.py")],
    }
    peer = Peer([*programs[request.param], corner.hosts])
    yield request.param, peer
    peer.close()


def test_the_lock_waits_for_others_and_they_for_it(corner: Corner, peer: tuple[str, Peer]) -> None:
    scheme, other = peer
    options = ["--scheme", scheme, "/lock", "--"]
    assert other.ask("acquire mutex /lock 0").startswith("ok ")
    assert run(corner, "lock", "--try", *options, "echo", "ran").code == 75
    waiting = Running(corner, "lock", *options, "sh", "-c", "echo ran; exec sleep 60")
    corner.await_children("/lock", 2)
    found = run(corner, "inspect", "--json", "/lock").json()
    assert [each["library"] for each in found["contenders"]] == [scheme, "zkcoord"]
    assert found["warnings"] == []
    assert other.ask("release mutex /lock") == "ok"
    assert waiting.line() == "ran"
    assert other.ask("acquire mutex /lock 100") == "busy"
    waiting.signal(15)
    assert waiting.finish().code == 143
    assert other.ask("acquire mutex /lock 10000").startswith("ok ")
