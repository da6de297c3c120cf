"""Runs a command under a guard, and sees to it that it does not outlive the lock.

1. The command gets a process group of its own, so that what it starts can be signalled with it. If we were in the
   terminal's foreground, the group is now. A leash kills the group should we be killed.
2. Signals for us go to the group. If it stops, as by Ctrl-Z, so do we; when we go on, it does.
3. As long as servers answer, the guard's lease stays long. When no more is left of it than the grace (with a margin),
   the group gets SIGTERM; if the servers answer again meanwhile, that was all.
4. When only the margin is left, the group gets SIGKILL: nobody else can have the lock yet.
5. If the lock is taken away (its node was deleted, its session ended), SIGTERM comes at once, and SIGKILL after the
   grace or as in 4, whichever comes first.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from zkcoord.cli import exit_codes
from zkcoord.cli.console import Console
from zkcoord.cli.leash import Leash
from zkcoord.cli.terminal import Terminal
from zkcoord.client import Client
from zkcoord.errors import InvalidArgument, LockLost
from zkcoord.guard import Guard

_FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGTSTP,
    signal.SIGCONT,
)
_STOPS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
# In the place of a signal's number: the lock is lost.
_LOSS = b"\0"


class CannotRun(Exception):
    """The command could not be started.

    Attributes:
        cause: Why.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Supervision:
    """How commands are to be supervised.

    Args:
        out: Where to tell of a loss.
        client: Whose session holds the lock.
        grace: How many seconds there are from SIGTERM to SIGKILL. ``None``: a quarter of the session timeout.
    """

    def __init__(self, out: Console, client: Client, grace: float | None) -> None:
        timeout = client._native.session_timeout()
        self._out = out
        self._margin = timeout / 32
        self._grace = timeout / 4 if grace is None else grace
        # While servers answer, a lease never has less than 7/16 left.
        if self._grace > timeout * 3 / 8:
            raise InvalidArgument(
                f"--grace {self._grace:g}: must be at most {timeout * 3 / 8:g} seconds with the session timeout of "
                f"{timeout:g} seconds that the servers granted; see --session-timeout"
            )

    def run(self, guard: Guard, command: list[str], environment: Mapping[str, str]) -> int:
        """Runs the command to its end, and returns the exit code.

        Raises:
            CannotRun: The command could not be started.
        """
        mailbox, leash, terminal = _Mailbox(guard), Leash(), Terminal()
        try:
            # What was inherited and is not our own is the command's to use; ours is closed by the kernel.
            try:
                child = subprocess.Popen(command, env=environment, process_group=0, close_fds=False)
            except OSError as error:
                raise CannotRun(error) from error
            leash.tie(child.pid)
            terminal.lend(child.pid)
            ward = _Ward(child, guard, terminal, self._out, self._grace, self._margin)
            # It may have asked for the terminal too early, and been stopped.
            ward.signal(signal.SIGCONT)
            code = ward.attend(mailbox)
            terminal.take_back(child.pid)
        finally:
            leash.untie()
            terminal.close()
            mailbox.close()
        if code == 0 and guard.lost.is_set():
            return exit_codes.LOST
        return code if code >= 0 else exit_codes.of_signal(-code)


class _Ward:
    """A command that runs under a guard."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        guard: Guard,
        terminal: Terminal,
        out: Console,
        grace: float,
        margin: float,
    ) -> None:
        self._child = child
        self._guard = guard
        self._terminal = terminal
        self._out = out
        self._grace, self._margin = grace, margin
        self._lease_end = _now() + guard.lease_remaining
        self._terminated: float | None = None
        self._killed = False

    def attend(self, mailbox: _Mailbox) -> int:
        """Looks after the command until it has ended; returns its code, negative for a signal."""
        while True:
            pause = self._look_after_lease()
            if (code := self._child.poll()) is not None:
                return code
            for number in mailbox.await_news(pause):
                # Nothing goes on before it is known whether the lock is still ours: we may have been stopped.
                self._look_after_lease()
                self.signal(number)
            self._stop_with_it()

    def signal(self, number: int) -> None:
        """Sends the command's group a signal."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)

    def _look_after_lease(self) -> float | None:
        """Steps 3 to 5. Says in how many seconds they have to be taken again."""
        now = _now()
        if remaining := self._guard.lease_remaining:
            self._lease_end = now + remaining
        lost = self._guard.lost.is_set()
        safe_until = self._lease_end - self._margin - self._grace
        if not lost and now < safe_until:
            if self._terminated is not None:
                self._terminated = None
                self._out.event("kept", "the servers answer again, the lock is kept")
            return safe_until - now
        if self._terminated is None:
            self._terminated = now
            self._tell_danger()
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)  # who is stopped cannot end
        kill_at = self._lease_end - self._margin
        if lost:
            kill_at = min(kill_at, self._terminated + self._grace)
        if now < kill_at:
            return kill_at - now
        if not self._killed:
            self._killed = True
            self._out.event("killed", "the command gets SIGKILL")
            self.signal(signal.SIGKILL)
        return None

    def _tell_danger(self) -> None:
        try:
            self._guard.check()
        except LockLost as error:
            self._out.event("lost", f"{error}: the command gets SIGTERM", why=str(error))
        else:
            why = "no server answers"
            text = f"{why}, the lock is about to be lost: the command gets SIGTERM"
            self._out.event("losing", text, why=why)

    def _stop_with_it(self) -> None:
        """Stops when the command was stopped, as its terminal's shell expects, until somebody lets us go on."""
        try:
            stopped = os.waitid(os.P_PID, self._child.pid, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return  # it has ended
        if stopped is None or stopped.si_status not in _STOPS or self._killed:
            return
        self._terminal.take_back(self._child.pid)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._look_after_lease()
        self._terminal.lend(self._child.pid)
        self.signal(signal.SIGCONT)


class _Mailbox:
    """What happens while the command runs: signals and the loss of the lock, one byte each."""

    def __init__(self, guard: Guard) -> None:
        # Not a pipe: a callback that comes late must not write into whatever has got its number.
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        wanted = (*_FORWARDED, signal.SIGCHLD)
        before = {number: signal.getsignal(number) for number in wanted}
        # Who was started with one ignored, like by nohup, leaves it so; the command has inherited that.
        self._before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, lambda *_: None)
        guard.on_lost(self._tell_loss)

    def await_news(self, seconds: float | None) -> list[int]:
        """Waits for something to happen, but at most so long; returns the signals that are to be forwarded."""
        select.select([self._reader], [], [], seconds)
        with suppress(BlockingIOError):
            return [number for number in self._reader.recv(256) if number in _FORWARDED]
        return []

    def close(self) -> None:
        """Gives the signals back to those who had them before."""
        signal.set_wakeup_fd(self._old_wakeup)
        for number, old in self._before.items():
            signal.signal(number, old)
        self._reader.close()
        self._writer.close()

    def _tell_loss(self) -> None:
        with suppress(OSError):  # closed, or full of what wakes as well
            self._writer.send(_LOSS)


def _now() -> float:
    """A clock that also runs while the machine sleeps, as leases do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
