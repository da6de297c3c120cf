"""How operations of the native half are awaited.

1. An operation is started with the mailbox of the running loop and a number, and a future is noted under the number.
2. The native half does its work on a thread of its own. When it is through it drops the number into the mailbox, which
   makes a pipe readable that the loop looks after. It takes no GIL for that, and what comes while the loop is busy is
   told at one wake-up.
3. The loop settles the futures, and whoever awaits takes the result out of the operation.
4. A result that nobody takes is dropped, and a lock in it given back: whether the task was cancelled in the very moment
   of the grant, or the loop was closed.
"""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import weakref
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from zkcoord import _zkcoord
from zkcoord.errors import ClosedError, Unsupported, ZkcoordError

_T = TypeVar("_T")
_P = ParamSpec("_P")

# How many operations are told of in one round of the loop: others have something to do as well.
_AT_A_TIME = 100


async def settled(operation: _zkcoord.Op[_T]) -> _T:
    """The operation's result. Cancelling returns at once, and the operation cleans up in the background."""
    mailbox = _mailbox()
    done = asyncio.get_running_loop().create_future()
    number = mailbox.start(operation, done)
    try:
        await done
        return operation.result()
    except ClosedError:
        await asyncio.sleep(_zkcoord.told_later())
        raise
    finally:
        mailbox.forget(number)
        operation.abandon()


class Listener:
    """Calls ``fn()`` in the running loop when ``operation`` is done well, unless it is stopped before."""

    def __init__(self, operation: _zkcoord.Op[None], fn: Callable[[], object]) -> None:
        self._operation = operation
        self._fn: Callable[[], object] | None = fn
        self._mailbox = _mailbox()
        done = asyncio.get_running_loop().create_future()
        self._number = self._mailbox.start(operation, done)
        done.add_done_callback(self._tell)

    def _tell(self, _: asyncio.Future[None]) -> None:
        if (fn := self._fn) is None:
            return
        try:
            self._operation.result()
        except ZkcoordError:
            return
        fn()

    def stop(self) -> None:
        """Does not call from now on."""
        self._fn = None
        self._mailbox.forget(self._number)
        self._operation.abandon()


def in_loop(fn: Callable[_P, object]) -> Callable[_P, None]:
    """What has ``fn`` called in the running loop, from any thread; and nothing once the loop is closed."""
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()

    def call(*arguments: _P.args, **keywords: _P.kwargs) -> None:
        try:
            loop.call_soon_threadsafe(partial(fn, *arguments, **keywords), context=context)
        except RuntimeError:
            if not loop.is_closed():
                raise

    return call


class _Mailbox:
    """A loop's mailbox. It lives as long as the loop looks after it."""

    def __init__(self) -> None:
        self._native = _zkcoord.Mailbox()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[None]] = {}

    def start(self, operation: _zkcoord.Op[_T], done: asyncio.Future[None]) -> int:
        number = next(self._numbers)
        operation.start(self._native, number)
        self._waiting[number] = done
        return number

    def forget(self, number: int) -> None:
        self._waiting.pop(number, None)

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.add_reader(self._native.fileno(), self._deliver)
        except NotImplementedError:
            raise Unsupported(f"{type(loop).__name__}: an event loop without add_reader") from None

    def _deliver(self) -> None:
        for number in self._native.collect(_AT_A_TIME):
            done = self._waiting.pop(number, None)
            if done is not None and not done.done():
                done.set_result(None)


# Weak at both ends: a loop that is closed lets go of its reader, and then the futures in there, and the tasks behind
# them, may go.
_mailboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Mailbox]]
_mailboxes = weakref.WeakKeyDictionary()


def _mailbox() -> _Mailbox:
    """The running loop's mailbox."""
    loop = asyncio.get_running_loop()
    known = _mailboxes.get(loop)
    mailbox = None if known is None else known()
    if mailbox is None:
        mailbox = _Mailbox()
        mailbox.open(loop)
        _mailboxes[loop] = weakref.ref(mailbox)
    return mailbox
