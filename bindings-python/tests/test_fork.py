import os
import sys
import traceback
from collections.abc import Callable

import pytest
import zkcoord
from conftest import TIMEOUT, Sandbox, eventually
from zkcoord import Client


def in_child(work: Callable[[], None]) -> None:
    """Runs ``work`` in a child of fork(), which must succeed within the timeout."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    ended: list[int] = []

    def reap() -> bool:
        found, status = os.waitpid(pid, os.WNOHANG)
        ended.extend([status] if found else [])
        return bool(ended)

    if not eventually(reap, TIMEOUT):
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        pytest.fail("the child hangs")
    assert ended == [0]


def test_objects_of_the_parent_raise_forked_error_in_a_child(sandbox: Sandbox, client: Client) -> None:
    mutex, counter = client.mutex("/lock"), client.counter("/n")
    lock, semaphore = client.rw_lock("/rw"), client.semaphore("/s", permits=3)
    both = client.multi_mutex(["/a", "/b"])
    values = counter.watch()
    striped, window = client.striped_counter("/striped"), client.window_counter("/window")
    limiter = client.rate_limiter("/limit")
    misses = client.miss_guard("/misses")
    reentrant = client.reentrant_mutex("/reentrant")
    with mutex.acquire() as guard:

        def work() -> None:
            for operate in (
                lambda: client.session_id,
                lambda: client.state,
                lambda: client.on_state(print),
                client.close,
                mutex.acquire,
                mutex.try_acquire,
                counter.get,
                counter.increment,
                counter.versioned,
                counter.stats,
                lambda: counter.reserve(2),
                values.next,
                lambda: next(values),
                guard.check,
                guard.release,
                guard.lost.is_set,
                guard.lost.wait,
                lambda: client.mutex("/new"),
                lambda: client.counter("/new"),
                lambda: guard.tokens,
                lambda: guard.on_lost(print),
                lambda: guard.on_revoke(print),
                lambda: guard.revoke_requested,
                lambda: guard.set_data("/lock", b""),
                lambda: guard.create("/new", b""),
                lambda: guard.delete("/lock"),
                lambda: client.rw_lock("/new"),
                lambda: client.semaphore("/new", permits=1),
                lambda: client.multi_mutex(["/new"]),
                lambda: client.request_revoke(guard.node),
                mutex.inspect,
                mutex.stats,
                lock.read.acquire,
                lock.write.try_acquire,
                lock.read.inspect,
                semaphore.acquire,
                semaphore.try_acquire,
                semaphore.stats,
                lambda: client.reentrant_mutex("/new"),
                reentrant.acquire,
                reentrant.try_acquire,
                reentrant.inspect,
                reentrant.stats,
                lambda: client.striped_counter("/new"),
                striped.add,
                striped.flush,
                striped.sum,
                lambda: client.window_counter("/new"),
                window.add,
                window.count,
                lambda: client.rate_limiter("/new"),
                limiter.acquire,
                limiter.try_acquire,
                limiter.stats,
                lambda: client.miss_guard("/new"),
                lambda: misses.load("key", len),
                lambda: misses.forget("key"),
                both.acquire,
                both.try_acquire,
                both.stats,
            ):
                with pytest.raises(zkcoord.ForkedError, match="connect again"):
                    operate()
            assert not guard.is_held
            assert "forked" in repr(client)
            assert "forked" in repr(guard)

        in_child(work)
        assert guard.is_held
        assert len(sandbox.children("/lock")) == 1
    assert counter.increment() == 1


def test_a_child_that_leaves_blocks_of_its_parent_does_not_disturb_it(
    sandbox: Sandbox, client: Client
) -> None:
    with client.mutex("/lock").acquire() as guard:

        def work() -> None:
            with pytest.raises(SystemExit), client, guard:
                sys.exit(0)

        in_child(work)
        assert guard.is_held
        assert client.state == "connected"
        assert len(sandbox.children("/lock")) == 1


def test_a_child_that_deletes_objects_of_its_parent_does_not_disturb_it(sandbox: Sandbox) -> None:
    clients = [zkcoord.connect(sandbox.hosts, session_timeout=2)]
    guards = [clients[0].mutex("/lock").acquire()]

    def work() -> None:
        guards.clear()
        clients.clear()

    in_child(work)
    assert guards[0].is_held
    assert len(sandbox.children("/lock")) == 1
    guards[0].release()
    clients[0].close()


def test_a_child_can_connect_its_own_client(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock").acquire() as guard:

        def work() -> None:
            with zkcoord.connect(sandbox.hosts, session_timeout=2) as own:
                assert own.session_id != 0
                assert own.counter("/n").increment() == 2
                assert own.mutex("/lock").try_acquire() is None
                with own.mutex("/other").acquire(timeout=5) as mine:
                    mine.check()

        client.counter("/n").increment()
        in_child(work)
        guard.check()
    assert client.counter("/n").get() == 2
