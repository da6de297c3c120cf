"""The native primitive, as asyncio will use it."""

import threading
from typing import Any

import pytest
import zkcoord
from conftest import PATIENCE, Corner
from zkcoord import Client


def _called_back(op: Any) -> Any:
    done = threading.Event()
    finished: list[Any] = []

    def callback(op: Any) -> None:
        finished.append(op)
        done.set()

    op.add_done_callback(callback)
    return lambda: done.wait(PATIENCE) and finished[0]


def test_an_outcome_is_called_back_and_taken_once(client: Client) -> None:
    op = _called_back(client.counter("/n")._native.add(7, None))()
    assert op.result() == 7
    with pytest.raises(RuntimeError):
        op.result()


def test_an_error_is_called_back(client: Client) -> None:
    client.close()
    op = _called_back(client.counter("/n")._native.add(7, None))()
    with pytest.raises(zkcoord.ClosedError):
        op.result()


def test_a_cancelled_operation_leaves_the_queue(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        op = client.mutex("/lock")._native.acquire(None, None)
        settled = _called_back(op)
        corner.await_children("/lock", 2)
        op.cancel()
        with pytest.raises(zkcoord.Cancelled):
            settled().result()
        corner.await_children("/lock", 1)


def test_a_guard_that_nobody_takes_is_given_back(corner: Corner, client: Client) -> None:
    op: Any = client.mutex("/lock")._native.acquire(None, None)
    settled = _called_back(op)
    settled()
    assert len(corner.children("/lock")) == 1
    del op, settled
    corner.await_children("/lock", 0)


def test_cancelled_before_its_start_it_never_starts(corner: Corner, client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    op.cancel()
    with pytest.raises(zkcoord.Cancelled):
        op.wait()
    assert corner.observer.exists(corner.root + "/n") is None


def test_it_is_started_once(client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    assert op.wait() == 7
    for again in (op.wait, op.result, lambda: op.add_done_callback(print)):
        with pytest.raises(RuntimeError):
            again()


def test_an_owner_is_a_thread_or_a_number_below_2_63(client: Client) -> None:
    native = client.reentrant_mutex("/lock")._native
    guard = native.acquire(None, 7).wait()
    assert native.acquire(0, 7).wait().token == guard.token
    assert native.try_acquire(8).wait() is None
    assert native.try_acquire(None).wait() is None
