"""The errors of zkcoord, by class and by code. The same table serves all languages of zkcoord (docs/errors.md).

::

    try:
        guard = mutex.acquire(timeout=5)
    except zkcoord.AcquireTimeout:  # or TimeoutError
        ...
    except zkcoord.ZkcoordError as error:
        log.error("no lock: %s (%s)", error, error.code)
"""


class ZkcoordError(Exception):
    """Base class of all errors of zkcoord.

    Attributes:
        code: The name of the error in the table of all languages, like ``"TIMEOUT"``.
    """

    code: str

    def __init_subclass__(cls, *, code: str | None = None) -> None:
        super().__init_subclass__()
        if code is not None:
            cls.code = code


class AcquireTimeout(ZkcoordError, TimeoutError, code="TIMEOUT"):
    """The operation timed out. Nothing is held, no node is left behind, and nothing was written."""


class Cancelled(ZkcoordError, code="CANCELLED"):
    """The caller cancelled the operation."""


class ConnectionLost(ZkcoordError, ConnectionError, code="CONNECTION_LOST"):
    """No server can be reached. The operation was not applied."""


class Indeterminate(ZkcoordError, code="INDETERMINATE"):
    """A write was sent and its outcome is unknown: it may or may not have been applied."""


class SessionExpired(ZkcoordError, ConnectionError, code="SESSION_EXPIRED"):
    """The operation was bound to a session that has expired."""


class LockLost(ZkcoordError, code="LOCK_LOST"):
    """The guard no longer holds its lock, or the client cannot be sure that it does."""


class NotAuthorized(ZkcoordError, PermissionError, code="NOT_AUTHORIZED"):
    """The servers refused the authentication, or the ACL of a node refused the operation."""


class InvalidArgument(ZkcoordError, ValueError, code="INVALID_ARGUMENT"):
    """An argument has an invalid value or type. The message names the argument and its value."""


class BadData(ZkcoordError, ValueError, code="BAD_DATA"):
    """The node holds bytes that are not a valid counter in this format. They are left unchanged."""


class CounterOverflow(ZkcoordError, OverflowError, code="OVERFLOW"):
    """The result would be outside the range of the counter. Nothing is written."""


class SequenceExhausted(ZkcoordError, code="SEQUENCE_EXHAUSTED"):
    """The sequence numbers of the lock's directory are used up or ambiguous."""


class QuotaExceeded(ZkcoordError, code="QUOTA"):
    """The servers refused the write because a quota is exceeded."""


class WouldDeadlock(ZkcoordError, RuntimeError, code="WOULD_DEADLOCK"):
    """The call would wait for its own caller, for example a blocking call in a callback of zkcoord."""


class ClosedError(ZkcoordError, RuntimeError, code="CLOSED"):
    """The client is closed."""


class ForkedError(ZkcoordError, RuntimeError, code="FORKED"):
    """The object was made before ``fork()`` and is used in the child process. Connect again there."""


class Unsupported(ZkcoordError, code="UNSUPPORTED"):
    """The servers, or this build of zkcoord, do not support the operation."""


class InternalError(ZkcoordError, code="INTERNAL"):
    """A bug in zkcoord. The message describes it; please report it."""
