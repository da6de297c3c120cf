"""The shared code of the clients."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable

from zkcoord import _arguments, _zkcoord
from zkcoord._operations import public_name
from zkcoord.errors import ForkedError, InvalidArgument
from zkcoord.tls import Tls, native


def connect_operation(
    hosts: str,
    session_timeout: float,
    connect_timeout: float,
    identity: str | None,
    auth: tuple[str, str | bytes] | None,
    tls: Tls | None,
    acl: str,
) -> _zkcoord.Op[_zkcoord.Client]:
    """Returns the operation that connects."""
    return _zkcoord.connect(
        _arguments.text("hosts", hosts),
        _arguments.seconds("session_timeout", session_timeout),
        _arguments.seconds("connect_timeout", connect_timeout),
        _arguments.optional(_arguments.text, "identity", identity),
        [] if auth is None else [_credentials(auth)],
        _arguments.text("acl", acl),
        native(tls),
    )


def _credentials(auth: object) -> tuple[str, bytes]:
    match auth:
        case (str(), str() as secret):
            credentials = _arguments.text("auth (credentials)", secret).encode()
        case (str(), bytes(credentials)):
            pass
        case _:
            # The message omits the value, which may contain a password.
            raise InvalidArgument('auth: must be a scheme and credentials, like ("digest", "user:password")')
    return _arguments.text("auth (scheme)", auth[0]), credentials


class ClientOperations:
    """The methods of a client that do not wait, and the operations of those that do."""

    def __init__(self, native: _zkcoord.Client, hosts: str) -> None:
        self._native = native
        self._hosts = hosts
        self._subscriptions: set[_zkcoord.Subscription] = set()
        self._closed = False
        open_clients.add(self)

    @property
    def session_id(self) -> int:
        """The id of the current session; 0 while there is none.

        Raises:
            ForkedError: This process is a child of the one that connected.
        """
        return self._native.session_id()

    @property
    def state(self) -> str:
        """The current state of the connection and the session.

        ``"connected"``; ``"suspended"`` if the connection is lost but the session may still be alive; ``"expired"`` if
        the session has expired and a new one is being opened; ``"closed"``.

        Raises:
            ForkedError: This process is a child of the one that connected.
        """
        return self._native.state()

    def _subscribe(self, fn: Callable[[str], object]) -> Callable[[], None]:
        subscription = self._native.on_state(fn)
        self._subscriptions.add(subscription)

        def unsubscribe() -> None:
            self._subscriptions.discard(subscription)
            subscription.cancel()

        return unsubscribe

    def _request_revoke(self, node: str, timeout: float | None) -> _zkcoord.Op[bool]:
        return self._native.request_revoke(_arguments.text("node", node), _arguments.timeout(timeout))

    def _close(self, timeout: float | None = None) -> _zkcoord.Op[None]:
        operation = self._native.close(timeout)
        self._closed = True  # even if waiting for the operation fails
        return operation

    def __del__(self) -> None:
        # If _closed is missing, __init__ was interrupted.
        if getattr(self, "_closed", True):
            return
        try:
            is_open = self._native.state() != "closed"
        except ForkedError:
            return
        if is_open:
            warnings.warn(
                f"never closed: client of {self._hosts}", ResourceWarning, stacklevel=2, source=self
            )

    def __repr__(self) -> str:
        try:
            return f"<{public_name(self)} {self._hosts} session={self.session_id:#x} {self.state}>"
        except ForkedError:
            return f"<{public_name(self)} {self._hosts} forked>"


# Everything made from a client refers to it, so a client that is no longer in this set is unreachable.
open_clients: weakref.WeakSet[ClientOperations] = weakref.WeakSet()
