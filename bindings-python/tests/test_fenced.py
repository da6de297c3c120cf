"""Writes on condition that the lock is still held."""

import array
from collections.abc import Callable
from typing import Any

import pytest
import zkcoord
from conftest import Corner, eventually
from zkcoord import Client, Guard
from zkcoord_testkit import Kit


def test_a_holder_writes_and_a_former_holder_does_not(corner: Corner, client: Client) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.create("/data", b"1")
        guard.set_data("/data", b"2")
        guard.set_data("/data", b"3", version=1, timeout=5)
        assert _data(corner) == b"3"
        corner.observer.delete(corner.root + guard.node)
        _assert_cannot_write(guard)
        assert _data(corner) == b"3"
    with corner.client().mutex("/lock").acquire() as guard:
        guard.delete("/data", 2, timeout=5)
        assert corner.observer.exists(corner.root + "/data") is None
        guard.create("/data", b"4", timeout=5)
        guard.delete("/data")
        guard.create("/data", b"5")
    _assert_cannot_write(guard)
    client.close()
    _assert_cannot_write(guard)
    assert _data(corner) == b"5"


def _data(corner: Corner) -> bytes:
    found = corner.observer.data(corner.root + "/data")
    assert found is not None
    return found[0]


def _assert_cannot_write(guard: Guard) -> None:
    writes: list[Callable[[], None]] = [
        lambda: guard.set_data("/data", b"9"),
        lambda: guard.create("/more", b"9"),
        lambda: guard.delete("/data"),
    ]
    for write in writes:
        with pytest.raises(zkcoord.LockLost, match="/lock/"):
            write()


@pytest.mark.parametrize(
    "data", [b"", b"\0\xff" * 1000, bytearray(b"ab"), memoryview(b"abcdef")[::2], array.array("I", [1, 2])]
)
def test_all_that_is_bytes_like_is_written(corner: Corner, client: Client, data: Any) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.create("/data", data)
        assert _data(corner) == bytes(memoryview(data))
        guard.set_data("/data", data)
        assert _data(corner) == bytes(memoryview(data))


def test_what_cannot_be_written_says_why(client: Client) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.create("/data", b"1")
        cases: list[tuple[Callable[[], None], str]] = [
            (lambda: guard.create("/data", b""), "such a node already"),
            (lambda: guard.create("/none/data", b""), "no parent"),
            (lambda: guard.set_data("/none", b""), "no such node"),
            (lambda: guard.set_data("/data", b"", version=7), "another version"),
            (lambda: guard.delete("/data", version=7), "another version"),
            (lambda: guard.delete("/lock"), "has children"),
        ]
        for write, why in cases:
            with pytest.raises(zkcoord.InvalidArgument, match=why):
                write()
        assert guard.is_held


def test_a_lost_reply_is_admitted(kit: Kit, corner: Corner) -> None:
    with kit.proxy(corner.zookeeper.hosts) as proxy:
        client = zkcoord.connect(proxy.address + corner.root, session_timeout=5)
        with client, client.mutex("/lock").acquire() as guard:
            proxy.swallow_reply("multi")
            with pytest.raises(zkcoord.Indeterminate, match="/data"):
                guard.create("/data", b"")
            assert corner.observer.exists(corner.root + "/data") is not None


def test_a_timeout_is_kept_while_there_is_no_connection(frail: Corner) -> None:
    client = frail.client()
    guard = client.mutex("/lock").acquire()
    frail.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    with pytest.raises(zkcoord.ConnectionLost):
        guard.create("/data", b"", 0)
    with pytest.raises(zkcoord.AcquireTimeout, match="not written"):
        guard.create("/data", b"", 0.1)
    with pytest.raises(zkcoord.AcquireTimeout):
        guard.release(timeout=0)
