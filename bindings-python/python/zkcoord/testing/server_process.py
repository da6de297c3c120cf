"""The process of a server, which ends when this process ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

# The small shell that owns a server, called with the arguments LOG FOLDER COMMAND...
#
# When its stdin closes, which the kernel guarantees however this process ends (SIGKILL included), it kills the server,
# even a stopped one. It removes the folder unless it was told to keep it. After its first line, only the server has
# its stdout open, which closes when the server ends. It cannot hit another process: the server's pid is not reused
# before the shell has waited for it.
_SCRIPT = """
trap '' INT TERM HUP PIPE
log=$1 folder=$2
shift 2
"$@" 9>&1 </dev/null >>"$log" 2>&1 &
server=$!
echo "$server"
exec >/dev/null
word=
read -r word
kill -KILL "$server"
wait
[ "$word" = keep ] || rm -rf "$folder"
"""


class ServerProcess:
    """A command that runs in its own session, where Ctrl-C and similar signals do not reach it.

    Args:
        command: The command to run.
        log: The file for its output.
        folder: The folder to remove if this process ends without ending the command first.
    """

    def __init__(self, command: list[str], log: Path, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "zkcoord-testing", str(log), str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._stdin, self._stdout = self._shell.stdin, self._shell.stdout
        self.pid: int = int(self._stdout.readline())

    def has_ended(self) -> bool:
        """Returns ``True`` if the command has ended by itself."""
        readable, _, _ = select.select([self._stdout], [], [], 0)
        return bool(readable)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the command."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills the command and returns when it has ended. Keeps the folder."""
        with self._shell:
            self._stdin.write(b"keep\n")
            self._stdin.close()
