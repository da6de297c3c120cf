"""The exit codes of the command: those of ``sysexits.h``, those of shells, and one of zkcoord's own."""

from __future__ import annotations

from zkcoord import errors

OK = 0
# doctor has found something broken.
PROBLEMS_FOUND = 1
# EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_SOFTWARE, EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_NOPERM.
USAGE = 64
BAD_DATA = 65
UNAVAILABLE = 69
INTERNAL = 70
EXHAUSTED = 73
INDETERMINATE = 74
TIMED_OUT = 75
NOT_AUTHORIZED = 77
# Our own, in the place of EX_PROTOCOL: the command itself succeeded, but its lock had been lost by then.
LOST = 76
# As in shells.
NOT_EXECUTABLE = 126
NOT_FOUND = 127

_OF_ERRORS: tuple[tuple[type[errors.ZkcoordError], int], ...] = (
    (errors.InvalidArgument, USAGE),
    (errors.BadData, BAD_DATA),
    (errors.CounterOverflow, BAD_DATA),
    (errors.ConnectionLost, UNAVAILABLE),
    (errors.SessionExpired, UNAVAILABLE),
    (errors.Unsupported, UNAVAILABLE),
    (errors.QuotaExceeded, EXHAUSTED),
    (errors.SequenceExhausted, EXHAUSTED),
    (errors.Indeterminate, INDETERMINATE),
    (errors.AcquireTimeout, TIMED_OUT),
    (errors.LockLost, LOST),
    (errors.NotAuthorized, NOT_AUTHORIZED),
)


def of(error: errors.ZkcoordError) -> int:
    """Returns the exit code for an error."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), INTERNAL)


def of_signal(number: int) -> int:
    """Returns the exit code for a process that a signal has ended."""
    return 128 + number
