import os
import signal
import subprocess

import pytest
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client
from zkcoord_command import SIGNAL_PRINTER, Running, await_end, environment, is_running, words


def test_signals_are_forwarded(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", *SIGNAL_PRINTER)
    pid = int(running.line())
    for name in ("INT", "TERM", "HUP", "USR1", "USR2", "QUIT", "WINCH", "INT"):
        running.signal(getattr(signal, f"SIG{name}"))
        assert running.line() == f"SIG{name}"
    os.kill(pid, signal.SIGKILL)
    assert running.finish() == (137, "", "")
    assert sandbox.children("/lock") == []


def test_signals_reach_children_of_the_command(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", "sh", "-c", "sleep 60 & echo $!; wait; echo over")
    sleeper = int(running.line())
    running.signal(signal.SIGTERM)
    assert running.finish() == (143, "", "")
    await_end(sleeper)


def test_an_ignored_signal_stays_ignored(sandbox: Sandbox) -> None:
    running = subprocess.Popen(
        [
            "sh",
            "-c",
            'trap "" HUP; exec "$@"',
            "sh",
            *words("lock", "/lock", "--", "sh", "-c", "echo; exec sleep 60"),
        ],
        env=environment(sandbox),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGUSR1)
    running.communicate(timeout=TIMEOUT)
    assert running.returncode == 128 + signal.SIGUSR1


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_a_signal_ends_the_wait_and_leaves_the_queue(sandbox: Sandbox, client: Client, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    with client.mutex("/lock") as guard:
        waiting = Running(sandbox, "lock", "/lock", "--", "echo", "ran")
        sandbox.await_children("/lock", 2)
        waiting.signal(number)
        assert waiting.finish() == (128 + number, "", "")
        sandbox.await_children("/lock", 1)
        guard.check()


def test_ctrl_c_ends_watching(sandbox: Sandbox) -> None:
    for arguments in (["counter", "/n", "watch"], ["inspect", "--watch", "/lock"]):
        running = Running(sandbox, *arguments)
        assert running.line()
        running.signal(signal.SIGINT)
        assert running.finish()[0] == 130


def test_zkcoord_stops_and_continues_with_its_command(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", *SIGNAL_PRINTER)
    running.line()
    running.signal(signal.SIGTSTP)
    pid, status = os.waitpid(running.process.pid, os.WUNTRACED)
    assert (pid, os.WIFSTOPPED(status)) == (running.process.pid, True)
    running.signal(signal.SIGCONT)
    running.signal(signal.SIGUSR1)
    assert running.line() == "SIGUSR1"
    running.process.kill()
    running.finish()


def test_the_command_is_killed_if_zkcoord_is_killed(sandbox: Sandbox) -> None:
    running = Running(sandbox, "lock", "/lock", "--", *SIGNAL_PRINTER)
    pid = int(running.line())
    running.signal(signal.SIGKILL)
    running.finish()
    await_end(pid)
    sandbox.await_children("/lock", 0)  # when its session has expired


def test_background_processes_of_a_finished_command_are_not_killed(sandbox: Sandbox) -> None:
    script = "sleep 60 >/dev/null 2>&1 & echo $!"
    running = Running(sandbox, "lock", "/lock", "--", "sh", "-c", script)
    left_behind = int(running.line())
    assert running.finish()[0] == 0
    try:
        # Background processes of the command continue, as without zkcoord.
        assert not eventually(lambda: not is_running(left_behind), timeout=0.3)
    finally:
        os.kill(left_behind, signal.SIGKILL)
