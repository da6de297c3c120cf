import gc
import time
from typing import Any

import pytest
import zkcoord
from conftest import Background, Corner, eventually
from zkcoord import Client
from zkcoord_testkit import Kit


def test_a_client_has_a_session_and_a_state(corner: Corner) -> None:
    with zkcoord.connect(corner.hosts, session_timeout=2) as client:
        assert client.session_id != 0
        assert client.state == "connected"
        assert repr(client) == f"<zkcoord.Client {corner.hosts} session={client.session_id:#x} connected>"
    assert client.state == "closed"


def test_a_closed_client_refuses_everything(client: Client) -> None:
    mutex, counter = client.mutex("/lock"), client.counter("/n")
    lock, semaphore = client.rw_lock("/rw"), client.semaphore("/s", permits=3)
    both = client.multi_mutex(["/a", "/b"])
    client.close()
    client.close()
    for operate in (
        mutex.acquire,
        mutex.try_acquire,
        mutex.inspect,
        lock.read.acquire,
        lock.write.try_acquire,
        semaphore.acquire,
        semaphore.try_acquire,
        both.acquire,
        both.try_acquire,
        lambda: client.request_revoke("/lock/lock-0000000001"),
        counter.get,
        counter.increment,
    ):
        with pytest.raises(zkcoord.ClosedError) as caught:
            operate()
        assert isinstance(caught.value, RuntimeError)


def test_closing_gives_locks_back_and_ends_waits(corner: Corner, client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    permits = client.semaphore("/s", permits=3).acquire(3)
    waiters = [Background(client.mutex("/lock").acquire), Background(client.semaphore("/s", 3).acquire)]
    corner.await_children("/lock", 2)
    corner.await_children("/s/locks", 1)
    client.close()
    for waiter in waiters:
        with pytest.raises(zkcoord.ClosedError):
            waiter.finish()
    assert corner.children("/lock") == corner.children("/s/leases") == corner.children("/s/locks") == []
    permits.release()
    assert not guard.is_held
    guard.release()


def test_a_forgotten_client_closes_itself_with_a_warning(corner: Corner) -> None:
    guard: Any = zkcoord.connect(corner.hosts, session_timeout=30).mutex("/lock").acquire()
    corner.await_children("/lock", 1)

    def forget() -> None:
        nonlocal guard
        with pytest.warns(ResourceWarning, match="never released: lock /lock/"):
            del guard
            gc.collect()

    # Until then the warning, whose source is the guard, kept it.
    with pytest.warns(ResourceWarning, match=f"never closed: client of {corner.hosts}"):
        forget()
        gc.collect()
    corner.await_children("/lock", 0)


def test_a_client_is_not_forgotten_while_something_made_from_it_is_in_use(corner: Corner) -> None:
    counter: Any = zkcoord.connect(corner.hosts, session_timeout=30).counter("/n")
    gc.collect()
    values = counter.watch()
    del counter
    gc.collect()
    assert values.next() == 0
    values._client.close()


def test_it_is_closed_once_and_may_be_closed_again(kit: Kit, corner: Corner) -> None:
    with kit.proxy(corner.zookeeper.host(0)) as proxy:
        hosts = corner.hosts.replace(corner.zookeeper.host(0), proxy.address)
        client = zkcoord.connect(hosts, session_timeout=0.5)
        proxy.refuse()
        client.striped_counter("/n").add(1)
        with pytest.raises(zkcoord.AcquireTimeout, match="striped counters could not be written"):
            client.close()
        client.close()
        with client:
            assert client.state == "closed"


def test_states_are_told_until_unsubscribed(frail: Corner) -> None:
    client = frail.client()
    states: list[str] = []
    ended: list[str] = []
    client.on_state(states.append)
    unsubscribe = client.on_state(ended.append)
    unsubscribe()
    unsubscribe()
    frail.zookeeper.kill(0)
    assert eventually(lambda: states == ["suspended"]), states
    frail.zookeeper.start_node(0)
    assert eventually(lambda: states[-1] == "connected"), states
    client.close()
    assert eventually(lambda: states[-1] == "closed"), states
    assert ended == []


def test_a_server_that_does_not_answer_is_a_lost_connection() -> None:
    started = time.monotonic()
    with pytest.raises(zkcoord.ConnectionLost) as caught:
        zkcoord.connect("127.0.0.1:1", connect_timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 2
    assert isinstance(caught.value, ConnectionError)


def test_without_a_connection_trying_fails_at_once(frail: Corner) -> None:
    client = frail.client()
    frail.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    for operate in (
        client.mutex("/lock").try_acquire,
        lambda: client.mutex("/lock").acquire(timeout=0),
        lambda: client.counter("/n").add(1, timeout=0),
    ):
        with pytest.raises(zkcoord.ConnectionLost):
            operate()
