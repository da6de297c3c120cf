"""The types of zkcoord, checked by mypy and pyright and not run by Python."""

# pyright: strict

from collections.abc import Callable
from typing import Literal, assert_type

import zkcoord


def locks(client: zkcoord.Client) -> None:
    mutex = client.mutex("/lock", scheme="kazoo", handoff=3)
    assert_type(mutex, zkcoord.Mutex)
    assert_type(mutex.acquire(timeout=5), zkcoord.Guard)
    assert_type(mutex.try_acquire(), zkcoord.Guard | None)
    with mutex.acquire() as guard:
        assert_type(guard, zkcoord.Guard)
        assert_type(guard.token, int)
        assert_type(guard.tokens, list[tuple[str, int]])
        assert_type(guard.node, str)
        assert_type(guard.is_held, bool)
        assert_type(guard.lost.is_set(), bool)
        assert_type(guard.lost.wait(timeout=0.1), bool)
        assert_type(guard.lease_remaining, float)
        guard.on_lost(lambda: None)
        guard.set_data("/data", memoryview(b"2"), version=1)
        guard.create("/data", b"1", timeout=5)
        guard.delete("/data")
        guard.release(timeout=1)
    with mutex as other:
        assert_type(other, zkcoord.Guard)
    queue = mutex.inspect()
    assert_type(queue, zkcoord.Queue)
    assert_type(queue[0].role, Literal["holder", "waiter"])
    assert_type(mutex.stats().success_probability(0.5), float)
    assert_type(client.rw_lock("/rw").read, zkcoord.Mutex)
    assert_type(client.reentrant_mutex("/re"), zkcoord.ReentrantMutex)
    assert_type(client.semaphore("/s", 3).acquire(2, 5), zkcoord.Guard)
    assert_type(client.multi_mutex({"/a", "/b"}).try_acquire(), zkcoord.Guard | None)


def counters(client: zkcoord.Client) -> None:
    counter = client.counter("/n", format="i32", min=0)
    assert_type(counter.add(3), int)
    assert_type(counter.get(stale=True), int)
    assert_type(counter.compare_and_set(1, 2), bool)
    value, version = counter.versioned()
    assert_type(value, int)
    assert_type(version, int)
    assert_type(counter.reserve(10), range)
    with counter.watch() as values:
        assert_type(values, zkcoord.CounterWatch)
        assert_type(next(values), int)
        assert_type([value for value in values], list[int])  # noqa: C416
    assert_type(client.striped_counter("/s", flush_interval=1).sum(), int)
    assert_type(client.window_counter("/w").count(timeout=1), int)
    assert_type(client.rate_limiter("/l", permits=5).try_acquire(), bool)


def misses(client: zkcoord.Client, query: Callable[[str], float | None]) -> None:
    guard = client.miss_guard("/m", threshold=2)
    assert_type(guard.load("key", query), float | None)
    assert_type(guard.load(b"key", len), int | None)


def clients() -> None:
    with zkcoord.connect("zk:2181", auth=("digest", b"user:password"), acl="creator") as client:
        assert_type(client, zkcoord.Client)
        assert_type(client.session_id, int)
        assert_type(client.on_state(print), Callable[[], None])
        assert_type(client.request_revoke("/lock/x", timeout=1), bool)
    try:
        client.mutex("/lock").acquire()
    except zkcoord.ZkcoordError as error:
        assert_type(error.code, str)
