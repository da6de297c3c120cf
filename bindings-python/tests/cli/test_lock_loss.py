import json
import signal
import time

import pytest
from conftest import PATIENCE, Corner, eventually
from zkcoord import Client
from zkcoord_command import DEAF, Running, await_end, is_running
from zkcoord_testkit import Kit

GENTLE = ["sh", "-c", "trap 'echo TERM; exit 0' TERM; echo began; while :; do sleep 0.02; done"]


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_silence_ends_the_command_before_the_lock_can_be_anothers(frail: Corner, fault: str) -> None:
    running = Running(frail, "lock", "--session-timeout", "4", "/lock", "--", *DEAF)
    pid = int(running.line())
    getattr(frail.zookeeper, fault)(0)
    silent = time.monotonic()
    assert running.line() == "SIGTERM"
    await_end(pid)
    # The server can end the session no sooner.
    assert time.monotonic() - silent < 4
    ran = running.finish()
    assert ran.code == 137
    assert "no server answers, the lock is about to be lost: the command gets SIGTERM" in ran.err
    assert "the command gets SIGKILL" in ran.err


def test_who_ends_in_time_has_ended_well(frail: Corner) -> None:
    running = Running(frail, "lock", "/lock", "--", *GENTLE)
    assert running.line() == "began"
    frail.zookeeper.pause(0)
    assert running.line() == "TERM"
    assert running.finish().code == 0
    frail.zookeeper.resume(0)


def test_servers_that_answer_again_in_time_are_forgiven(corner: Corner, kit: Kit) -> None:
    with kit.proxy(corner.zookeeper.host(0)) as proxy:
        hosts = proxy.address + corner.root
        running = Running(
            corner, "lock", "--hosts", hosts, "--session-timeout", "4", "--grace", "1.5", "/lock", "--", *DEAF
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


def _take_away(corner: Corner) -> None:
    (name,) = corner.children("/lock")
    corner.observer.delete(f"{corner.root}/lock/{name}")


def test_a_lock_that_is_taken_away_ends_the_command(corner: Corner) -> None:
    running = Running(corner, "lock", "--json", "/lock", "--", *DEAF)
    running.line()
    _take_away(corner)
    assert running.line() == "SIGTERM"
    ran = running.finish()
    assert ran.code == 137
    acquired, lost, killed, ended = map(json.loads, ran.err.splitlines())
    assert acquired["event"] == "acquired"
    assert (lost["event"], set(lost)) == ("lost", {"event", "why"})
    assert "deleted by somebody else" in lost["why"]
    assert killed == {"event": "killed"}
    assert ended == {"event": "ended", "code": 137}


def test_a_good_end_without_the_lock_is_none(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", *GENTLE)
    running.line()
    _take_away(corner)
    assert running.line() == "TERM"
    ran = running.finish()
    assert ran.code == 76
    assert "its node was deleted by somebody else: the command gets SIGTERM" in ran.err


def test_an_ended_session_ends_the_command(corner: Corner, client: Client) -> None:
    running = Running(corner, "lock", "/lock", "--", *GENTLE)
    running.line()
    (holder,) = client.mutex("/lock").inspect()
    corner.zookeeper.expire(holder.session_id)
    assert running.line() == "TERM"
    assert running.finish().code == 76
    with client.mutex("/lock").acquire(timeout=PATIENCE):
        pass


def test_whoever_was_stopped_too_long_goes_no_step_further(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", "sh", "-c", "echo $$; exec sleep 60")
    pid = int(running.line())
    running.signal(signal.SIGSTOP)
    corner.await_children("/lock", 0)  # the server has ended the session
    assert is_running(pid)  # who is stopped can do nothing about it: see docs/cli.md
    running.signal(signal.SIGCONT)
    await_end(pid)
    assert running.finish().code in (137, 143)


def test_a_stopped_command_is_ended_too(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", "sh", "-c", "echo $$; kill -STOP $$")
    pid = int(running.line())
    assert eventually(lambda: _state(pid) == "T")
    _take_away(corner)
    await_end(pid)
    assert running.finish().code == 143


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]
