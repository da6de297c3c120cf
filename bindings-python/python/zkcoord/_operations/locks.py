"""The methods by which a client makes locks. The blocking and the asyncio client differ only in the classes."""

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
    """The constructors of the locks. They take the native object, the client, and a name for ``repr()``."""

    mutex: Callable[[_zkcoord.Mutex, object, str], _Mutex]
    reentrant_mutex: Callable[[_zkcoord.ReentrantMutex, object, str], _ReentrantMutex]
    rw_lock: Callable[[_Mutex, _Mutex, str], _RwLock]
    semaphore: Callable[[_zkcoord.Semaphore, object, str], _Semaphore]
    multi_mutex: Callable[[_zkcoord.MultiMutex, object, str], _MultiMutex]


class LockFactory(Generic[_Mutex, _ReentrantMutex, _RwLock, _Semaphore, _MultiMutex]):
    """The part of a client that makes locks."""

    _native: _zkcoord.Client
    _locks: LockClasses[_Mutex, _ReentrantMutex, _RwLock, _Semaphore, _MultiMutex]

    def mutex(self, path: str, *, scheme: str = "curator", handoff: int = 0) -> _Mutex:
        """Returns a lock at ``path``. Makes no request.

        Args:
            path: The directory of the lock, below the chroot, like ``"/locks/report"``; created if it is missing.
            scheme: The node names to use, which decide the libraries that the lock excludes: ``"curator"`` (also
                go-zookeeper) or ``"kazoo"``. All clients of the path must use the same scheme.
            handoff: How many times in a row the threads or tasks of this client may hand the lock to each other without
                a request before other clients get their turn. Guards handed over share one token, so the token does not
                fence one of them off from the next. With 0 every acquisition queues on the server, in order of arrival.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            with client.mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.mutex(*_path_and_scheme(path, scheme), _arguments.count("handoff", handoff))
        return self._locks.mutex(native, self, path)

    def reentrant_mutex(self, path: str, *, scheme: str = "curator") -> _ReentrantMutex:
        """Returns a lock at ``path`` that its owner, a thread or a task, may acquire again. Makes no request.

        Args:
            path: The directory of the lock, below the chroot; created if it is missing.
            scheme: As for :meth:`mutex`.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            with client.reentrant_mutex("/locks/report").acquire(timeout=5) as guard:
                write_report(fence=guard.token)
        """
        native = self._native.reentrant_mutex(*_path_and_scheme(path, scheme))
        return self._locks.reentrant_mutex(native, self, path)

    def rw_lock(self, path: str, *, scheme: str = "curator") -> _RwLock:
        """Returns a read/write lock at ``path``. Makes no request.

        Args:
            path: The directory of the lock, below the chroot; created if it is missing.
            scheme: The node names to use: ``"curator"`` or ``"kazoo"``. All clients of the path must use the same
                scheme.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            catalogue = client.rw_lock("/locks/catalogue")
            with catalogue.read.acquire(timeout=5):
                look_up()
        """
        sides = self._native.rw_lock(*_path_and_scheme(path, scheme))
        read, write = (
            self._locks.mutex(native, self, f"{path} ({side})")
            for native, side in zip(sides, _SIDES, strict=True)
        )
        return self._locks.rw_lock(read, write, path)

    def semaphore(self, path: str, permits: int) -> _Semaphore:
        """Returns a semaphore at ``path``. Makes no request.

        Args:
            path: The directory of the semaphore, below the chroot; created if it is missing.
            permits: The number of permits. All clients of the path must give the same number.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            with client.semaphore("/limits/downloads", permits=10).acquire(timeout=5):
                download()
        """
        native = self._native.semaphore(_arguments.text("path", path), _arguments.permits(permits))
        return self._locks.semaphore(native, self, f"{path} permits={permits}")

    def multi_mutex(self, paths: Iterable[str], *, scheme: str = "curator") -> _MultiMutex:
        """Returns a lock of several mutexes, of which it holds all or none. Makes no request.

        Args:
            paths: The directories of the mutexes, below the chroot, in any order; created if they are missing.
            scheme: As for :meth:`mutex`.

        Raises:
            InvalidArgument: An argument is invalid.

        Example::

            with client.multi_mutex(["/accounts/7", "/accounts/12"]).acquire(timeout=5) as guard:
                move_money(fence=guard.token)
        """
        checked = _arguments.texts("paths", paths)
        native = self._native.multi_mutex(checked, _arguments.text("scheme", scheme))
        return self._locks.multi_mutex(native, self, " ".join(checked))


def _path_and_scheme(path: str, scheme: str) -> tuple[str, str]:
    return _arguments.text("path", path), _arguments.text("scheme", scheme)
