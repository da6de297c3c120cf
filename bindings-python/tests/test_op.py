"""Native operations, as the asyncio API uses them."""

import select
from typing import Any

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox
from zkcoord import Client, _zkcoord


def _complete(op: Any) -> Any:
    """Starts the operation and waits until it is done."""
    queue = _zkcoord.CompletionQueue()
    op.start(queue, 7)
    return _await_completion(queue, op)


def _await_completion(queue: _zkcoord.CompletionQueue, op: Any) -> Any:
    assert select.select([queue.fileno()], [], [], TIMEOUT)[0]
    assert queue.drain(10) == [7]
    assert _is_empty(queue)
    return op


def _is_empty(queue: _zkcoord.CompletionQueue) -> bool:
    return not select.select([queue.fileno()], [], [], 0)[0] and queue.drain(10) == []


def _start_waiting(sandbox: Sandbox, client: Client) -> tuple[Any, _zkcoord.CompletionQueue]:
    """Starts an operation that waits for a held lock."""
    op = client.mutex("/lock")._native.acquire(None, None)
    queue = _zkcoord.CompletionQueue()
    op.start(queue, 7)
    sandbox.await_children("/lock", 2)
    return op, queue


def test_a_result_can_be_taken_once(client: Client) -> None:
    op = _complete(client.counter("/n")._native.add(7, None))
    assert op.result() == 7
    with pytest.raises(RuntimeError):
        op.result()


def test_a_failed_operation_completes(client: Client) -> None:
    client.close()
    op = _complete(client.counter("/n")._native.add(7, None))
    with pytest.raises(zkcoord.ClosedError):
        op.result()


def test_a_completion_queue_is_drained_in_batches(client: Client) -> None:
    queue = _zkcoord.CompletionQueue()
    numbers: set[int] = set()
    ops = [client.counter("/n")._native.add(1, None) for _ in range(25)]
    for number, op in enumerate(ops):
        op.start(queue, number)
    while len(numbers) < 25:
        assert select.select([queue.fileno()], [], [], TIMEOUT)[0]
        drained = queue.drain(10)
        assert 0 < len(drained) <= 10
        numbers.update(drained)
    assert _is_empty(queue)
    assert {op.result() for op in ops} == set(range(1, 26))


def test_a_result_is_converted_once(client: Client) -> None:
    versioned = client.counter("/n")._native.versioned(None)
    assert versioned.then(sum).wait() == -1
    with pytest.raises(RuntimeError):
        versioned.then(max)


def test_a_cancelled_operation_leaves_the_queue(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        op, queue = _start_waiting(sandbox, client)
        op.cancel()
        with pytest.raises(zkcoord.Cancelled):
            _await_completion(queue, op).result()
        sandbox.await_children("/lock", 1)


def test_an_abandoned_operation_leaves_the_queue_and_does_not_complete(
    sandbox: Sandbox, client: Client
) -> None:
    with client.mutex("/lock"):
        op, queue = _start_waiting(sandbox, client)
        op.abandon()
        sandbox.await_children("/lock", 1)
    assert _is_empty(queue)
    with pytest.raises(RuntimeError):
        op.result()


@pytest.mark.parametrize("give_up", ["abandon", "forget"])
def test_a_guard_whose_result_is_not_taken_is_released(
    sandbox: Sandbox, client: Client, give_up: str
) -> None:
    op: Any = client.mutex("/lock")._native.acquire(None, None)
    _complete(op)
    assert len(sandbox.children("/lock")) == 1
    if give_up == "abandon":
        op.abandon()
    else:
        del op
    sandbox.await_children("/lock", 0)


def test_an_abandoned_result_is_neither_counted_nor_consumed(client: Client) -> None:
    counter = client.counter("/n")
    values = counter.watch()
    for op in (counter._native.add(1, None), values._native.next(None)):  # type: ignore[union-attr]
        _complete(op).abandon()
    assert counter.stats().count == 0
    assert values.next(timeout=TIMEOUT) == 1


def test_an_operation_cancelled_before_its_start_never_starts(sandbox: Sandbox, client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    op.cancel()
    with pytest.raises(zkcoord.Cancelled):
        op.wait()
    op = client.counter("/n")._native.add(7, None)
    op.cancel()
    with pytest.raises(zkcoord.Cancelled):
        op.start(_zkcoord.CompletionQueue(), 7)
    assert sandbox.observer.exists(sandbox.root + "/n") is None


def test_an_operation_starts_once(client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    assert op.wait() == 7
    for again in (op.wait, op.result, lambda: op.start(_zkcoord.CompletionQueue(), 7)):
        with pytest.raises(RuntimeError):
            again()


def test_an_owner_is_a_thread_or_a_number_below_2_63(client: Client) -> None:
    native = client.reentrant_mutex("/lock")._native
    guard = native.acquire(None, 7).wait()
    assert native.acquire(0, 7).wait().token == guard.token
    assert native.try_acquire(8).wait() is None
    assert native.try_acquire(None).wait() is None
