import json
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import TIMEOUT, Sandbox
from zkcoord import Client
from zkcoord_command import Running, environment, run, words


def test_a_command_runs_with_the_token_and_the_path(sandbox: Sandbox) -> None:
    tokens = []
    for _ in range(2):
        ran = run(sandbox, "lock", "/lock", "--", "sh", "-c", 'echo "$ZKCOORD_TOKEN $ZKCOORD_LOCK"')
        assert (ran.code, ran.err) == (0, "")
        token, path = ran.out.split()
        assert path == "/lock"
        tokens.append(int(token))
    assert tokens[0] < tokens[1]
    assert sandbox.children("/lock") == []


@pytest.mark.parametrize("code", [0, 3, 255])
def test_it_exits_with_the_exit_code_of_the_command(sandbox: Sandbox, code: int) -> None:
    assert run(sandbox, "lock", "/lock", "--", "sh", "-c", f"exit {code}") == (code, "", "")


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV"])
def test_a_signal_that_ended_the_command_is_reported_as_by_shells(sandbox: Sandbox, name: str) -> None:
    ran = run(sandbox, "lock", "/lock", "--", "sh", "-c", f"kill -{name} $$")
    assert ran == (128 + getattr(signal, f"SIG{name}"), "", "")
    assert sandbox.children("/lock") == []


def test_a_held_lock_times_out(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        for options, message in (
            (["--try"], "/lock is held by others"),
            (["--timeout", "0.3"], "timed out acquiring lock /lock"),
        ):
            ran = run(sandbox, "lock", *options, "/lock", "--", "echo", "ran")
            assert (ran.code, ran.out) == (75, "")
            assert message in ran.err
        assert len(sandbox.children("/lock")) == 1
    assert run(sandbox, "lock", "--try", "/lock", "--", "echo", "ran") == (0, "ran\n", "")


def test_the_lock_is_held_while_the_command_runs(sandbox: Sandbox, client: Client) -> None:
    running = Running(sandbox, "lock", "/lock", "--", "sh", "-c", "echo began; exec sleep 60")
    assert running.line() == "began"
    assert client.mutex("/lock").try_acquire() is None
    running.signal(signal.SIGTERM)
    assert running.finish() == (143, "", "")
    with client.mutex("/lock").acquire(timeout=0):
        pass


def test_readers_share_the_lock_and_exclude_writers(sandbox: Sandbox, client: Client) -> None:
    with client.rw_lock("/lock").read.acquire():
        assert run(sandbox, "lock", "--shared", "--try", "/lock", "--", "true").code == 0
        assert run(sandbox, "lock", "--write", "--try", "/lock", "--", "true").code == 75
        assert run(sandbox, "lock", "--try", "/lock", "--", "true").code == 75
    with client.mutex("/lock").acquire():
        assert run(sandbox, "lock", "--shared", "--try", "/lock", "--", "true").code == 75


def test_permits_and_take(sandbox: Sandbox, client: Client) -> None:
    with client.semaphore("/s", permits=3).acquire(2):
        assert run(sandbox, "lock", "--permits", "3", "--try", "/s", "--", "true").code == 0
        assert run(sandbox, "lock", "--permits", "3", "--take", "2", "--try", "/s", "--", "true").code == 75
    assert run(sandbox, "lock", "--permits", "3", "--take", "3", "--try", "/s", "--", "true").code == 0
    assert sandbox.children("/s/leases") == []


def test_a_command_that_cannot_run_does_not_queue(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    broken = tmp_path / "broken"
    broken.write_text("#!/nowhere/interpreter\n")
    headless = tmp_path / "headless"
    headless.write_bytes(b"\x00\x01")
    for each in (broken, headless):
        each.chmod(0o755)
    for command, code, message in (
        ("no-such-command", 127, "no-such-command: command not found"),
        (str(tmp_path / "nothing"), 127, "nothing: command not found"),
        (str(tmp_path / "script"), 126, "script: it is not executable"),
        (str(tmp_path), 126, "it is not executable"),
        (str(broken), 127, "broken: command not found"),
        (str(headless), 126, "headless: Exec format error"),
    ):
        ran = run(sandbox, "lock", "/lock", "--", command)
        assert (ran.code, ran.out) == (code, ""), ran
        assert message in ran.err
    assert sandbox.children("/lock") == []


def test_arguments_that_are_not_valid_utf8_reach_the_command(sandbox: Sandbox) -> None:
    ran = run(sandbox, "lock", "/lock", "--", "sh", "-c", 'printf %s "$1" | od -An -tx1', "sh", b"a\xff\xfeb")
    assert (ran.code, ran.out.split()) == (0, ["61", "ff", "fe", "62"])


def test_the_command_inherits_only_the_callers_open_files(sandbox: Sandbox) -> None:
    script = 'exec 7</dev/null; exec "$@"'
    ran = subprocess.run(
        ["sh", "-c", script, "sh", *words("lock", "/lock", "--", "ls", "/proc/self/fd")],
        env=environment(sandbox),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    # ls has the folder open too.
    assert sorted(ran.stdout.split()) == ["0", "1", "2", "3", "7"], ran


def test_stdin_reaches_the_command(sandbox: Sandbox) -> None:
    ran = subprocess.run(
        words("lock", "/lock", "--", "cat"),
        input="words",
        env=environment(sandbox),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (ran.returncode, ran.stdout) == (0, "words")


def test_verbose_shows_progress(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        waiting = Running(sandbox, "lock", "-v", "/lock", "--", "echo", "ran")
        sandbox.await_children("/lock", 2)
        assert waiting.process.stderr is not None
        line = waiting.process.stderr.readline()
        identity = client.mutex("/lock").inspect()[0].identity
        assert line.startswith(f"zkcoord: /lock: 1st in line, held by {identity} for ")
        quiet = Running(sandbox, "lock", "--timeout", "1", "/lock", "--", "echo", "ran")
        ran = quiet.finish()
        assert ran.code == 75
        assert "in line" not in ran.err
    ran = waiting.finish()
    assert (ran.code, ran.out) == (0, "ran\n")
    assert "zkcoord: acquired /lock, token " in ran.err


def test_progress_of_a_semaphore(sandbox: Sandbox, client: Client) -> None:
    with client.semaphore("/s", permits=2).acquire(2):
        first = Running(sandbox, "lock", "-v", "--permits", "2", "/s", "--", "echo", "first")
        sandbox.await_children("/s/locks", 1)
        second = Running(sandbox, "lock", "-v", "--permits", "2", "/s", "--", "echo", "second")
        for running, place in ((first, "1st"), (second, "2nd")):
            assert running.process.stderr is not None
            assert f"{place} in line, held by " in (line := running.process.stderr.readline()), line
            assert " and 1 more for " in line
    assert (first.finish().out, second.finish().out) == ("first\n", "second\n")


def test_json_events_are_printed_on_stderr(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        running = Running(sandbox, "lock", "--json", "/lock", "--", "sh", "-c", "echo ran; exit 4")
        assert running.process.stderr is not None
        waiting = json.loads(running.process.stderr.readline())
    ran = running.finish()
    acquired, ended = map(json.loads, ran.err.splitlines())
    assert (ran.code, ran.out) == (4, "ran\n")
    holder = waiting["holders"][0]
    assert set(waiting) == {"event", "place", "holders"}
    assert (waiting["event"], waiting["place"], set(holder)) == ("waiting", 1, {"identity", "seconds"})
    assert isinstance(holder["seconds"], float)
    assert set(acquired) == {"event", "token", "node"}
    assert acquired["event"] == "acquired"
    assert acquired["node"].startswith("/lock/")
    assert isinstance(acquired["token"], int)
    assert ended == {"event": "ended", "code": 4}
    with client.mutex("/lock"):
        ran = run(sandbox, "lock", "--json", "--try", "/lock", "--", "true")
    assert ran.code == 75
    assert json.loads(ran.err) == {
        "error": {"code": "TIMEOUT", "message": "/lock is held by others, and --try does not wait"}
    }
