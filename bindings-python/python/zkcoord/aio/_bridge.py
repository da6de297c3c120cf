"""The bridge between operations of the native module and the event loop.

1. An operation is started with the completion queue of the running loop and a number, under which a future is kept.
2. The native module works on a thread of its own. When the operation is done, it pushes the number to the queue, which
   makes a pipe readable that the loop watches. That takes no GIL, and all completions that arrive while the loop is
   busy are delivered by one wake-up.
3. The loop resolves the futures, and the task that awaits one takes the result from its operation.
4. A result that no task takes is dropped, and a lock in it is released: if the task was cancelled at the moment of the
   grant, or if the loop was closed.
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

# The number of completions delivered in one iteration of the loop, so that other callbacks get their turn.
_BATCH = 100


async def result_of(operation: _zkcoord.Op[_T]) -> _T:
    """Runs the operation and returns its result.

    Cancelling returns at once, and the operation is cleaned up in the background.
    """
    completions = _loop_completions()
    done = asyncio.get_running_loop().create_future()
    number = completions.start(operation, done)
    try:
        await done
        return operation.result()
    except ClosedError:
        await asyncio.sleep(_zkcoord.closed_error_delay())
        raise
    finally:
        completions.forget(number)
        operation.abandon()


class Listener:
    """Calls ``fn()`` in the running loop when ``operation`` succeeds, unless the listener is stopped before."""

    def __init__(self, operation: _zkcoord.Op[None], fn: Callable[[], object]) -> None:
        self._operation = operation
        self._fn: Callable[[], object] | None = fn
        self._completions = _loop_completions()
        done = asyncio.get_running_loop().create_future()
        self._number = self._completions.start(operation, done)
        done.add_done_callback(self._on_done)

    def _on_done(self, _: asyncio.Future[None]) -> None:
        if (fn := self._fn) is None:
            return
        try:
            self._operation.result()
        except ZkcoordError:
            return
        fn()

    def stop(self) -> None:
        """Makes no call from now on."""
        self._fn = None
        self._completions.forget(self._number)
        self._operation.abandon()


def in_loop(fn: Callable[_P, object]) -> Callable[_P, None]:
    """Returns a function that schedules ``fn`` in the running loop, from any thread, until the loop is closed."""
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()

    def call(*arguments: _P.args, **keywords: _P.kwargs) -> None:
        try:
            loop.call_soon_threadsafe(partial(fn, *arguments, **keywords), context=context)
        except RuntimeError:
            if not loop.is_closed():
                raise

    return call


class _Completions:
    """The completion queue of a loop. It lives as long as the loop watches it."""

    def __init__(self) -> None:
        self._native = _zkcoord.CompletionQueue()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[None]] = {}

    def start(self, operation: _zkcoord.Op[_T], done: asyncio.Future[None]) -> int:
        number = next(self._numbers)
        operation.start(self._native, number)
        self._waiting[number] = done
        return number

    def forget(self, number: int) -> None:
        self._waiting.pop(number, None)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.add_reader(self._native.fileno(), self._deliver)
        except NotImplementedError:
            raise Unsupported(f"{type(loop).__name__}: an event loop without add_reader") from None

    def _deliver(self) -> None:
        for number in self._native.drain(_BATCH):
            done = self._waiting.pop(number, None)
            if done is not None and not done.done():
                done.set_result(None)


# Weak at both ends: a closed loop drops its reader, and then its queue, the futures in it and the tasks that await them
# can be collected.
_all_completions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Completions]]
_all_completions = weakref.WeakKeyDictionary()


def _loop_completions() -> _Completions:
    """Returns the completion queue of the running loop."""
    loop = asyncio.get_running_loop()
    known = _all_completions.get(loop)
    completions = None if known is None else known()
    if completions is None:
        completions = _Completions()
        completions.watch(loop)
        _all_completions[loop] = weakref.ref(completions)
    return completions
