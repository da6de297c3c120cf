"""Runs the command line as users do, in separate processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from conftest import SESSION_TIMEOUT, TIMEOUT, Sandbox, eventually

# A command for ``zkcoord lock`` that prints the signals that it receives, and continues.
SIGNAL_PRINTER = [
    sys.executable,
    "-c",
    """
import os, signal
def print_name(number, frame): print(signal.Signals(number).name, flush=True)
for name in ("INT", "TERM", "HUP", "USR1", "USR2", "QUIT", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), print_name)
print(os.getpid(), flush=True)
while True: signal.pause()
""",
]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def words(*arguments: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-W", "error", "-m", "zkcoord", *arguments]


def environment(sandbox: Sandbox | None, **more: str) -> dict[str, str]:
    hosts = {"ZKCOORD_HOSTS": sandbox.hosts} if sandbox else {}
    return {**os.environ, **hosts, **more}


def run(sandbox: Sandbox | None, *arguments: str | bytes, **more: str) -> Ran:
    ran = subprocess.run(
        words(*arguments),
        env=environment(sandbox, **more),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)


class Running:
    """A command line in progress."""

    def __init__(self, sandbox: Sandbox, *arguments: str) -> None:
        self.process = subprocess.Popen(
            words("--session-timeout", str(SESSION_TIMEOUT), *arguments),
            env=environment(sandbox),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def finish(self) -> Ran:
        out, err = self.process.communicate(timeout=TIMEOUT)
        assert "Traceback" not in err
        return Ran(self.process.returncode, out, err)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


def is_running(pid: int) -> bool:
    """Returns whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_end(pid: int) -> None:
    assert eventually(lambda: not is_running(pid)), f"process {pid} is still running"
