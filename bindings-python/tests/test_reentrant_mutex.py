import pytest
import zkcoord
from conftest import Background, Sandbox
from zkcoord import Client


def test_the_owning_thread_acquires_it_again(sandbox: Sandbox, client: Client) -> None:
    lock = client.reentrant_mutex("/lock")
    with lock as outer, lock.acquire(timeout=0) as inner:
        assert isinstance(lock, zkcoord.Mutex)
        assert (inner.token, inner.node) == (outer.token, outer.node)
        again = client.reentrant_mutex("/lock").try_acquire()
        assert again is not None
        again.release()
        again.release()
        outer.release()
        assert inner.is_held
        assert len(sandbox.children("/lock")) == 1
    assert sandbox.children("/lock") == []
    assert lock.stats().count == 2


def test_other_threads_and_clients_do_not_acquire_it(sandbox: Sandbox, client: Client) -> None:
    lock = client.reentrant_mutex("/lock")
    with lock.acquire() as guard:
        assert Background(lock.try_acquire).finish() is None
        other = sandbox.client()
        assert other.reentrant_mutex("/lock").try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/lock"):
            other.mutex("/lock").acquire(timeout=0.1)
        assert [contender.node for contender in lock.inspect()] == [guard.node]
    with other.mutex("/lock").acquire(timeout=5):
        assert lock.try_acquire() is None


def test_another_thread_may_release(client: Client) -> None:
    guard = client.reentrant_mutex("/lock").acquire()
    Background(guard.release).finish()
    assert not guard.is_held


def test_acquiring_again_through_another_lock_raises_would_deadlock(client: Client) -> None:
    with client.reentrant_mutex("/lock"):
        for acquire in (
            client.mutex("/lock").acquire,
            client.multi_mutex(["/a", "/lock"]).acquire,
        ):
            with pytest.raises(zkcoord.WouldDeadlock, match="/lock"):
                acquire()
        waiting = Background(lambda: client.mutex("/lock").acquire(timeout=0.1))
        with pytest.raises(zkcoord.AcquireTimeout):
            waiting.finish()


def test_the_scheme_decides_the_names_of_nodes(client: Client) -> None:
    with client.reentrant_mutex("/lock", scheme="kazoo").acquire(timeout=5) as guard:
        assert "__lock__" in guard.node


def test_repr(client: Client) -> None:
    assert repr(client.reentrant_mutex("/a/lock")) == "<zkcoord.ReentrantMutex /a/lock>"
