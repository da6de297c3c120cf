import threading
import time

import pytest
import zkcoord
from conftest import Background, Sandbox
from zkcoord import Client


def test_no_more_than_the_permits_are_granted(sandbox: Sandbox, client: Client) -> None:
    semaphore, other = client.semaphore("/s", permits=3), sandbox.client().semaphore("/s", permits=3)
    with semaphore.acquire(2, timeout=5) as two, other.acquire() as one:
        assert one.token > two.token
        assert len(sandbox.children("/s/leases")) == 3
        assert other.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/s"):
            other.acquire(timeout=0.1)
    with other.acquire(permits=3, timeout=5) as three:
        assert three.is_held
        assert semaphore.try_acquire() is None
    assert sandbox.children("/s/leases") == []
    sandbox.await_children("/s/locks", 0)


def test_a_request_for_many_permits_holds_none_while_it_waits(sandbox: Sandbox, client: Client) -> None:
    semaphore = client.semaphore("/s", 3)
    with semaphore.acquire(1):
        waiter = Background(lambda: sandbox.client().semaphore("/s", 3).acquire(3).release())
        sandbox.await_children("/s/locks", 1)
        assert len(sandbox.children("/s/leases")) == 1
    waiter.finish()
    assert semaphore.stats().count == 1


def test_concurrent_holders_never_exceed_the_permits(client: Client) -> None:
    inside, seen, figures = 0, set(), threading.Lock()

    def add(n: int) -> None:
        nonlocal inside
        with figures:
            inside += n
            seen.add(inside)

    def work() -> None:
        for _ in range(3):
            with client.semaphore("/s", permits=2):
                add(1)
                time.sleep(0.05)  # much longer than a grant takes, so that several hold permits at once
                add(-1)

    for thread in [Background(work) for _ in range(5)]:
        thread.finish()
    assert seen == {0, 1, 2}


def test_the_loss_of_one_permit_loses_the_guard(sandbox: Sandbox, client: Client) -> None:
    with client.semaphore("/s", permits=2).acquire(2) as guard:
        sandbox.observer.delete(f"{sandbox.root}/s/leases/{sandbox.children('/s/leases')[1]}")
        assert guard.lost.wait(5)
        with pytest.raises(zkcoord.LockLost):
            guard.set_data("/s", b"")


def test_repr(client: Client) -> None:
    assert repr(client.semaphore("/s", permits=3)) == "<zkcoord.Semaphore /s permits=3>"
