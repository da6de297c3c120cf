import os
import signal
import subprocess

import pytest
from conftest import PATIENCE, Corner, eventually
from zkcoord import Client
from zkcoord_command import DEAF, Running, await_end, environment, is_running, words


def test_signals_are_forwarded(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", *DEAF)
    pid = int(running.line())
    for name in ("INT", "TERM", "HUP", "USR1", "USR2", "QUIT", "WINCH", "INT"):
        running.signal(getattr(signal, f"SIG{name}"))
        assert running.line() == f"SIG{name}"
    os.kill(pid, signal.SIGKILL)
    assert running.finish() == (137, "", "")
    assert corner.children("/lock") == []


def test_signals_reach_what_the_command_has_started(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", "sh", "-c", "sleep 60 & echo $!; wait; echo over")
    sleeper = int(running.line())
    running.signal(signal.SIGTERM)
    assert running.finish() == (143, "", "")
    await_end(sleeper)


def test_a_signal_that_was_ignored_stays_so(corner: Corner) -> None:
    running = subprocess.Popen(
        [
            "sh",
            "-c",
            'trap "" HUP; exec "$@"',
            "sh",
            *words("lock", "/lock", "--", "sh", "-c", "echo; exec sleep 60"),
        ],
        env=environment(corner),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGUSR1)
    running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + signal.SIGUSR1


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_who_waits_is_ended_and_leaves_the_queue(corner: Corner, client: Client, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    with client.mutex("/lock") as guard:
        waiting = Running(corner, "lock", "/lock", "--", "echo", "ran")
        corner.await_children("/lock", 2)
        waiting.signal(number)
        assert waiting.finish() == (128 + number, "", "")
        corner.await_children("/lock", 1)
        guard.check()


def test_ctrl_c_ends_what_goes_on_for_ever(corner: Corner) -> None:
    for arguments in (["counter", "/n", "watch"], ["inspect", "--watch", "/lock"]):
        running = Running(corner, *arguments)
        assert running.line()
        running.signal(signal.SIGINT)
        assert running.finish()[0] == 130


def test_a_stopped_command_is_stopped_with_and_goes_on_with(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", *DEAF)
    running.line()
    running.signal(signal.SIGTSTP)
    pid, status = os.waitpid(running.process.pid, os.WUNTRACED)
    assert (pid, os.WIFSTOPPED(status)) == (running.process.pid, True)
    running.signal(signal.SIGCONT)
    running.signal(signal.SIGUSR1)
    assert running.line() == "SIGUSR1"
    running.process.kill()
    running.finish()


def test_a_command_does_not_outlive_us(corner: Corner) -> None:
    running = Running(corner, "lock", "/lock", "--", *DEAF)
    pid = int(running.line())
    running.signal(signal.SIGKILL)
    running.finish()
    await_end(pid)
    corner.await_children("/lock", 0)  # by the end of its session


def test_a_command_that_has_ended_is_not_watched_over(corner: Corner) -> None:
    script = "sleep 60 >/dev/null 2>&1 & echo $!"
    running = Running(corner, "lock", "/lock", "--", "sh", "-c", script)
    left_behind = int(running.line())
    assert running.finish()[0] == 0
    try:
        # What it leaves in the background goes on, as without us.
        assert not eventually(lambda: not is_running(left_behind), patience=0.3)
    finally:
        os.kill(left_behind, signal.SIGKILL)
