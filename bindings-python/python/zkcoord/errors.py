"""What can go wrong, by class and by code. The same table serves all languages of zkcoord (docs/errors.md).

::

    try:
        guard = mutex.acquire(timeout=5)
    except zkcoord.AcquireTimeout:  # or TimeoutError
        ...
    except zkcoord.ZkcoordError as error:
        log.error("no lock: %s (%s)", error, error.code)
"""


class ZkcoordError(Exception):
    """Base of all errors of zkcoord.

    Attributes:
        code: The error's name in the table of all languages, like ``"TIMEOUT"``.
    """

    code: str


class AcquireTimeout(ZkcoordError, TimeoutError):
    """The timeout passed: nothing is held, no node is left, nothing was written."""

    code = "TIMEOUT"


class Cancelled(ZkcoordError):
    """The caller cancelled the operation."""

    code = "CANCELLED"


class ConnectionLost(ZkcoordError, ConnectionError):
    """No server can be reached. The operation was not applied."""

    code = "CONNECTION_LOST"


class Indeterminate(ZkcoordError):
    """A write was sent and its outcome cannot be learned: it may have been applied or not."""

    code = "INDETERMINATE"


class SessionExpired(ZkcoordError, ConnectionError):
    """The operation was bound to a session that is gone."""

    code = "SESSION_EXPIRED"


class LockLost(ZkcoordError):
    """The guard is not valid any more, or cannot be known to be."""

    code = "LOCK_LOST"


class NotAuthorized(ZkcoordError, PermissionError):
    """The servers refused: the authentication, or by a node's ACL."""

    code = "NOT_AUTHORIZED"


class InvalidArgument(ZkcoordError, ValueError):
    """An argument is not acceptable, by its value or its type. The message names both."""

    code = "INVALID_ARGUMENT"


class BadData(ZkcoordError, ValueError):
    """A counter's node holds bytes that are no counter of its format. They are left as they are."""

    code = "BAD_DATA"


class CounterOverflow(ZkcoordError, OverflowError):
    """The result leaves the range of the counter. Nothing is written."""

    code = "OVERFLOW"


class SequenceExhausted(ZkcoordError):
    """The sequence numbers of the lock's directory are used up or ambiguous."""

    code = "SEQUENCE_EXHAUSTED"


class QuotaExceeded(ZkcoordError):
    """The servers refused for quota."""

    code = "QUOTA"


class WouldDeadlock(ZkcoordError, RuntimeError):
    """A waiting call from one of zkcoord's callbacks, which would wait for itself."""

    code = "WOULD_DEADLOCK"


class ClosedError(ZkcoordError, RuntimeError):
    """The client was closed."""

    code = "CLOSED"


class ForkedError(ZkcoordError, RuntimeError):
    """Made before ``fork()`` and used in the child. Connect again there."""

    code = "FORKED"


class Unsupported(ZkcoordError):
    """The servers, or this version of zkcoord, lack it."""

    code = "UNSUPPORTED"


class InternalError(ZkcoordError):
    """A bug in zkcoord; the message says what."""

    code = "INTERNAL"
