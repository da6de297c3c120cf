"""The output of the command line: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TextIO

from zkcoord.cli import exit_codes

_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "faint": "2"}


class Console:
    """Prints text for people or, with ``json``, one JSON object per line. May be used from several threads.

    Attributes:
        json: ``True`` if it prints JSON.
        is_interactive: ``True`` if stderr is a terminal, on which a line can be replaced, and it prints text.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.is_interactive: bool = not json and _is_terminal(sys.stderr)
        self._status = ""
        self._lock = threading.Lock()

    def result(self, value: object, text: str) -> None:
        """Prints a result on stdout: ``value`` as JSON, or ``text``."""
        print(json.dumps(value) if self.json else text, file=sys.stdout, flush=True)

    def event(self, kind: str, text: str, **details: object) -> None:
        """Prints an event on stderr."""
        self._print_stderr(json.dumps({"event": kind, **details}) if self.json else f"zkcoord: {text}")

    def error(self, code: str, message: str) -> None:
        """Prints an error on stderr."""
        as_json = json.dumps({"error": {"code": code, "message": message}})
        self._print_stderr(as_json if self.json else f"zkcoord: error: {printable(message)}")

    def status(self, text: str) -> None:
        """Shows a status line, which the next one replaces. An empty text removes it."""
        with self._lock:
            if text != self._status:
                self._status = text
                sys.stderr.write(f"\r\x1b[K{text}")
                sys.stderr.flush()

    def clear_screen(self) -> str:
        """Returns the text that clears the screen before new content. Empty if stdout is not a terminal."""
        return "" if self.json or not _is_terminal(sys.stdout) else "\x1b[H\x1b[2J"

    def style(self, text: str, style: str) -> str:
        """Returns the text for stdout in a colour, if it is a terminal and ``NO_COLOR`` is not set."""
        if self.json or os.environ.get("NO_COLOR") or not _is_terminal(sys.stdout):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def flush(self) -> None:
        """Flushes stdout, so that a closed pipe is noticed here and not at the exit of the interpreter."""
        sys.stdout.flush()

    def discard_stdout(self) -> int:
        """Discards further output after the reader of stdout has closed it. Returns the exit code for that."""
        # The interpreter flushes once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.of_signal(13)

    def _print_stderr(self, line: str) -> None:
        self.status("")
        with self._lock:
            print(line, file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Returns the text with control characters escaped, because it was written by others and goes to a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def seconds(value: float) -> str:
    """Returns a duration like ``12 s`` or ``3 min 20 s``."""
    whole = max(0, round(value))
    for unit, size, smaller, smaller_size in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller_size} {smaller}"
    return f"{whole} s"


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
