import pytest
import zkcoord
from conftest import Background, Sandbox
from zkcoord import Client


def test_readers_share_and_a_writer_does_not(sandbox: Sandbox, client: Client) -> None:
    lock, other = client.rw_lock("/lock"), sandbox.client().rw_lock("/lock")
    with lock.read.acquire(timeout=5) as first, other.read.acquire(timeout=5) as second:
        assert second.token > first.token
        assert other.write.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/lock"):
            sandbox.client().rw_lock("/lock").write.acquire(timeout=0.1)
        sandbox.await_children("/lock", 2)
    with lock.write.acquire(timeout=5) as third:
        assert third.token > second.token
        assert other.read.try_acquire() is None
        assert other.write.try_acquire() is None
    assert sandbox.children("/lock") == []


def test_readers_do_not_overtake_a_writer(sandbox: Sandbox, client: Client) -> None:
    lock, order = client.rw_lock("/lock"), []

    def work(side: zkcoord.Mutex, name: str) -> None:
        with side:
            order.append(name)

    with lock.read:
        writer = Background(lambda: work(lock.write, "writer"))
        sandbox.await_children("/lock", 2)
        reader = Background(lambda: work(lock.read, "reader"))
        sandbox.await_children("/lock", 3)
    writer.finish()
    reader.finish()
    assert order == ["writer", "reader"]


def test_a_thread_acquires_a_side_again(sandbox: Sandbox, client: Client) -> None:
    lock = client.rw_lock("/lock")
    for side in (lock.read, lock.write):
        with side as outer, side.acquire(timeout=0) as inner:
            assert inner.node == outer.node
            assert len(sandbox.children("/lock")) == 1
    with lock.write:
        assert Background(lock.write.try_acquire).finish() is None
        assert Background(lock.read.try_acquire).finish() is None


def test_a_thread_can_downgrade_but_not_upgrade(sandbox: Sandbox, client: Client) -> None:
    lock, other = client.rw_lock("/lock"), sandbox.client().rw_lock("/lock")
    writing = lock.write.acquire()
    with lock.read.acquire(timeout=5) as reading:
        writing.release()
        assert reading.token == writing.token
        assert other.write.try_acquire() is None
        with other.read.acquire(timeout=5), pytest.raises(zkcoord.WouldDeadlock, match="/lock"):
            lock.write.acquire()


@pytest.mark.parametrize(
    ("scheme", "read", "write"), [("curator", "__READ__", "__WRIT__"), ("kazoo", "__rlock__", "__lock__")]
)
def test_the_scheme_decides_the_names_of_nodes(client: Client, scheme: str, read: str, write: str) -> None:
    lock = client.rw_lock("/lock", scheme=scheme)
    with lock.read as guard:
        assert read in guard.node
    with lock.write as guard:
        assert write in guard.node


def test_each_side_has_its_own_stats(client: Client) -> None:
    lock = client.rw_lock("/lock")
    with lock.read, lock.read:
        pass
    with lock.write:
        pass
    assert (lock.read.stats().count, lock.write.stats().count) == (2, 1)


def test_repr(client: Client) -> None:
    lock = client.rw_lock("/a/lock")
    assert repr(lock) == "<zkcoord.RwLock /a/lock>"
    assert repr(lock.read) == "<zkcoord.Mutex /a/lock (read)>"
    assert repr(lock.write) == "<zkcoord.Mutex /a/lock (write)>"
