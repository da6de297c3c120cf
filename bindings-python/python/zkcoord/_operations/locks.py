"""The locks that a client makes: in both worlds the same, but for their classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from zkcoord import _arguments, _zkcoord

_Mutex = TypeVar("_Mutex")
_ReentrantMutex = TypeVar("_ReentrantMutex")
_RwLock = TypeVar("_RwLock")
_Semaphore = TypeVar("_Semaphore")
_MultiMutex = TypeVar("_MultiMutex")

_SIDES = ("read", "write")


class LockClasses(NamedTuple, Generic[_Mutex, _ReentrantMutex, _RwLock, _Semaphore, _MultiMutex]):
    """What the locks are made of: their native halves, the client, and what to call them."""

    mutex: Callable[[_zkcoord.Mutex, object, str], _Mutex]
    reentrant_mutex: Callable[[_zkcoord.ReentrantMutex, object, str], _ReentrantMutex]
    rw_lock: Callable[[_Mutex, _Mutex, str], _RwLock]
    semaphore: Callable[[_zkcoord.Semaphore, object, str], _Semaphore]
    multi_mutex: Callable[[_zkcoord.MultiMutex, object, str], _MultiMutex]


class MakesLocks(Generic[_Mutex, _ReentrantMutex, _RwLock, _Semaphore, _MultiMutex]):
    """The part of a client that makes locks."""

    _native: _zkcoord.Client
    _locks: LockClasses[_Mutex, _ReentrantMutex, _RwLock, _Semaphore, _MultiMutex]

    def mutex(self, path: str, *, scheme: str = "curator", handoff: int = 0) -> _Mutex:
        """A lock at ``path``. Makes no request.

        Args:
            path: The lock's directory, below the chroot, like ``"/locks/report"``; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"``, also go-zookeeper; ``"kazoo"``. All who share the path
                must give the same.
            handoff: How often in a row the threads or tasks of this client may hand the lock to each other without a
                request, before it is the others' turn. Guards that were handed over share their token, so it does not
                fence one of them off from the next. 0: everybody stands in the server's queue, in order of arrival.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.mutex(
            _arguments.text("path", path),
            _arguments.text("scheme", scheme),
            _arguments.count("handoff", handoff),
        )
        return self._locks.mutex(native, self, path)

    def reentrant_mutex(self, path: str, *, scheme: str = "curator") -> _ReentrantMutex:
        """A lock at ``path`` that its owner, a thread or a task, may take again. Makes no request.

        Args:
            path: The lock's directory, below the chroot; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"``, also go-zookeeper; ``"kazoo"``. All who share the path
                must give the same.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.reentrant_mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.reentrant_mutex(
            _arguments.text("path", path), _arguments.text("scheme", scheme)
        )
        return self._locks.reentrant_mutex(native, self, path)

    def rw_lock(self, path: str, *, scheme: str = "curator") -> _RwLock:
        """A read/write lock at ``path``. Makes no request.

        Args:
            path: The lock's directory, below the chroot; made when it is missing.
            scheme: With whom the lock is shared: ``"curator"`` or ``"kazoo"``. All who share the path must give the
                same.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            catalogue = client.rw_lock("/locks/catalogue")
            with catalogue.read.acquire(timeout=5):
                look_up()
        """
        sides = self._native.rw_lock(_arguments.text("path", path), _arguments.text("scheme", scheme))
        read, write = (
            self._locks.mutex(native, self, f"{path} ({side})")
            for native, side in zip(sides, _SIDES, strict=True)
        )
        return self._locks.rw_lock(read, write, path)

    def semaphore(self, path: str, permits: int) -> _Semaphore:
        """A semaphore at ``path``. Makes no request.

        Args:
            path: The semaphore's directory, below the chroot; made when it is missing.
            permits: How many there are. Everyone who shares the path must give the same number.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.semaphore("/limits/downloads", permits=10).acquire(timeout=5):
                download()
        """
        native = self._native.semaphore(_arguments.text("path", path), _arguments.permits(permits))
        return self._locks.semaphore(native, self, f"{path} permits={permits}")

    def multi_mutex(self, paths: Iterable[str], *, scheme: str = "curator") -> _MultiMutex:
        """Several mutexes taken as one, all or none. Makes no request.

        Args:
            paths: The locks' directories, below the chroot; made when they are missing. Their order does not matter.
            scheme: With whom the locks are shared: ``"curator"``, also go-zookeeper; ``"kazoo"``.

        Raises:
            InvalidArgument: An argument is not acceptable.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]).acquire(timeout=5) as guard:
                move_money(fence=guard.token)
        """
        checked = _arguments.texts("paths", paths)
        native = self._native.multi_mutex(checked, _arguments.text("scheme", scheme))
        return self._locks.multi_mutex(native, self, " ".join(checked))
