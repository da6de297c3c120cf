import gc
import threading
import time

import pytest
import zkcoord
from conftest import SESSION_TIMEOUT, TIMEOUT, Background, Sandbox, eventually
from zkcoord import Client


def test_tokens_grow_and_are_the_czxid_of_the_node(sandbox: Sandbox, client: Client) -> None:
    tokens = []
    for other in (client, sandbox.client(), client):
        with other.mutex("/lock").acquire() as guard:
            tokens.append(guard.token)
            stat = sandbox.observer.exists(sandbox.root + guard.node)
            assert stat is not None
            assert stat.czxid == guard.token
            assert guard.tokens == [(guard.node, guard.token)]
            assert stat.ephemeral_owner == other.session_id
    assert tokens == sorted(set(tokens))


def test_a_held_guard_passes_its_check_and_a_released_one_does_not(client: Client) -> None:
    with client.mutex("/lock").acquire() as guard:
        guard.check()
        assert not guard.lost.is_set()
        assert not guard.lost.wait(0)
        assert not guard.lost.wait(0.05)
    with pytest.raises(zkcoord.LockLost, match=r"/lock/.*released"):
        guard.check()
    assert not guard.lost.is_set()


def test_deleting_the_node_loses_the_lock(sandbox: Sandbox, client: Client) -> None:
    calls: list[str] = []
    guard = client.mutex("/lock").acquire()
    guard.on_lost(lambda: calls.append("before"))
    waiter = Background(lambda: guard.lost.wait(TIMEOUT))
    sandbox.observer.delete(sandbox.root + guard.node)
    assert waiter.finish() is True
    assert guard.lost.is_set()
    assert not guard.is_held
    with pytest.raises(zkcoord.LockLost, match="deleted by somebody else"):
        guard.check()
    assert guard.lost.wait() is True
    guard.on_lost(lambda: calls.append("after"))
    assert eventually(lambda: calls == ["before", "after"]), calls
    guard.release()
    assert guard.lost.is_set()


def test_a_stopped_server_loses_the_lock_before_the_session_can_end(own_server: Sandbox) -> None:
    guard = own_server.client().mutex("/lock").acquire()
    called = threading.Event()
    guard.on_lost(called.set)
    own_server.zookeeper.kill(0)
    stopped = time.monotonic()
    assert guard.lost.wait(SESSION_TIMEOUT)
    assert time.monotonic() - stopped < SESSION_TIMEOUT
    assert called.wait(1)
    with pytest.raises(zkcoord.LockLost):
        guard.check()


def test_leaving_a_block_does_not_wait_for_a_dead_server(own_server: Sandbox) -> None:
    mutex = own_server.client().mutex("/lock")
    with pytest.raises(zkcoord.LockLost), mutex.acquire() as guard:
        own_server.zookeeper.kill(0)
        assert guard.lost.wait(TIMEOUT)
        left = time.monotonic()
        guard.check()
    assert time.monotonic() - left < 3


def test_a_released_guard_makes_no_callbacks(client: Client) -> None:
    calls: list[str] = []
    with client.mutex("/lock").acquire() as guard:
        guard.on_lost(lambda: calls.append("lost"))
    client.close()
    time.sleep(0.1)
    assert calls == []


def test_releasing_twice_is_fine(sandbox: Sandbox, client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    guard.release()
    with client.mutex("/lock").acquire():
        guard.release(timeout=5)
        assert len(sandbox.children("/lock")) == 1


def test_an_exception_in_the_block_releases_the_lock(sandbox: Sandbox, client: Client) -> None:
    with pytest.raises(ZeroDivisionError), client.mutex("/lock").acquire():
        _ = 1 / 0
    with pytest.raises(ZeroDivisionError), client.mutex("/lock"):
        _ = 1 / 0
    assert sandbox.children("/lock") == []


def test_an_unreachable_guard_is_released_with_a_warning(sandbox: Sandbox, client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    lost = guard.lost
    with pytest.warns(ResourceWarning, match="never released: lock /lock/"):
        del guard
        gc.collect()
    sandbox.await_children("/lock", 0)
    assert not lost.is_set()


def test_a_released_guard_is_deleted_without_a_warning(client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    guard.release()
    del guard
    gc.collect()


def test_blocking_calls_in_a_callback_are_refused(sandbox: Sandbox, client: Client) -> None:
    outcome: list[Exception] = []
    guard = client.mutex("/lock").acquire()

    def callback() -> None:
        for wait in (client.counter("/n").get, guard.release):
            try:
                wait()
            except Exception as error:
                outcome.append(error)

    guard.on_lost(callback)
    sandbox.observer.delete(sandbox.root + guard.node)
    assert eventually(lambda: len(outcome) == 2)
    assert [type(error) for error in outcome] == [zkcoord.WouldDeadlock] * 2
    guard.release()


def test_an_error_in_a_callback_is_reported(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[BaseException | None] = []
    monkeypatch.setattr("sys.unraisablehook", lambda args: reported.append(args.exc_value))
    with client.mutex("/lock").acquire() as guard:
        guard.on_lost(lambda: 1 / 0)
        sandbox.observer.delete(sandbox.root + guard.node)
        assert eventually(lambda: len(reported) == 1)
    assert isinstance(reported[0], ZeroDivisionError)


def test_repr_shows_the_state(sandbox: Sandbox, client: Client) -> None:
    guard = client.mutex("/lock").acquire()
    assert repr(guard) == f"<zkcoord.Guard {guard.node} token={guard.token} held>"
    assert repr(guard.lost) == f"<zkcoord.Lost {guard.node} unset>"
    sandbox.observer.delete(sandbox.root + guard.node)
    assert guard.lost.wait(TIMEOUT)
    assert repr(guard) == f"<zkcoord.Guard {guard.node} token={guard.token} lost>"
    guard.release()
    with client.mutex("/lock").acquire() as other:
        pass
    assert repr(other) == f"<zkcoord.Guard {other.node} token={other.token} not held>"


def test_the_remaining_lease_shrinks_before_a_loss(own_server: Sandbox) -> None:
    guard = own_server.client().mutex("/lock").acquire()
    assert 0 < guard.lease_remaining <= SESSION_TIMEOUT * 5 / 8
    own_server.zookeeper.pause(0)
    assert eventually(lambda: guard.lease_remaining < SESSION_TIMEOUT / 4)
    assert guard.lost.wait(TIMEOUT)
    assert guard.lease_remaining == 0
    own_server.zookeeper.resume(0)
    guard.release()
