"""A server's process, which ends whenever this one does."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

# The small shell that owns a server: keeper LOG FOLDER COMMAND...
#
# When its stdin closes, which the kernel sees to however this process ends (SIGKILL included), it kills the server, a
# stopped one too. It removes the folder unless it was told to keep it. Its stdout is then only the server's, and closes
# when that ends. No stranger can be hit: the server's pid is not free until the shell has waited for it.
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


class Keeper:
    """Runs a command in a session of its own, where Ctrl-C and the like do not reach it.

    Args:
        command: What to run.
        log: The file to which it prints.
        folder: What is removed when this process ends without ending the command first.
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
        """Whether the command has ended by itself."""
        readable, _, _ = select.select([self._stdout], [], [], 0)
        return bool(readable)

    def signal(self, number: signal.Signals) -> None:
        """Sends the command a signal."""
        os.kill(self.pid, number)

    def end(self) -> None:
        """Kills the command and returns when it is gone. The folder stays."""
        with self._shell:
            self._stdin.write(b"keep\n")
            self._stdin.close()
