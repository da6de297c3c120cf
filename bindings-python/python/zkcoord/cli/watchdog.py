"""A watchdog, which kills a process group if this process ends unexpectedly."""

from __future__ import annotations

import subprocess
from contextlib import suppress

# The first line on stdin is the group. If stdin closes without a second line, this process has ended in some way.
_SCRIPT = """
trap '' INT TERM HUP QUIT
read -r group || exit 0
read -r word || kill -s KILL -- "-$group"
"""


class Watchdog:
    """A small shell that watches this process. Make it before the command whose group it is to kill."""

    def __init__(self) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "zkcoord-watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Signals sent to our process group must not reach it.
            start_new_session=True,
        )
        self._last_line = b""

    def guard(self, group: int) -> None:
        """Kills the group if this process ends from now on."""
        assert self._shell.stdin is not None
        self._shell.stdin.write(b"%d\n" % group)
        self._shell.stdin.flush()
        self._last_line = b"done\n"

    def stop(self) -> None:
        """Ends the watchdog without killing the group."""
        with suppress(BrokenPipeError):  # somebody has killed the shell
            self._shell.communicate(self._last_line)
