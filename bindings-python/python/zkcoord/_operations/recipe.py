"""The shared code of everything that a client makes."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from zkcoord import _zkcoord
from zkcoord._operations import public_name
from zkcoord.stats import WaitStats, wait_stats

_Native = TypeVar("_Native")


class Recipe(Generic[_Native]):
    """A native object, the client, which must not be closed while the recipe is in use, and a name for ``repr()``."""

    def __init__(self, native: _Native, client: object, name: str) -> None:
        super().__init__()
        self._native = native
        self._client = client
        self._name = name

    def __repr__(self) -> str:
        return f"<{public_name(self)} {self._name}>"


class _HasStats(Protocol):
    def stats(self) -> _zkcoord._WaitStats: ...


_NativeWithStats = TypeVar("_NativeWithStats", bound=_HasStats)


class RecipeWithStats(Recipe[_NativeWithStats]):
    """A recipe that measures its waits."""

    def stats(self) -> WaitStats:
        """Returns how long the waits of this object took, or the changes of a counter, and how long it held its locks.

        Makes no request.

        Raises:
            ForkedError: This process is a child of the one that connected.

        Example::

            stats = mutex.stats()
            print("waited", stats.p50, "seconds, held", stats.holds.p50)
        """
        return wait_stats(self._native.stats())
