import threading
import time

import pytest
import zkcoord
from conftest import Background, Corner
from zkcoord import Client


def test_so_many_are_had_and_no_more(corner: Corner, client: Client) -> None:
    semaphore, other = client.semaphore("/s", permits=3), corner.client().semaphore("/s", permits=3)
    with semaphore.acquire(2, timeout=5) as two, other.acquire() as one:
        assert one.token > two.token
        assert len(corner.children("/s/leases")) == 3
        assert other.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/s"):
            other.acquire(timeout=0.1)
    with other.acquire(permits=3, timeout=5) as three:
        assert three.is_held
        assert semaphore.try_acquire() is None
    assert corner.children("/s/leases") == []
    corner.await_children("/s/locks", 0)


def test_who_wants_many_waits_and_holds_none_meanwhile(corner: Corner, client: Client) -> None:
    semaphore = client.semaphore("/s", 3)
    with semaphore.acquire(1):
        waiter = Background(lambda: corner.client().semaphore("/s", 3).acquire(3).release())
        corner.await_children("/s/locks", 1)
        assert len(corner.children("/s/leases")) == 1
    waiter.finish()
    assert semaphore.stats().count == 1


def test_a_crowd_never_exceeds_the_permits(client: Client) -> None:
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
                time.sleep(0.05)  # much longer than a grant takes, so that they meet
                add(-1)

    for thread in [Background(work) for _ in range(5)]:
        thread.finish()
    assert seen == {0, 1, 2}


def test_a_lost_permit_is_told(corner: Corner, client: Client) -> None:
    with client.semaphore("/s", permits=2).acquire(2) as guard:
        corner.observer.delete(f"{corner.root}/s/leases/{corner.children('/s/leases')[1]}")
        assert guard.lost.wait(5)
        with pytest.raises(zkcoord.LockLost):
            guard.set_data("/s", b"")


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.semaphore("/s", permits=3)) == "<zkcoord.Semaphore /s permits=3>"
