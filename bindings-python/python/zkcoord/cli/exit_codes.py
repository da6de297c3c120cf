"""What the command ends with: those of ``sysexits.h``, those of shells, and one of our own."""

from __future__ import annotations

from zkcoord.errors import (
    AcquireTimeout,
    BadData,
    ConnectionLost,
    CounterOverflow,
    Indeterminate,
    InvalidArgument,
    LockLost,
    NotAuthorized,
    QuotaExceeded,
    SequenceExhausted,
    SessionExpired,
    Unsupported,
    ZkcoordError,
)

OK = 0
# doctor has found trouble.
TROUBLE = 1
# EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_SOFTWARE, EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_NOPERM.
USAGE = 64
BAD_DATA = 65
UNAVAILABLE = 69
INTERNAL = 70
EXHAUSTED = 73
INDETERMINATE = 74
NOT_HAD = 75
NOT_AUTHORIZED = 77
# Our own, in the place of EX_PROTOCOL: the command itself has ended well, but it had lost its lock by then.
LOST = 76
# As shells have it.
NOT_EXECUTABLE = 126
NOT_FOUND = 127

_OF_ERRORS: tuple[tuple[type[ZkcoordError], int], ...] = (
    (InvalidArgument, USAGE),
    (BadData, BAD_DATA),
    (CounterOverflow, BAD_DATA),
    (ConnectionLost, UNAVAILABLE),
    (SessionExpired, UNAVAILABLE),
    (Unsupported, UNAVAILABLE),
    (QuotaExceeded, EXHAUSTED),
    (SequenceExhausted, EXHAUSTED),
    (Indeterminate, INDETERMINATE),
    (AcquireTimeout, NOT_HAD),
    (LockLost, LOST),
    (NotAuthorized, NOT_AUTHORIZED),
)


def of(error: ZkcoordError) -> int:
    """The exit code for an error."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), INTERNAL)


def of_signal(number: int) -> int:
    """The exit code for whoever a signal has ended."""
    return 128 + number
