import time

import pytest
import zkcoord
from conftest import Background, Sandbox, eventually
from zkcoord import Client


def test_a_free_lock_is_acquired_and_released(sandbox: Sandbox, client: Client) -> None:
    mutex = client.mutex("/a/lock")
    with mutex.acquire() as guard:
        assert guard.is_held
        assert sandbox.children("/a/lock") == [guard.node.rsplit("/", 1)[1]]
    assert not guard.is_held
    assert sandbox.children("/a/lock") == []


def test_with_mutex_is_short_for_acquire(sandbox: Sandbox, client: Client) -> None:
    mutex = client.mutex("/lock")
    with mutex as guard:
        assert guard.is_held
        assert mutex.try_acquire() is None
    assert sandbox.children("/lock") == []


def test_threads_of_one_client_exclude_each_other(client: Client) -> None:
    assert _overlaps([client] * 6) == 0


def test_clients_exclude_each_other(sandbox: Sandbox) -> None:
    assert _overlaps([sandbox.client() for _ in range(4)]) == 0


def _overlaps(clients: list[Client]) -> int:
    """Returns how often a thread acquired the lock while another one held it."""
    inside, overlaps = 0, 0

    def work(client: Client) -> None:
        nonlocal inside, overlaps
        for _ in range(10):
            with client.mutex("/lock"):
                inside += 1
                overlaps += inside > 1
                time.sleep(0.001)
                inside -= 1

    for thread in [Background(lambda client=client: work(client)) for client in clients]:  # type: ignore[misc]
        thread.finish()
    return overlaps


def test_the_lock_goes_to_waiters_in_order_of_arrival(sandbox: Sandbox, client: Client) -> None:
    mutex, order = client.mutex("/lock"), []

    def work(number: int) -> None:
        with mutex:
            order.append(number)

    waiters = []
    with mutex:
        for number in range(5):
            waiters.append(Background(lambda number=number: work(number)))  # type: ignore[misc]
            sandbox.await_children("/lock", number + 2)
    for waiter in waiters:
        waiter.finish()
    assert order == [0, 1, 2, 3, 4]


def test_try_acquire_acquires_only_a_free_lock(sandbox: Sandbox, client: Client) -> None:
    guard = client.mutex("/lock").try_acquire()
    assert guard is not None
    other = sandbox.client().mutex("/lock")
    assert other.try_acquire() is None
    with pytest.raises(zkcoord.AcquireTimeout):
        other.acquire(timeout=0)
    assert len(sandbox.children("/lock")) == 1
    guard.release()
    with other.acquire(timeout=0) as second:
        assert second.token > guard.token


def test_it_times_out_while_another_client_holds_the_lock(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        _assert_times_out_after_2_s(sandbox.client())
        sandbox.await_children("/lock", 1)


def test_it_times_out_while_the_server_is_paused(own_server: Sandbox) -> None:
    client = own_server.client()
    own_server.zookeeper.pause(0)
    try:
        _assert_times_out_after_2_s(client)
    finally:
        own_server.zookeeper.resume(0)
    with client.mutex("/lock").acquire(timeout=20):
        pass


def _assert_times_out_after_2_s(client: Client) -> None:
    started = time.monotonic()
    with pytest.raises(zkcoord.AcquireTimeout, match="/lock") as caught:
        client.mutex("/lock").acquire(timeout=2)
    assert 2 <= time.monotonic() - started <= 2.5
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.code == "TIMEOUT"


def test_the_gil_is_free_while_waiting(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock"):
        waiter = Background(lambda: client.mutex("/lock").acquire(timeout=0.5))
        sandbox.await_children("/lock", 2)
        counted = 0
        while waiter.is_alive():
            counted += 1
        assert counted > 1000
    with pytest.raises(zkcoord.AcquireTimeout):
        waiter.finish()


def test_handoff_between_threads(sandbox: Sandbox, client: Client) -> None:
    mutex = client.mutex("/lock", handoff=10)
    first = mutex.acquire()
    waiting = Background(mutex.acquire)
    assert not eventually(lambda: not waiting.is_alive(), timeout=0.05)
    first.release()
    second = waiting.finish()
    assert isinstance(second, zkcoord.Guard)
    with second:
        assert second.token == first.token
        assert second.is_held
        assert not first.is_held
    sandbox.await_children("/lock", 0)


@pytest.mark.parametrize(("scheme", "name"), [("curator", "-lock-"), ("kazoo", "__lock__")])
def test_the_scheme_decides_the_names_of_nodes(client: Client, scheme: str, name: str) -> None:
    with client.mutex("/lock", scheme=scheme).acquire(timeout=5) as guard:
        assert name in guard.node


def test_repr(client: Client) -> None:
    assert repr(client.mutex("/a/lock")) == "<zkcoord.Mutex /a/lock>"
