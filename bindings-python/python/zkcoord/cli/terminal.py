"""The terminal, if we are in its foreground: lent to the command's process group, which gets its keys and Ctrl-C."""

from __future__ import annotations

import os
import signal


class Terminal:
    """The terminal of this process's session, or none."""

    def __init__(self) -> None:
        try:
            self._file: int | None = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            self._file = None
        self._ours = os.getpgrp()

    def lend(self, group: int) -> None:
        """Puts the group into the foreground, if we are there."""
        if self._file is None or os.tcgetpgrp(self._file) != self._ours:
            return
        # Who is not in the foreground is stopped for writing, or for changing what follows.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(self._file, group)

    def take_back(self, group: int) -> None:
        """Takes the foreground back if the group has it still."""
        if self._file is not None and os.tcgetpgrp(self._file) == group:
            os.tcsetpgrp(self._file, self._ours)

    def close(self) -> None:
        """Lets the terminal go."""
        if self._file is not None:
            os.close(self._file)
