"""The shared code of the guards."""

from __future__ import annotations

import warnings

from zkcoord import _arguments, _zkcoord
from zkcoord._operations import public_name
from zkcoord.errors import ForkedError


class GuardOperations:
    """The methods of a guard that do not wait, and the operations of those that do."""

    def __init__(self, native: _zkcoord.Guard, client: object) -> None:
        self._native = native
        self._client = client
        self._released = False

    @property
    def token(self) -> int:
        """The fencing token. It is larger than the token of every previous holder.

        Send it along with every write, and let the receiver refuse a token smaller than the largest one it has seen.
        """
        return self._native.token

    @property
    def tokens(self) -> list[tuple[str, int]]:
        """Every node of the guard with its token. A guard of several locks lists them in the order of their paths.

        Each token fences the writes that its own lock protects: compare only tokens of the same path. :attr:`token` is
        the first one.

        Raises:
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]) as guard:
                for node, token in guard.tokens:
                    print(node, "is held with token", token)
        """
        return self._native.tokens()

    @property
    def node(self) -> str:
        """The path of the lock's node, below the client's chroot. For several locks, the path of the first node."""
        return self._native.node

    @property
    def is_held(self) -> bool:
        """``True`` if the lock is certainly held at this moment. Makes no request."""
        return self._native.is_held()

    def check(self) -> None:
        """Checks that the lock is certainly held at this moment. Makes no request.

        Raises:
            LockLost: The lock is no longer held, or the client cannot be sure that it is.
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            for row in rows:
                guard.check()
                write(row, fence=guard.token)
        """
        self._native.check()

    @property
    def lease_remaining(self) -> float:
        """The seconds for which the lock is certainly held if no server answers from now on. Makes no request.

        While servers answer, it is above 3/8 and at most 5/8 of the session timeout. The lock is lost when it reaches
        0. So it shows in advance that a loss is near, and how much time is left to stop. If somebody deletes the lock's
        node, the lock is lost without this warning. 0 if the lock is not held.

        Raises:
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            if guard.lease_remaining > 2:
                write_what_takes_a_second()
        """
        return self._native.lease_remaining()

    @property
    def revoke_requested(self) -> bool:
        """``True`` if another client has asked the holder to release the lock.

        It asks by :meth:`Client.request_revoke() <zkcoord.Client.request_revoke>`, or by Curator's ``Revoker``. The
        lock stays held until its holder releases it.

        Raises:
            ForkedError: This process is a child of the one that acquired the lock.

        Example::

            for row in rows:
                if guard.revoke_requested:
                    break
                write(row, fence=guard.token)
        """
        return self._native.is_revoke_requested()

    def _set_data(
        self, path: str, data: bytes | bytearray | memoryview, version: int, timeout: float | None
    ) -> _zkcoord.Op[None]:
        checked = _arguments.text("path", path), _arguments.data(data), _arguments.version(version)
        return self._native.set_data(*checked, _arguments.timeout(timeout))

    def _create(
        self, path: str, data: bytes | bytearray | memoryview, timeout: float | None
    ) -> _zkcoord.Op[None]:
        checked = _arguments.text("path", path), _arguments.data(data)
        return self._native.create(*checked, _arguments.timeout(timeout))

    def _delete(self, path: str, version: int, timeout: float | None) -> _zkcoord.Op[None]:
        checked = _arguments.text("path", path), _arguments.version(version)
        return self._native.delete(*checked, _arguments.timeout(timeout))

    def _release(self, timeout: float | None) -> _zkcoord.Op[None]:
        operation = self._native.release(_arguments.timeout(timeout))
        self._released = True  # even if waiting for the operation fails
        return operation

    def __del__(self) -> None:
        # If _released is missing, __init__ was interrupted; then dropping the native guard releases the lock.
        if getattr(self, "_released", True):
            return
        was_held = self.is_held
        self._native.abandon()
        if was_held:
            warnings.warn(
                f"never released: lock {self.node} (token {self.token})",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        try:
            state = "held" if self.is_held else "lost" if self._native.is_lost() else "not held"
        except ForkedError:
            state = "forked"
        return f"<{public_name(self)} {self.node} token={self.token} {state}>"


class LostOperations:
    """The methods of a loss event that do not wait, and the operation that waits for the loss."""

    def __init__(self, native: _zkcoord.Guard) -> None:
        self._native = native

    def is_set(self) -> bool:
        """Returns ``True`` if the lock was lost. A lock that was released is not lost.

        Raises:
            ForkedError: This process is a child of the one that acquired the lock.
        """
        return self._native.is_lost()

    def _wait(self, timeout: float | None) -> _zkcoord.Op[None] | None:
        """Returns ``None`` if there is nothing to wait for."""
        limit = _arguments.timeout(timeout)
        return None if limit == 0 or self.is_set() else self._native.wait_lost(limit)

    def __repr__(self) -> str:
        return f"<{public_name(self)} {self._native.node} {'set' if self.is_set() else 'unset'}>"
