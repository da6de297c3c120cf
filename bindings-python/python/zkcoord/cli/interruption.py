"""Ctrl-C and similar signals while no command runs: they end the wait, and everything is released."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Interrupted(BaseException):
    """A signal that ends the program was received.

    Attributes:
        signal: The number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.signal = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raises :class:`Interrupted` in the block on the first such signal. Later ones do not disturb the cleanup."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    # A signal that was ignored when the process started, as by nohup, stays ignored.
    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    for number in handled:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
