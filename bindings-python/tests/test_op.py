"""The native primitive, as asyncio uses it."""

import select
from typing import Any

import pytest
import zkcoord
from conftest import PATIENCE, Corner
from zkcoord import Client, _zkcoord


def _settle(op: Any) -> Any:
    """Starts the operation and waits until the mailbox tells of it."""
    mailbox = _zkcoord.Mailbox()
    op.start(mailbox, 7)
    return _told(mailbox, op)


def _told(mailbox: _zkcoord.Mailbox, op: Any) -> Any:
    assert select.select([mailbox.fileno()], [], [], PATIENCE)[0]
    assert mailbox.collect(10) == [7]
    assert _is_empty(mailbox)
    return op


def _is_empty(mailbox: _zkcoord.Mailbox) -> bool:
    return not select.select([mailbox.fileno()], [], [], 0)[0] and mailbox.collect(10) == []


def test_a_mailbox_tells_of_an_outcome_which_is_taken_once(client: Client) -> None:
    op = _settle(client.counter("/n")._native.add(7, None))
    assert op.result() == 7
    with pytest.raises(RuntimeError):
        op.result()


def test_a_mailbox_tells_of_an_error(client: Client) -> None:
    client.close()
    op = _settle(client.counter("/n")._native.add(7, None))
    with pytest.raises(zkcoord.ClosedError):
        op.result()


def test_a_mailbox_is_emptied_by_and_by(client: Client) -> None:
    mailbox = _zkcoord.Mailbox()
    numbers: set[int] = set()
    ops = [client.counter("/n")._native.add(1, None) for _ in range(25)]
    for number, op in enumerate(ops):
        op.start(mailbox, number)
    while len(numbers) < 25:
        assert select.select([mailbox.fileno()], [], [], PATIENCE)[0]
        some = mailbox.collect(10)
        assert 0 < len(some) <= 10
        numbers.update(some)
    assert _is_empty(mailbox)
    assert {op.result() for op in ops} == set(range(1, 26))


def test_a_result_is_converted_once(client: Client) -> None:
    versioned = client.counter("/n")._native.versioned(None)
    assert versioned.then(sum).wait() == -1
    with pytest.raises(RuntimeError):
        versioned.then(max)


def test_a_cancelled_operation_leaves_the_queue(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        op = client.mutex("/lock")._native.acquire(None, None)
        mailbox = _zkcoord.Mailbox()
        op.start(mailbox, 7)
        corner.await_children("/lock", 2)
        op.cancel()
        with pytest.raises(zkcoord.Cancelled):
            _told(mailbox, op).result()
        corner.await_children("/lock", 1)


def test_an_abandoned_operation_leaves_the_queue_and_tells_nobody(corner: Corner, client: Client) -> None:
    with client.mutex("/lock"):
        op = client.mutex("/lock")._native.acquire(None, None)
        mailbox = _zkcoord.Mailbox()
        op.start(mailbox, 7)
        corner.await_children("/lock", 2)
        op.abandon()
        corner.await_children("/lock", 1)
    assert _is_empty(mailbox)
    with pytest.raises(RuntimeError):
        op.result()


@pytest.mark.parametrize("give_up", ["abandon", "forget"])
def test_a_guard_that_nobody_takes_is_given_back(corner: Corner, client: Client, give_up: str) -> None:
    op: Any = client.mutex("/lock")._native.acquire(None, None)
    _settle(op)
    assert len(corner.children("/lock")) == 1
    if give_up == "abandon":
        op.abandon()
    else:
        del op
    corner.await_children("/lock", 0)


def test_what_nobody_takes_was_not_waited_for_and_not_seen(client: Client) -> None:
    counter = client.counter("/n")
    values = counter.watch()
    for op in (counter._native.add(1, None), values._native.next(None)):  # type: ignore[union-attr]
        _settle(op).abandon()
    assert counter.stats().count == 0
    assert values.next(timeout=PATIENCE) == 1


def test_cancelled_before_its_start_it_never_starts(corner: Corner, client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    op.cancel()
    with pytest.raises(zkcoord.Cancelled):
        op.wait()
    op = client.counter("/n")._native.add(7, None)
    op.cancel()
    with pytest.raises(zkcoord.Cancelled):
        op.start(_zkcoord.Mailbox(), 7)
    assert corner.observer.exists(corner.root + "/n") is None


def test_it_is_started_once(client: Client) -> None:
    op = client.counter("/n")._native.add(7, None)
    assert op.wait() == 7
    for again in (op.wait, op.result, lambda: op.start(_zkcoord.Mailbox(), 7)):
        with pytest.raises(RuntimeError):
            again()


def test_an_owner_is_a_thread_or_a_number_below_2_63(client: Client) -> None:
    native = client.reentrant_mutex("/lock")._native
    guard = native.acquire(None, 7).wait()
    assert native.acquire(0, 7).wait().token == guard.token
    assert native.try_acquire(8).wait() is None
    assert native.try_acquire(None).wait() is None
