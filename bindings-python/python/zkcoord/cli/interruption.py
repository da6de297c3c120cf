"""Ctrl-C and its like, while nothing else has to be looked after: they end the wait, and everything is given back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Interrupted(BaseException):
    """A signal has asked for an end.

    Attributes:
        signal: Its number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.signal = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it the first of those signals raises :class:`Interrupted`; further ones do not disturb what cleans up."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    # Who was started with one of them ignored, like by nohup, ignores it still.
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
