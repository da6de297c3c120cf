"""Kills a process group when this process ends without having said that all is well."""

from __future__ import annotations

import subprocess
from contextlib import suppress

# It learns the group from its first line. When its stdin closes without a second one, we have died, in whatever way.
_SCRIPT = """
trap '' INT TERM HUP QUIT
read -r group || exit 0
read -r word || kill -s KILL -- "-$group"
"""


class Leash:
    """A small shell that watches over this process; made before the command that it is for."""

    def __init__(self) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "zkcoord-leash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Where what is sent to our group does not reach it.
            start_new_session=True,
        )
        self._farewell = b""

    def tie(self, group: int) -> None:
        """From now on the group ends with this process."""
        assert self._shell.stdin is not None
        self._shell.stdin.write(b"%d\n" % group)
        self._shell.stdin.flush()
        self._farewell = b"well\n"

    def untie(self) -> None:
        """All is well: nobody is killed."""
        with suppress(BrokenPipeError):  # somebody has killed it
            self._shell.communicate(self._farewell)
