"""Writes on condition that the lock is still held."""

import array
from collections.abc import Callable
from typing import Any

import pytest
import zkcoord
from conftest import Sandbox, eventually
from zkcoord import Client, Guard
from zkcoord_testkit import Kit


def test_a_holder_writes_and_a_former_holder_does_not(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.create("/data", b"1")
        guard.set_data("/data", b"2")
        guard.set_data("/data", b"3", version=1, timeout=5)
        assert _data(sandbox) == b"3"
        sandbox.observer.delete(sandbox.root + guard.node)
        _assert_cannot_write(guard)
        assert _data(sandbox) == b"3"
    with sandbox.client().mutex("/lock").acquire() as guard:
        guard.delete("/data", 2, timeout=5)
        assert sandbox.observer.exists(sandbox.root + "/data") is None
        guard.create("/data", b"4", timeout=5)
        guard.delete("/data")
        guard.create("/data", b"5")
    _assert_cannot_write(guard)
    client.close()
    _assert_cannot_write(guard)
    assert _data(sandbox) == b"5"


def _data(sandbox: Sandbox) -> bytes:
    found = sandbox.observer.data(sandbox.root + "/data")
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
def test_bytes_like_data_is_written(sandbox: Sandbox, client: Client, data: Any) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.create("/data", data)
        assert _data(sandbox) == bytes(memoryview(data))
        guard.set_data("/data", data)
        assert _data(sandbox) == bytes(memoryview(data))


def test_refused_writes_name_the_reason(client: Client) -> None:
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


def test_a_lost_reply_raises_indeterminate(kit: Kit, sandbox: Sandbox) -> None:
    with kit.proxy(sandbox.zookeeper.hosts) as proxy:
        client = zkcoord.connect(proxy.address + sandbox.root, session_timeout=5)
        with client, client.mutex("/lock").acquire() as guard:
            proxy.swallow_reply("multi")
            with pytest.raises(zkcoord.Indeterminate, match="/data"):
                guard.create("/data", b"")
            assert sandbox.observer.exists(sandbox.root + "/data") is not None


def test_it_times_out_without_a_connection(own_server: Sandbox) -> None:
    client = own_server.client()
    guard = client.mutex("/lock").acquire()
    own_server.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    with pytest.raises(zkcoord.ConnectionLost):
        guard.create("/data", b"", 0)
    with pytest.raises(zkcoord.AcquireTimeout, match="not written"):
        guard.create("/data", b"", 0.1)
    with pytest.raises(zkcoord.AcquireTimeout):
        guard.release(timeout=0)
