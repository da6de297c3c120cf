import json
import signal
import time

import pytest
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client
from zkcoord_command import SIGNAL_PRINTER, Running, await_end, is_running
from zkcoord_testkit import Kit

EXITS_ON_SIGTERM = ["sh", "-c", "trap 'echo TERM; exit 0' TERM; echo began; while :; do sleep 0.02; done"]


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_an_outage_ends_the_command_before_others_can_hold_the_lock(own_server: Sandbox, fault: str) -> None:
    running = Running(own_server, "lock", "--session-timeout", "4", "/lock", "--", *SIGNAL_PRINTER)
    pid = int(running.line())
    getattr(own_server.zookeeper, fault)(0)
    silent = time.monotonic()
    assert running.line() == "SIGTERM"
    await_end(pid)
    # The server ends the session no earlier.
    assert time.monotonic() - silent < 4
    ran = running.finish()
    assert ran.code == 137
    assert "no server answers, the lock is about to be lost: the command gets SIGTERM" in ran.err
    assert "the command gets SIGKILL" in ran.err


def test_a_command_that_exits_on_sigterm_keeps_its_exit_code(own_server: Sandbox) -> None:
    running = Running(own_server, "lock", "/lock", "--", *EXITS_ON_SIGTERM)
    assert running.line() == "began"
    own_server.zookeeper.pause(0)
    assert running.line() == "TERM"
    assert running.finish().code == 0
    own_server.zookeeper.resume(0)


def test_the_lock_is_kept_if_servers_answer_again_in_time(sandbox: Sandbox, kit: Kit) -> None:
    with kit.proxy(sandbox.zookeeper.host(0)) as proxy:
        hosts = proxy.address + sandbox.root
        running = Running(
            sandbox,
            "lock",
            "--hosts",
            hosts,
            "--session-timeout",
            "4",
            "--grace",
            "1.5",
            "/lock",
            "--",
            *SIGNAL_PRINTER,
        )
        running.line()
        proxy.stall()
        assert running.line() == "SIGTERM"
        proxy.stall(False)
        assert running.process.stderr is not None
        assert "about to be lost" in running.process.stderr.readline()
        assert "the servers answer again, the lock is kept" in running.process.stderr.readline()
        running.signal(signal.SIGUSR1)
        assert running.line() == "SIGUSR1"
        running.process.kill()
        running.finish()


def _delete_lock_node(sandbox: Sandbox) -> None:
    (name,) = sandbox.children("/lock")
    sandbox.observer.delete(f"{sandbox.root}/lock/{name}")


def test_the_loss_of_the_lock_ends_the_command(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "--json", "/lock", "--", *SIGNAL_PRINTER)
    running.line()
    _delete_lock_node(sandbox)
    assert running.line() == "SIGTERM"
    ran = running.finish()
    assert ran.code == 137
    acquired, lost, killed, ended = map(json.loads, ran.err.splitlines())
    assert acquired["event"] == "acquired"
    assert (lost["event"], set(lost)) == ("lost", {"event", "why"})
    assert "deleted by somebody else" in lost["why"]
    assert killed == {"event": "killed"}
    assert ended == {"event": "ended", "code": 137}


def test_a_successful_command_that_lost_its_lock_exits_with_76(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", *EXITS_ON_SIGTERM)
    running.line()
    _delete_lock_node(sandbox)
    assert running.line() == "TERM"
    ran = running.finish()
    assert ran.code == 76
    assert "its node was deleted by somebody else: the command gets SIGTERM" in ran.err


def test_an_ended_session_ends_the_command(sandbox: Sandbox, client: Client) -> None:
    running = Running(sandbox, "lock", "/lock", "--", *EXITS_ON_SIGTERM)
    running.line()
    (holder,) = client.mutex("/lock").inspect()
    sandbox.zookeeper.expire(holder.session_id)
    assert running.line() == "TERM"
    assert running.finish().code == 76
    with client.mutex("/lock").acquire(timeout=TIMEOUT):
        pass


def test_the_command_is_ended_at_once_after_zkcoord_was_stopped_too_long(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", "sh", "-c", "echo $$; exec sleep 60")
    pid = int(running.line())
    running.signal(signal.SIGSTOP)
    sandbox.await_children("/lock", 0)  # the server has ended the session
    assert is_running(pid)  # a stopped zkcoord cannot end it: see docs/cli.md
    running.signal(signal.SIGCONT)
    await_end(pid)
    assert running.finish().code in (137, 143)


def test_a_stopped_command_is_ended_by_a_loss(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", "sh", "-c", "echo $$; kill -STOP $$")
    pid = int(running.line())
    assert eventually(lambda: _state(pid) == "T")
    _delete_lock_node(sandbox)
    await_end(pid)
    assert running.finish().code == 143


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]
