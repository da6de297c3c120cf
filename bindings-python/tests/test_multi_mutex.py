import pytest
import zkcoord
from conftest import Background, Sandbox
from zkcoord import Client


def test_all_mutexes_are_acquired_and_released(sandbox: Sandbox, client: Client) -> None:
    both = client.multi_mutex(["/b", "/a", "/b"])
    with both.acquire(timeout=5) as guard:
        assert guard.node.startswith("/a/")
        assert [len(sandbox.children(path)) for path in ("/a", "/b")] == [1, 1]
        nodes = [f"{path}/{sandbox.children(path)[0]}" for path in ("/a", "/b")]
        stats = [sandbox.observer.exists(sandbox.root + node) for node in nodes]
        assert guard.tokens == [(node, stat.czxid) for node, stat in zip(nodes, stats, strict=True) if stat]
        assert guard.token == guard.tokens[0][1] < guard.tokens[1][1]
        assert client.mutex("/a").try_acquire() is None
        assert both.try_acquire() is None
    with both, pytest.raises(zkcoord.AcquireTimeout, match="/a"):
        both.acquire(timeout=0)
    assert sandbox.children("/a") == sandbox.children("/b") == []
    assert (both.stats().count, both.stats().timeouts) == (2, 1)


def test_none_is_kept_if_one_cannot_be_acquired(sandbox: Sandbox, client: Client) -> None:
    both = sandbox.client().multi_mutex(path for path in ("/a", "/b"))
    with client.mutex("/b"):
        assert both.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/a"):
            both.acquire(timeout=0.1)
        sandbox.await_children("/a", 0)
        sandbox.await_children("/b", 1)


def test_opposite_orders_do_not_deadlock(sandbox: Sandbox) -> None:
    def work(paths: list[str]) -> None:
        both = sandbox.client().multi_mutex(paths)
        for _ in range(10):
            with both.acquire(timeout=20):
                pass

    for thread in [Background(lambda: work(["/a", "/b"])), Background(lambda: work(["/b", "/a"]))]:
        thread.finish()


def test_the_loss_of_one_mutex_loses_the_guard(sandbox: Sandbox, client: Client) -> None:
    with client.multi_mutex(["/a", "/b"], scheme="kazoo").acquire() as guard:
        assert "__lock__" in guard.node
        sandbox.observer.delete(f"{sandbox.root}/b/{sandbox.children('/b')[0]}")
        assert guard.lost.wait(5)
        with pytest.raises(zkcoord.LockLost):
            guard.create("/data", b"")
    assert sandbox.children("/a") == []


def test_repr(client: Client) -> None:
    assert repr(client.multi_mutex(("/b", "/a"))) == "<zkcoord.MultiMutex /b /a>"
