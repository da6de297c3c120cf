"""The terminal whose foreground the command's process group takes over, so that it gets the keys and Ctrl-C."""

from __future__ import annotations

import os
import signal


class Terminal:
    """The terminal of this process's session, if it has one."""

    def __init__(self) -> None:
        try:
            self._file: int | None = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            self._file = None
        self._own_group = os.getpgrp()

    def give_foreground(self, group: int) -> None:
        """Puts the group into the foreground, if this process is there."""
        if self._file is None or os.tcgetpgrp(self._file) != self._own_group:
            return
        # Without this a process in the background is stopped for writing, and for taking the foreground back.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(self._file, group)

    def take_foreground(self, group: int) -> None:
        """Takes the foreground back, if the group still has it."""
        if self._file is not None and os.tcgetpgrp(self._file) == group:
            os.tcsetpgrp(self._file, self._own_group)

    def close(self) -> None:
        """Closes the terminal."""
        if self._file is not None:
            os.close(self._file)
