import pytest
import zkcoord
from conftest import Background, Corner
from zkcoord import Client


def test_all_are_had_and_given_back(corner: Corner, client: Client) -> None:
    both = client.multi_mutex(["/b", "/a", "/b"])
    with both.acquire(timeout=5) as guard:
        assert guard.node.startswith("/a/")
        assert [len(corner.children(path)) for path in ("/a", "/b")] == [1, 1]
        nodes = [f"{path}/{corner.children(path)[0]}" for path in ("/a", "/b")]
        stats = [corner.observer.exists(corner.root + node) for node in nodes]
        assert guard.tokens == [(node, stat.czxid) for node, stat in zip(nodes, stats, strict=True) if stat]
        assert guard.token == guard.tokens[0][1] < guard.tokens[1][1]
        assert client.mutex("/a").try_acquire() is None
        assert both.try_acquire() is None
    with both, pytest.raises(zkcoord.AcquireTimeout, match="/a"):
        both.acquire(timeout=0)
    assert corner.children("/a") == corner.children("/b") == []
    assert (both.stats().count, both.stats().timeouts) == (2, 1)


def test_none_is_kept_when_one_cannot_be_had(corner: Corner, client: Client) -> None:
    both = corner.client().multi_mutex(path for path in ("/a", "/b"))
    with client.mutex("/b"):
        assert both.try_acquire() is None
        with pytest.raises(zkcoord.AcquireTimeout, match="/a"):
            both.acquire(timeout=0.1)
        corner.await_children("/a", 0)
        corner.await_children("/b", 1)


def test_opposite_orders_do_not_wait_for_each_other(corner: Corner) -> None:
    def work(paths: list[str]) -> None:
        both = corner.client().multi_mutex(paths)
        for _ in range(10):
            with both.acquire(timeout=20):
                pass

    for thread in [Background(lambda: work(["/a", "/b"])), Background(lambda: work(["/b", "/a"]))]:
        thread.finish()


def test_the_loss_of_one_is_the_loss_of_all(corner: Corner, client: Client) -> None:
    with client.multi_mutex(["/a", "/b"], scheme="kazoo").acquire() as guard:
        assert "__lock__" in guard.node
        corner.observer.delete(f"{corner.root}/b/{corner.children('/b')[0]}")
        assert guard.lost.wait(5)
        with pytest.raises(zkcoord.LockLost):
            guard.create("/data", b"")
    assert corner.children("/a") == []


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.multi_mutex(("/b", "/a"))) == "<zkcoord.MultiMutex /b /a>"
