"""The command line on a terminal: progress, colours, and the foreground."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest
from conftest import TIMEOUT, Sandbox
from zkcoord import Client
from zkcoord_command import SIGNAL_PRINTER, environment, words


class Terminal:
    """A terminal with one program in its foreground."""

    def __init__(self, sandbox: Sandbox, *arguments: str, **more: str) -> None:
        self.main, self.other = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            words(*arguments),
            env=environment(sandbox, TERM="xterm", **more),
            stdin=self.other,
            stdout=self.other,
            stderr=self.other,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def press(self, keys: str) -> None:
        os.write(self.main, keys.encode())

    def await_text(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, self.seen)):
            assert time.monotonic() < deadline, (pattern, self.seen)
            if select.select([self.main], [], [], 0.05)[0]:
                self.seen += os.read(self.main, 4096).decode()
        self.seen = self.seen[match.end() :]
        return match

    def foreground(self) -> int:
        return os.tcgetpgrp(self.main)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.main)
        os.close(self.other)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_progress_is_one_line_that_is_removed(
    sandbox: Sandbox, client: Client, terminals: list[Terminal]
) -> None:
    with client.mutex("/lock"):
        terminal = Terminal(sandbox, "lock", "/lock", "--", "echo", "ran")
        terminals.append(terminal)
        for _ in range(2):
            terminal.await_text(r"\r\x1b\[Kzkcoord: /lock: 1st in line, held by \S+ for \d+ s")
    terminal.await_text(r"\r\x1b\[Kran\r\n")
    assert terminal.process.wait(TIMEOUT) == 0


def test_the_command_reads_the_terminal(sandbox: Sandbox, terminals: list[Terminal]) -> None:
    terminal = Terminal(sandbox, "lock", "/lock", "--", "sh", "-c", "read -r line; echo got $line; exec cat")
    terminals.append(terminal)
    terminal.press("words\n")
    terminal.await_text("got words")
    terminal.press("\x03")
    assert terminal.process.wait(TIMEOUT) == 130
    assert sandbox.children("/lock") == []


def test_the_command_gets_ctrl_c_once(sandbox: Sandbox, terminals: list[Terminal]) -> None:
    terminal = Terminal(sandbox, "lock", "/lock", "--", *SIGNAL_PRINTER)
    terminals.append(terminal)
    pid = int(terminal.await_text(r"(\d+)\r\n")[1])
    assert terminal.foreground() == pid
    terminal.press("\x03")
    terminal.await_text("SIGINT")
    terminal.process.send_signal(signal.SIGUSR1)
    assert "SIGINT" not in terminal.await_text(r"(?s)(.*)SIGUSR1")[1]


def test_ctrl_z_stops_zkcoord_and_its_command(sandbox: Sandbox, terminals: list[Terminal]) -> None:
    terminal = Terminal(sandbox, "lock", "/lock", "--", *SIGNAL_PRINTER)
    terminals.append(terminal)
    pid = int(terminal.await_text(r"(\d+)\r\n")[1])
    terminal.press("\x1a")
    stopped, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
    assert (stopped, os.WIFSTOPPED(status)) == (terminal.process.pid, True)
    assert terminal.foreground() == terminal.process.pid
    terminal.process.send_signal(signal.SIGCONT)
    terminal.process.send_signal(signal.SIGUSR1)
    terminal.await_text("SIGUSR1")
    assert terminal.foreground() == pid


def test_ctrl_c_ends_a_wait(sandbox: Sandbox, client: Client, terminals: list[Terminal]) -> None:
    with client.mutex("/lock"):
        terminal = Terminal(sandbox, "lock", "/lock", "--", "echo", "ran")
        terminals.append(terminal)
        terminal.await_text("in line")
        terminal.press("\x03")
        assert terminal.process.wait(TIMEOUT) == 130
        sandbox.await_children("/lock", 1)


def test_colours_are_used_on_terminals_unless_no_color_is_set(
    sandbox: Sandbox, terminals: list[Terminal]
) -> None:
    for more, text in (({}, "\x1b[32mok  \x1b[0m"), ({"NO_COLOR": "1"}, "ok    server")):
        terminal = Terminal(sandbox, "doctor", "/lock", **more)
        terminals.append(terminal)
        terminal.await_text(re.escape(text))
        assert terminal.process.wait(TIMEOUT) == 0
