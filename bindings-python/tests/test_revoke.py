import threading

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client


def test_a_revoke_request_leaves_the_lock_held(sandbox: Sandbox, client: Client) -> None:
    calls: list[str] = []
    with client.mutex("/lock").acquire() as guard:
        guard.on_revoke(lambda: calls.append("before"))
        assert guard.revoke_requested is False
        assert sandbox.client().request_revoke(guard.node, timeout=5) is True
        assert eventually(lambda: calls == ["before"])
        assert guard.revoke_requested is True
        guard.on_revoke(lambda: calls.append("after"))
        assert eventually(lambda: calls == ["before", "after"]), calls
        client.request_revoke(guard.node)
        assert guard.is_held
        guard.check()
    assert client.request_revoke(guard.node) is False
    assert calls == ["before", "after"]


def test_a_guard_of_several_locks_can_be_revoked_by_any_of_its_nodes(
    sandbox: Sandbox, client: Client
) -> None:
    called = threading.Event()
    with client.multi_mutex(["/a", "/b"]).acquire() as guard:
        guard.on_revoke(called.set)
        assert client.request_revoke(f"/b/{sandbox.children('/b')[0]}")
        assert called.wait(TIMEOUT)
        assert guard.revoke_requested


def test_releasing_in_the_callback_is_refused(client: Client) -> None:
    outcome: list[Exception] = []
    guard = client.mutex("/lock").acquire()

    def callback() -> None:
        try:
            guard.release()
        except Exception as error:
            outcome.append(error)

    guard.on_revoke(callback)
    client.request_revoke(guard.node)
    assert eventually(lambda: len(outcome) == 1)
    assert isinstance(outcome[0], zkcoord.WouldDeadlock)
    assert guard.is_held
    guard.release()


def test_it_fails_in_time_without_a_connection(own_server: Sandbox) -> None:
    client = own_server.client()
    own_server.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    with pytest.raises(zkcoord.ConnectionLost):
        client.request_revoke("/lock/lock-0000000001", timeout=0)
    with pytest.raises(zkcoord.AcquireTimeout):
        client.request_revoke("/lock/lock-0000000001", timeout=0.1)
