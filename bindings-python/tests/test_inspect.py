import copy
import math
import os
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zkcoord
from conftest import Background, Sandbox, eventually
from zkcoord import Client, Queue, WaitStats


def test_a_queue_lists_the_holder_and_the_waiter(sandbox: Sandbox, client: Client) -> None:
    mutex = client.mutex("/lock")
    assert mutex.inspect() == []
    with zkcoord.connect(sandbox.hosts, session_timeout=5, identity="the holder") as holder:
        guard = holder.mutex("/lock").acquire()
        waiter = Background(lambda: mutex.acquire(timeout=20).release())
        sandbox.await_children("/lock", 2)
        queue = mutex.inspect(timeout=5)
        first, second = queue
        assert queue.warnings == []
        assert (first.node, first.identity) == (guard.node, "the holder")
        assert (first.session_id, second.session_id) == (holder.session_id, client.session_id)
        assert (first.role, second.role) == ("holder", "waiter")
        assert (first.mode, first.library) == ("write", "zkcoord")
        assert second.identity.endswith(f":{os.getpid()}")
        # The server runs on this machine, so the clocks agree.
        assert first.waiting_since.utcoffset() == timedelta(0)
        assert timedelta(0) <= second.waiting_since - first.waiting_since
        assert abs(datetime.now(UTC) - first.waiting_since) < timedelta(seconds=20)
        guard.release()
        waiter.finish()


def test_readers_hold_the_lock_together(sandbox: Sandbox, client: Client) -> None:
    lock = client.rw_lock("/lock")
    with lock.read, sandbox.client().rw_lock("/lock").read:
        writer = Background(lambda: lock.write.acquire(timeout=20).release())
        sandbox.await_children("/lock", 3)
        seen = [(contender.mode, contender.role) for contender in lock.write.inspect()]
        assert seen == [("read", "holder"), ("read", "holder"), ("write", "waiter")]
        assert lock.read.inspect() == lock.write.inspect()
    writer.finish()


def test_a_queue_names_libraries_and_warns_about_mixes(sandbox: Sandbox, client: Client) -> None:
    sandbox.observer.create_all(sandbox.root + "/lock")
    sandbox.observer.create(
        sandbox.root + "/lock/0123456789ab4def0123456789abcdef__lock__0000000000", b"\xffme"
    )
    sandbox.observer.create(sandbox.root + "/lock/_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001")
    queue = client.mutex("/lock").inspect()
    assert [contender.library for contender in queue] == ["kazoo", "curator"]
    assert (queue[0].identity, queue[0].session_id) == ("\ufffdme", 0)
    assert len(queue.warnings) == 1
    assert "do not see each other" in queue.warnings[0]


def test_a_queue_is_a_list_of_frozen_contenders(client: Client) -> None:
    with client.mutex("/lock") as guard:
        queue = client.mutex("/lock").inspect()
    assert isinstance(queue, list)
    assert guard.node in repr(queue)
    contender: Any = queue[0]
    with pytest.raises(FrozenInstanceError):
        contender.role = "waiter"
    assert len({contender, copy.copy(contender)}) == 1
    marked = Queue(queue, ["a warning"])
    for made in (pickle.loads(pickle.dumps(marked)), copy.deepcopy(marked)):
        assert (made, made.warnings) == (queue, ["a warning"])


def test_it_fails_in_time_without_a_connection(own_server: Sandbox) -> None:
    client = own_server.client()
    mutex = client.mutex("/lock")
    own_server.zookeeper.kill(0)
    assert eventually(lambda: client.state == "suspended")
    with pytest.raises(zkcoord.ConnectionLost):
        mutex.inspect(timeout=0)
    with pytest.raises(zkcoord.AcquireTimeout):
        mutex.inspect(timeout=0.1)


def test_stats_count_waits_and_timeouts(client: Client) -> None:
    mutex = client.mutex("/lock")
    assert mutex.stats() == WaitStats(0, 0, 0.0, 0.0, 0.0, 0.0)
    for count in range(20):
        assert math.isnan(mutex.stats().success_probability(1)) == (count < 2)
        with mutex.acquire(timeout=5):
            pass
    with mutex, pytest.raises(zkcoord.AcquireTimeout):
        mutex.acquire(timeout=0.05)
    stats = mutex.stats()
    assert (stats.count, stats.timeouts) == (21, 1)
    assert 0 < stats.p50 <= stats.p99 < 5
    assert 0 < stats.mean < 5
    assert stats.stddev > 0
    assert stats.holds.count == 21
    assert 0 < stats.holds.p50 <= stats.holds.p99 < 5
    assert stats.holds.p99 > 0.05
    assert pickle.loads(pickle.dumps(stats)) == stats
    assert client.mutex("/lock").stats().count == 0


def test_the_probability_grows_with_the_budget() -> None:
    stats = WaitStats(count=100, timeouts=0, mean=2.0, stddev=0.5, p50=2.0, p99=4.0)
    budgets = (0, 1, 2, 3, 10, 1e300, float("inf"))
    chances = [stats.success_probability(budget) for budget in budgets]
    assert chances == sorted(chances)
    assert 0 <= chances[0] < 0.01
    assert chances[2] == pytest.approx(0.5)
    assert chances[-1] == pytest.approx(1)
    # 1 / (1 + e^-k), k = (budget - mean) / s, s = stddev * sqrt(3) / pi
    assert chances[3] == pytest.approx(1 / (1 + math.exp(-1 / (0.5 * math.sqrt(3) / math.pi))))
