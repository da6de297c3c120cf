import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zkcoord
from conftest import PATIENCE, eventually
from zkcoord.testing import NotInstalled, StartError, ZooKeeper


@pytest.fixture(scope="module")
def server() -> Iterator[ZooKeeper]:
    with ZooKeeper() as server:
        yield server


def test_it_serves_and_leaves_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    server = ZooKeeper()
    with server, zkcoord.connect(server.hosts) as client:
        assert client.counter("/n").increment() == 1
        assert repr(server) == f"<zkcoord.testing.ZooKeeper {server.hosts}>"
        assert "ZooKeeper" in server.log(0)
        folder = server._folder
        pid = server._keepers[0].pid
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
        assert guard.lost.wait(PATIENCE)
        guard.release()
        client.mutex("/expired").acquire(timeout=PATIENCE).release()
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
        assert client.counter("/n").get(timeout=PATIENCE) == 3
        with pytest.raises(ValueError, match="node 0: it is running"):
            server.start(0)


def test_a_paused_server_does_not_answer(server: ZooKeeper) -> None:
    with zkcoord.connect(server.hosts) as client:
        server.pause(0)
        with pytest.raises(zkcoord.AcquireTimeout):
            client.counter("/n").get(timeout=0.2)
        server.resume(0)
        client.counter("/n").get(timeout=PATIENCE)


def test_three_nodes_survive_the_loss_of_one() -> None:
    with ZooKeeper(nodes=3, tick_time=0.2) as server, zkcoord.connect(server.hosts) as client:
        assert len(server.hosts.split(",")) == 3
        server.stop(0)
        assert client.counter("/n").increment(timeout=PATIENCE) == 1
        server.stop(1)
        server.stop(2)
        server.start(2)  # does not wait: one alone cannot serve
        server.start(0)
        assert client.counter("/n").increment(timeout=PATIENCE) == 2


def test_it_ends_with_a_process_that_is_killed() -> None:
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\nfrom zkcoord.testing import ZooKeeper\nserver = ZooKeeper()\n"
            "print(server._keepers[0].pid, server._folder, flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    pid, folder = program.stdout.readline().split()
    assert Path(f"/proc/{pid}").exists()
    # Ctrl-C in a terminal goes to all of a group: not to the server.
    assert os.getpgid(int(pid)) != os.getpgid(program.pid)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert eventually(lambda: not Path(f"/proc/{pid}").exists() and not Path(folder).exists())


def test_a_forgotten_one_ends_without_a_word() -> None:
    program = (
        "from zkcoord.testing import ZooKeeper\nprint(ZooKeeper()._folder)\n"
        "kept = ZooKeeper()\nprint(kept._folder)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not [folder for folder in ran.stdout.split() if Path(folder).exists()]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


def test_a_release_is_found_by_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from zkcoord.testing import installation

    (tmp_path / "lib").mkdir()
    for jar in installation.class_path().split(":"):
        (tmp_path / "lib" / Path(jar).name).symlink_to(jar)
    monkeypatch.setenv("ZOOKEEPER_HOME", str(tmp_path))
    monkeypatch.setattr("zkcoord.testing.installation._DEBIAN", tmp_path)
    with ZooKeeper() as server, zkcoord.connect(server.hosts):
        pass


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(StartError, match=r"NoClassDefFoundError|ClassNotFoundException"):
        ZooKeeper(class_path="/nowhere")
    with pytest.raises(StartError, match=r"tickTime|NumberFormatException"):
        ZooKeeper(properties={"tickTime": "soon"})


@pytest.mark.parametrize("node", [-1, 1])
def test_a_node_that_is_not_there_is_refused(server: ZooKeeper, node: int) -> None:
    for use in (server.stop, server.start, server.pause, server.log, server.host):
        with pytest.raises(ValueError, match=f"node {node}: there are 1"):
            use(node)
    with pytest.raises(ValueError, match="nodes 0"):
        ZooKeeper(nodes=0)
