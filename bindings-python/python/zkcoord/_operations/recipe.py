"""What all that a client makes does in both worlds."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from zkcoord import _zkcoord
from zkcoord._operations import title
from zkcoord.stats import WaitStats, wait_stats

_Native = TypeVar("_Native")


class Recipe(Generic[_Native]):
    """A native half, the client, which it keeps from being closed, and what to call it."""

    def __init__(self, native: _Native, client: object, name: str) -> None:
        super().__init__()
        self._native = native
        self._client = client
        self._name = name

    def __repr__(self) -> str:
        return f"<{title(self)} {self._name}>"


class _Figures(Protocol):
    def stats(self) -> _zkcoord._Figures: ...


_WithStats = TypeVar("_WithStats", bound=_Figures)


class Measured(Recipe[_WithStats]):
    """A recipe that is waited for."""

    def stats(self) -> WaitStats:
        """How long this object's waits took, or a counter's changes, and how long it held what it got.

        Costs no round trip.

        Raises:
            ForkedError: This is a child of the process that connected.

        Example::

            stats = mutex.stats()
            print("waited", stats.p50, "seconds, held", stats.holds.p50)
        """
        return wait_stats(self._native.stats())
