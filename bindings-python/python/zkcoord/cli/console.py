"""What is printed: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TextIO

from zkcoord.cli import exit_codes

_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "faint": "2"}


class Console:
    """Prints for people or, with ``json``, one JSON object a line. May be used from several threads.

    Attributes:
        json: Whether it prints for programs.
        stays: Whether somebody watches a terminal on which lines can be replaced.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.stays: bool = not json and _is_terminal(sys.stderr)
        self._status = ""
        self._lock = threading.Lock()

    def result(self, value: object, text: str) -> None:
        """Prints a result on stdout: ``value`` as JSON, or ``text``."""
        print(json.dumps(value) if self.json else text, file=sys.stdout, flush=True)

    def event(self, kind: str, text: str, **details: object) -> None:
        """Tells on stderr what has happened."""
        self._tell(json.dumps({"event": kind, **details}) if self.json else f"zkcoord: {text}")

    def error(self, code: str, message: str) -> None:
        """Tells on stderr what went wrong."""
        as_json = json.dumps({"error": {"code": code, "message": message}})
        self._tell(as_json if self.json else f"zkcoord: error: {printable(message)}")

    def status(self, text: str) -> None:
        """Shows how things stand in a line that the next one replaces; an empty text takes it away."""
        with self._lock:
            if text != self._status:
                self._status = text
                sys.stderr.write(f"\r\x1b[K{text}")
                sys.stderr.flush()

    def fresh_page(self) -> str:
        """What begins a page that replaces the one before; nothing where lines do not stay."""
        return "" if self.json or not _is_terminal(sys.stdout) else "\x1b[H\x1b[2J"

    def style(self, text: str, style: str) -> str:
        """The text for stdout in a colour, where colours are wanted: on a terminal, unless ``NO_COLOR`` is set."""
        if self.json or os.environ.get("NO_COLOR") or not _is_terminal(sys.stdout):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def flush(self) -> None:
        """Notices here, not at the interpreter's end, when nobody reads any more."""
        sys.stdout.flush()

    def give_up(self) -> int:
        """What to end with when nobody reads stdout any more."""
        # The interpreter flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.of_signal(13)

    def _tell(self, line: str) -> None:
        self.status("")
        with self._lock:
            print(line, file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """The text without what could play tricks on a terminal: others have written it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def seconds(value: float) -> str:
    """A duration like ``12 s`` or ``3 min 20 s``."""
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
