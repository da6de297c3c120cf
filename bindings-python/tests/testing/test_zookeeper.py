import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zkcoord
from conftest import TIMEOUT, eventually
from zkcoord.testing import NotInstalled, StartError, ZooKeeper


@pytest.fixture(scope="module")
def server() -> Iterator[ZooKeeper]:
    with ZooKeeper() as server:
        yield server


def test_a_server_runs_and_leaves_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    server = ZooKeeper()
    with server, zkcoord.connect(server.hosts) as client:
        assert client.counter("/n").increment() == 1
        assert repr(server) == f"<zkcoord.testing.ZooKeeper {server.hosts}>"
        assert "ZooKeeper" in server.log(0)
        folder = server._folder
        pid = server._processes[0].pid
    server.close()
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert repr(server) == f"<zkcoord.testing.ZooKeeper {server.hosts} closed>"
    with pytest.raises(ValueError, match="closed"):
        server.start(0)
    assert capfd.readouterr() == ("", "")


def test_an_expired_session_loses_its_locks(server: ZooKeeper) -> None:
    with zkcoord.connect(server.hosts) as client:
        before = client.session_id
        guard = client.mutex("/expired").acquire()
        server.expire(before)
        assert guard.lost.wait(TIMEOUT)
        guard.release()
        client.mutex("/expired").acquire(timeout=TIMEOUT).release()
        assert client.session_id != before
        with pytest.raises(ValueError, match="password is wrong"):
            server.expire(client.session_id, b"0123456789abcdef")
    with pytest.raises(ValueError, match="0x7b: the servers do not know it"):
        server.expire(123)


def test_a_stopped_server_comes_back_with_its_data() -> None:
    with ZooKeeper() as server, zkcoord.connect(server.hosts) as client:
        client.counter("/n").add(3)
        hosts = server.hosts
        server.stop(0)
        server.stop(0)
        with pytest.raises(zkcoord.ConnectionLost):
            zkcoord.connect(hosts, connect_timeout=0.2)
        with pytest.raises(OSError, match="no server is running"):
            server.expire(client.session_id)
        server.start(0)
        assert server.hosts == hosts
        assert client.counter("/n").get(timeout=TIMEOUT) == 3
        with pytest.raises(ValueError, match="node 0: the server is already running"):
            server.start(0)


def test_a_paused_server_does_not_answer(server: ZooKeeper) -> None:
    with zkcoord.connect(server.hosts) as client:
        server.pause(0)
        with pytest.raises(zkcoord.AcquireTimeout):
            client.counter("/n").get(timeout=0.2)
        server.resume(0)
        client.counter("/n").get(timeout=TIMEOUT)


def test_three_nodes_survive_the_loss_of_one() -> None:
    with ZooKeeper(nodes=3, tick_time=0.2) as server, zkcoord.connect(server.hosts) as client:
        assert len(server.hosts.split(",")) == 3
        server.stop(0)
        assert client.counter("/n").increment(timeout=TIMEOUT) == 1
        server.stop(1)
        server.stop(2)
        server.start(2)  # does not wait, because one server alone cannot serve clients
        server.start(0)
        assert client.counter("/n").increment(timeout=TIMEOUT) == 2


def test_a_server_ends_when_its_process_is_killed() -> None:
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\nfrom zkcoord.testing import ZooKeeper\nserver = ZooKeeper()\n"
            "print(server._processes[0].pid, server._folder, flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    pid, folder = program.stdout.readline().split()
    assert Path(f"/proc/{pid}").exists()
    # Ctrl-C in a terminal signals the whole group, which must not include the server.
    assert os.getpgid(int(pid)) != os.getpgid(program.pid)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert eventually(lambda: not Path(f"/proc/{pid}").exists() and not Path(folder).exists())


def test_an_unreachable_server_object_ends_its_server_silently() -> None:
    program = (
        "from zkcoord.testing import ZooKeeper\nprint(ZooKeeper()._folder)\n"
        "kept = ZooKeeper()\nprint(kept._folder)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not [folder for folder in ran.stdout.split() if Path(folder).exists()]


def test_missing_software_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOOKEEPER_HOME", str(tmp_path))
    with pytest.raises(NotInstalled, match=f"there are no jars in {tmp_path}/lib"):
        ZooKeeper()
    monkeypatch.delenv("ZOOKEEPER_HOME")
    monkeypatch.setattr("zkcoord.testing.installation._DEBIAN", tmp_path)
    with pytest.raises(NotInstalled, match=r"apt-get install zookeeper.*ZOOKEEPER_HOME.*ZOOKEEPER_CLASSPATH"):
        ZooKeeper()
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(NotInstalled, match="apt-get install default-jre-headless"):
        ZooKeeper()


def test_a_release_is_found_by_zookeeper_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from zkcoord.testing import installation

    (tmp_path / "lib").mkdir()
    for jar in installation.class_path().split(":"):
        (tmp_path / "lib" / Path(jar).name).symlink_to(jar)
    monkeypatch.setenv("ZOOKEEPER_HOME", str(tmp_path))
    monkeypatch.setattr("zkcoord.testing.installation._DEBIAN", tmp_path)
    with ZooKeeper() as server, zkcoord.connect(server.hosts):
        pass


def test_a_server_that_cannot_start_raises_its_log() -> None:
    with pytest.raises(StartError, match=r"NoClassDefFoundError|ClassNotFoundException"):
        ZooKeeper(class_path="/nowhere")
    with pytest.raises(StartError, match=r"tickTime|NumberFormatException"):
        ZooKeeper(properties={"tickTime": "soon"})


@pytest.mark.parametrize("node", [-1, 1])
def test_an_invalid_node_number_is_refused(server: ZooKeeper, node: int) -> None:
    for use in (server.stop, server.start, server.pause, server.log, server.host):
        with pytest.raises(ValueError, match=f"node {node}: must be from 0 to 0"):
            use(node)
    with pytest.raises(ValueError, match="nodes 0"):
        ZooKeeper(nodes=0)
