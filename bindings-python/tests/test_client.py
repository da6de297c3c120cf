import gc
import time
from typing import Any

import pytest
import zkcoord
from conftest import Background, Sandbox, eventually
from zkcoord import Client
from zkcoord_testkit import Kit


def test_a_client_has_a_session_and_a_state(sandbox: Sandbox) -> None:
    with zkcoord.connect(sandbox.hosts, session_timeout=2) as client:
        assert client.session_id != 0
        assert client.state == "connected"
        assert repr(client) == f"<zkcoord.Client {sandbox.hosts} session={client.session_id:#x} connected>"
    assert client.state == "closed"


def test_a_closed_client_raises_closed_error(client: Client) -> None:
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


def test_closing_releases_locks_and_ends_waits(sandbox: Sandbox, client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    permits = client.semaphore("/s", permits=3).acquire(3)
    waiters = [Background(client.mutex("/lock").acquire), Background(client.semaphore("/s", 3).acquire)]
    sandbox.await_children("/lock", 2)
    sandbox.await_children("/s/locks", 1)
    client.close()
    for waiter in waiters:
        with pytest.raises(zkcoord.ClosedError):
            waiter.finish()
    assert sandbox.children("/lock") == sandbox.children("/s/leases") == sandbox.children("/s/locks") == []
    permits.release()
    assert not guard.is_held
    guard.release()


def test_an_unreachable_client_is_closed_with_a_warning(sandbox: Sandbox) -> None:
    guard: Any = zkcoord.connect(sandbox.hosts, session_timeout=30).mutex("/lock").acquire()
    sandbox.await_children("/lock", 1)

    def forget() -> None:
        nonlocal guard
        with pytest.warns(ResourceWarning, match="never released: lock /lock/"):
            del guard
            gc.collect()

    # Before that, the recorded warning refers to the guard, and so to the client.
    with pytest.warns(ResourceWarning, match=f"never closed: client of {sandbox.hosts}"):
        forget()
        gc.collect()
    sandbox.await_children("/lock", 0)


def test_a_client_stays_open_while_an_object_made_from_it_is_in_use(sandbox: Sandbox) -> None:
    counter: Any = zkcoord.connect(sandbox.hosts, session_timeout=30).counter("/n")
    gc.collect()
    values = counter.watch()
    del counter
    gc.collect()
    assert values.next() == 0
    values._client.close()


def test_a_client_may_be_closed_again_after_a_failed_close(kit: Kit, sandbox: Sandbox) -> None:
    with kit.proxy(sandbox.zookeeper.host(0)) as proxy:
        hosts = sandbox.hosts.replace(sandbox.zookeeper.host(0), proxy.address)
        client = zkcoord.connect(hosts, session_timeout=0.5)
        proxy.refuse()
        client.striped_counter("/n").add(1)
        with pytest.raises(zkcoord.AcquireTimeout, match="flushing the striped counters"):
            client.close()
        client.close()
        with client:
            assert client.state == "closed"


def test_on_state_is_called_until_unsubscribed(own_server: Sandbox) -> None:
    client = own_server.client()
    states: list[str] = []
    ended: list[str] = []
    client.on_state(states.append)
    unsubscribe = client.on_state(ended.append)
    unsubscribe()
    unsubscribe()
    own_server.zookeeper.kill(0)
    assert eventually(lambda: states == ["suspended"]), states
    own_server.zookeeper.start_node(0)
    assert eventually(lambda: states[-1] == "connected"), states
    client.close()
    assert eventually(lambda: states[-1] == "closed"), states
    assert ended == []


def test_connecting_without_a_server_raises_connection_lost() -> None:
    started = time.monotonic()
    with pytest.raises(zkcoord.ConnectionLost) as caught:
        zkcoord.connect("127.0.0.1:1", connect_timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 2
    assert isinstance(caught.value, ConnectionError)


def test_try_acquire_fails_at_once_without_a_connection(own_server: Sandbox) -> None:
    client = own_server.client()
    own_server.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    for operate in (
        client.mutex("/lock").try_acquire,
        lambda: client.mutex("/lock").acquire(timeout=0),
        lambda: client.counter("/n").add(1, timeout=0),
    ):
        with pytest.raises(zkcoord.ConnectionLost):
            operate()
