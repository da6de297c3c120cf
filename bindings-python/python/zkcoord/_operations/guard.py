"""What a guard does in both worlds."""

from __future__ import annotations

import warnings

from zkcoord import _arguments, _zkcoord
from zkcoord._operations import title
from zkcoord.errors import ForkedError

# How many seconds the end of a with block waits for the servers. In an outage, what the block raised must come out.
PARTING = 2.0


class GuardOperations:
    """What a guard does without waiting, and the operations that take time."""

    def __init__(self, native: _zkcoord.Guard, client: object) -> None:
        self._native = native
        self._client = client
        self._released = False

    @property
    def token(self) -> int:
        """The fencing token: larger than that of every holder before.

        Pass it along with what you write, and let the receiver refuse a token smaller than one that it has seen.
        """
        return self._native.token

    @property
    def tokens(self) -> list[tuple[str, int]]:
        """Every node of the guard with its token: of several locks, in the order of their paths.

        Each fences what its own lock protects: compare tokens of one path only. :attr:`token` is the first one's.

        Raises:
            ForkedError: This is a child of the process that acquired it.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]) as guard:
                for node, token in guard.tokens:
                    print(node, "is held with token", token)
        """
        return self._native.tokens()

    @property
    def node(self) -> str:
        """The path of the lock's node, below the client's chroot; of the first one when there are several."""
        return self._native.node

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain at this moment. Costs no round trip."""
        return self._native.is_held()

    def check(self) -> None:
        """Checks that the lock is held for certain at this moment. Costs no round trip.

        Raises:
            LockLost: It is not held any more, or cannot be known to be.
            ForkedError: This is a child of the process that acquired it.

        Example::

            for row in rows:
                guard.check()
                write(row, fence=guard.token)
        """
        self._native.check()

    @property
    def lease_remaining(self) -> float:
        """How many seconds longer the lock is held for certain if no server answers from now on. Costs no round trip.

        While servers answer it is above 3/8 of the session timeout, and never more than 5/8. When it has run out the
        lock is lost. So it tells in advance that a loss is near, and how long there is to stop. 0 when the lock is not
        held any more; somebody who deletes the lock's node takes it without such a warning.

        Raises:
            ForkedError: This is a child of the process that acquired it.

        Example::

            if guard.lease_remaining > 2:
                write_what_takes_a_second()
        """
        return self._native.lease_remaining()

    @property
    def revoke_requested(self) -> bool:
        """Whether somebody has asked for the lock.

        By :meth:`Client.request_revoke() <zkcoord.Client.request_revoke>`, or Curator's ``Revoker``. The lock stays
        held; its holder decides.

        Raises:
            ForkedError: This is a child of the process that acquired it.

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
        self._released = True  # whatever comes of the wait
        return operation

    def __del__(self) -> None:
        # Without _released, __init__ was interrupted; the native half gives the lock back then.
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
        return f"<{title(self)} {self.node} token={self.token} {state}>"


class LostOperations:
    """What the loss of a lock does without waiting, and how it is waited for."""

    def __init__(self, native: _zkcoord.Guard) -> None:
        self._native = native

    def is_set(self) -> bool:
        """Whether the lock was lost. A lock that was released is not lost.

        Raises:
            ForkedError: This is a child of the process that took the lock.
        """
        return self._native.is_lost()

    def _wait(self, timeout: float | None) -> _zkcoord.Op[None] | None:
        """``None`` when there is nothing to wait for."""
        limit = _arguments.timeout(timeout)
        return None if limit == 0 or self.is_set() else self._native.wait_lost(limit)

    def __repr__(self) -> str:
        return f"<{title(self)} {self._native.node} {'set' if self.is_set() else 'unset'}>"
