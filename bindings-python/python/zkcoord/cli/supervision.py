"""Runs a command under a guard, such that the command does not outlive the lock.

1. The command gets its own process group, so that its child processes can be signalled with it. If we are in the
   terminal's foreground, the group takes our place. A watchdog kills the group if we are killed.
2. Signals sent to us are forwarded to the group. If it stops, as by Ctrl-Z, we stop too; when we continue, it does.
3. While servers answer, the guard's lease stays long. When only the grace and a margin are left of it, the group gets
   SIGTERM. If the servers answer again after that, nothing else happens.
4. When only the margin is left, the group gets SIGKILL: nobody else can hold the lock yet.
5. If the lock is lost otherwise (its node was deleted, its session ended), the group gets SIGTERM at once, and SIGKILL
   after the grace or as in 4, whichever comes first.
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
from zkcoord.cli.terminal import Terminal
from zkcoord.cli.watchdog import Watchdog
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
# The wake-up for the loss of the lock, among the numbers of signals.
_LOSS = b"\0"


class CannotRun(Exception):
    """The command could not be started.

    Attributes:
        cause: The reason.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Supervisor:
    """Runs commands and ends them before the lock can be held by others.

    Args:
        out: Reports losses.
        client: The client whose session holds the lock.
        grace: The seconds from SIGTERM to SIGKILL. ``None``: a quarter of the session timeout.
    """

    def __init__(self, out: Console, client: Client, grace: float | None) -> None:
        timeout = client._native.session_timeout()
        self._out = out
        self._margin = timeout / 32
        self._grace = timeout / 4 if grace is None else grace
        # While servers answer, at least 7/16 of a lease is left.
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
        wakeups, watchdog, terminal = _Wakeups(guard), Watchdog(), Terminal()
        try:
            # The command inherits the files that we inherited. Those that we have opened are closed by the kernel.
            try:
                child = subprocess.Popen(command, env=environment, process_group=0, close_fds=False)
            except OSError as error:
                raise CannotRun(error) from error
            watchdog.guard(child.pid)
            terminal.give_foreground(child.pid)
            supervised = _SupervisedCommand(child, guard, terminal, self._out, self._grace, self._margin)
            # It may have used the terminal before it got the foreground, and been stopped.
            supervised.signal(signal.SIGCONT)
            code = supervised.wait(wakeups)
            terminal.take_foreground(child.pid)
        finally:
            watchdog.stop()
            terminal.close()
            wakeups.close()
        if code == 0 and guard.lost.is_set():
            return exit_codes.LOST
        return code if code >= 0 else exit_codes.of_signal(-code)


class _SupervisedCommand:
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

    def wait(self, wakeups: _Wakeups) -> int:
        """Supervises the command until it has ended. Returns its exit code, or a negative signal number."""
        while True:
            pause = self._check_lease()
            if (code := self._child.poll()) is not None:
                return code
            for number in wakeups.wait(pause):
                # We may have been stopped: check the lock before the command continues.
                self._check_lease()
                self.signal(number)
            self._stop_with_command()

    def signal(self, number: int) -> None:
        """Sends a signal to the command's group."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)

    def _check_lease(self) -> float | None:
        """Performs steps 3 to 5. Returns the seconds after which to check again."""
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
            self._report_danger()
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)  # a stopped process does not handle SIGTERM
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

    def _report_danger(self) -> None:
        try:
            self._guard.check()
        except LockLost as error:
            self._out.event("lost", f"{error}: the command gets SIGTERM", why=str(error))
        else:
            why = "no server answers"
            text = f"{why}, the lock is about to be lost: the command gets SIGTERM"
            self._out.event("losing", text, why=why)

    def _stop_with_command(self) -> None:
        """Stops this process if the command was stopped, as the shell expects, until it is continued."""
        try:
            stopped = os.waitid(os.P_PID, self._child.pid, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return  # the command has ended
        if stopped is None or stopped.si_status not in _STOPS or self._killed:
            return
        self._terminal.take_foreground(self._child.pid)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._check_lease()
        self._terminal.give_foreground(self._child.pid)
        self.signal(signal.SIGCONT)


class _Wakeups:
    """The signals and the loss of the lock that occur while the command runs, one byte each."""

    def __init__(self, guard: Guard) -> None:
        # A socket pair and not a pipe: after close(), a late callback must not write into a file that has got the same
        # descriptor.
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        wanted = (*_FORWARDED, signal.SIGCHLD)
        before = {number: signal.getsignal(number) for number in wanted}
        # A signal that was ignored when the process started, as by nohup, stays ignored, as in the command.
        self._before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, lambda *_: None)
        guard.on_lost(self._notify_loss)

    def wait(self, seconds: float | None) -> list[int]:
        """Waits for a wake-up, for at most that many seconds. Returns the signals to forward."""
        select.select([self._reader], [], [], seconds)
        with suppress(BlockingIOError):
            return [number for number in self._reader.recv(256) if number in _FORWARDED]
        return []

    def close(self) -> None:
        """Restores the previous signal handlers."""
        signal.set_wakeup_fd(self._old_wakeup)
        for number, old in self._before.items():
            signal.signal(number, old)
        self._reader.close()
        self._writer.close()

    def _notify_loss(self) -> None:
        with suppress(OSError):  # closed, or full of other wake-ups
            self._writer.send(_LOSS)


def _now() -> float:
    """Returns the time of a clock that also runs while the machine sleeps, as leases do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
