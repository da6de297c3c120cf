import json
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE, Corner
from zkcoord import Client
from zkcoord_command import Running, environment, run, words


def test_a_command_runs_with_the_token_and_the_path(corner: Corner) -> None:
    tokens = []
    for _ in range(2):
        ran = run(corner, "lock", "/lock", "--", "sh", "-c", 'echo "$ZKCOORD_TOKEN $ZKCOORD_LOCK"')
        assert (ran.code, ran.err) == (0, "")
        token, path = ran.out.split()
        assert path == "/lock"
        tokens.append(int(token))
    assert tokens[0] < tokens[1]
    assert corner.children("/lock") == []


@pytest.mark.parametrize("code", [0, 3, 255])
def test_the_exit_code_is_passed_on(corner: Corner, code: int) -> None:
    assert run(corner, "lock", "/lock", "--", "sh", "-c", f"exit {code}") == (code, "", "")


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV"])
def test_a_signal_that_ended_the_command_is_told_as_shells_do(corner: Corner, name: str) -> None:
    ran = run(corner, "lock", "/lock", "--", "sh", "-c", f"kill -{name} $$")
    assert ran == (128 + getattr(signal, f"SIG{name}"), "", "")
    assert corner.children("/lock") == []


def test_what_is_taken_is_not_waited_for_longer_than_wanted(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        for options, message in ((["--try"], "/lock is taken"), (["--timeout", "0.3"], "not had in time")):
            ran = run(corner, "lock", *options, "/lock", "--", "echo", "ran")
            assert (ran.code, ran.out) == (75, "")
            assert message in ran.err
        assert len(corner.children("/lock")) == 1
    assert run(corner, "lock", "--try", "/lock", "--", "echo", "ran") == (0, "ran\n", "")


def test_the_lock_is_held_while_the_command_runs(corner: Corner, client: Client) -> None:
    running = Running(corner, "lock", "/lock", "--", "sh", "-c", "echo began; exec sleep 60")
    assert running.line() == "began"
    assert client.mutex("/lock").try_acquire() is None
    running.signal(signal.SIGTERM)
    assert running.finish() == (143, "", "")
    with client.mutex("/lock").acquire(timeout=0):
        pass


def test_readers_share_and_keep_writers_out(corner: Corner, client: Client) -> None:
    with client.rw_lock("/lock").read.acquire():
        assert run(corner, "lock", "--shared", "--try", "/lock", "--", "true").code == 0
        assert run(corner, "lock", "--write", "--try", "/lock", "--", "true").code == 75
        assert run(corner, "lock", "--try", "/lock", "--", "true").code == 75
    with client.mutex("/lock").acquire():
        assert run(corner, "lock", "--shared", "--try", "/lock", "--", "true").code == 75


def test_permits_let_several_in(corner: Corner, client: Client) -> None:
    with client.semaphore("/s", permits=3).acquire(2):
        assert run(corner, "lock", "--permits", "3", "--try", "/s", "--", "true").code == 0
        assert run(corner, "lock", "--permits", "3", "--take", "2", "--try", "/s", "--", "true").code == 75
    assert run(corner, "lock", "--permits", "3", "--take", "3", "--try", "/s", "--", "true").code == 0
    assert corner.children("/s/leases") == []


def test_a_command_that_is_not_there_does_not_queue(corner: Corner, tmp_path: Path) -> None:
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
        ran = run(corner, "lock", "/lock", "--", command)
        assert (ran.code, ran.out) == (code, ""), ran
        assert message in ran.err
    assert corner.children("/lock") == []


def test_bytes_that_are_no_text_reach_the_command(corner: Corner) -> None:
    ran = run(corner, "lock", "/lock", "--", "sh", "-c", 'printf %s "$1" | od -An -tx1', "sh", b"a\xff\xfeb")
    assert (ran.code, ran.out.split()) == (0, ["61", "ff", "fe", "62"])


def test_files_that_were_open_stay_so_and_ours_are_not_seen(corner: Corner) -> None:
    script = 'exec 7</dev/null; exec "$@"'
    ran = subprocess.run(
        ["sh", "-c", script, "sh", *words("lock", "/lock", "--", "ls", "/proc/self/fd")],
        env=environment(corner),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    # ls has the folder open, too.
    assert sorted(ran.stdout.split()) == ["0", "1", "2", "3", "7"], ran


def test_stdin_reaches_the_command(corner: Corner) -> None:
    ran = subprocess.run(
        words("lock", "/lock", "--", "cat"),
        input="words",
        env=environment(corner),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (ran.returncode, ran.stdout) == (0, "words")


def test_waiting_is_told_where_somebody_wants_to_know(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        waiting = Running(corner, "lock", "-v", "/lock", "--", "echo", "ran")
        corner.await_children("/lock", 2)
        assert waiting.process.stderr is not None
        line = waiting.process.stderr.readline()
        identity = client.mutex("/lock").inspect()[0].identity
        assert line.startswith(f"zkcoord: /lock: 1st in line, held by {identity} for ")
        quiet = Running(corner, "lock", "--timeout", "1", "/lock", "--", "echo", "ran")
        ran = quiet.finish()
        assert ran.code == 75
        assert "in line" not in ran.err
    ran = waiting.finish()
    assert (ran.code, ran.out) == (0, "ran\n")
    assert "zkcoord: have /lock, token " in ran.err


def test_the_line_of_a_semaphore_is_told(corner: Corner, client: Client) -> None:
    with client.semaphore("/s", permits=2).acquire(2):
        first = Running(corner, "lock", "-v", "--permits", "2", "/s", "--", "echo", "first")
        corner.await_children("/s/locks", 1)
        second = Running(corner, "lock", "-v", "--permits", "2", "/s", "--", "echo", "second")
        for running, place in ((first, "1st"), (second, "2nd")):
            assert running.process.stderr is not None
            assert f"{place} in line, held by " in (line := running.process.stderr.readline()), line
            assert " and 1 more for " in line
    assert (first.finish().out, second.finish().out) == ("first\n", "second\n")


def test_json_tells_what_happens_on_stderr(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        running = Running(corner, "lock", "--json", "/lock", "--", "sh", "-c", "echo ran; exit 4")
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
        ran = run(corner, "lock", "--json", "--try", "/lock", "--", "true")
    assert ran.code == 75
    assert json.loads(ran.err) == {"error": {"code": "TIMEOUT", "message": "/lock is taken"}}
