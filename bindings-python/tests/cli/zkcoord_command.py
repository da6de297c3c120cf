"""Runs the command line as users do, in processes of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from conftest import PATIENCE, SESSION, Corner, eventually

# A command for ``lock`` that tells which signals come, and goes on.
DEAF = [
    sys.executable,
    "-c",
    """
import os, signal
def tell(number, frame): print(signal.Signals(number).name, flush=True)
for name in ("INT", "TERM", "HUP", "USR1", "USR2", "QUIT", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), tell)
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


def environment(corner: Corner | None, **more: str) -> dict[str, str]:
    hosts = {"ZKCOORD_HOSTS": corner.hosts} if corner else {}
    return {**os.environ, **hosts, **more}


def run(corner: Corner | None, *arguments: str | bytes, **more: str) -> Ran:
    ran = subprocess.run(
        words(*arguments),
        env=environment(corner, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)


class Running:
    """A command line that is under way."""

    def __init__(self, corner: Corner, *arguments: str) -> None:
        self.process = subprocess.Popen(
            words("--session-timeout", str(SESSION), *arguments),
            env=environment(corner),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def finish(self) -> Ran:
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        return Ran(self.process.returncode, out, err)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


def is_running(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_end(pid: int) -> None:
    assert eventually(lambda: not is_running(pid)), f"{pid} runs on"
