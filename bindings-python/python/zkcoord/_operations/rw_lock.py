"""The shared code of the read/write locks."""

from __future__ import annotations

from typing import Generic, TypeVar

from zkcoord._operations import public_name

_Mutex = TypeVar("_Mutex")


class RwLockSides(Generic[_Mutex]):
    """The two sides of a read/write lock."""

    def __init__(self, read: _Mutex, write: _Mutex, path: str) -> None:
        self.read = read
        self.write = write
        self._path = path

    def __repr__(self) -> str:
        return f"<{public_name(self)} {self._path}>"
