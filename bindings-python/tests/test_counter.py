from typing import Literal

import pytest
import zkcoord
from conftest import Background, Sandbox
from zkcoord import Client

LEAST, LARGEST = -(2**63), 2**63 - 1


def test_a_missing_counter_starts_at_0(sandbox: Sandbox, client: Client) -> None:
    counter = client.counter("/a/b/hits")
    assert counter.get() == 0
    assert sandbox.observer.exists(sandbox.root + "/a/b/hits") is None
    assert counter.increment() == 1
    assert counter.add() == 2
    assert counter.add(40) == 42
    assert counter.add(-2) == 40
    assert counter.decrement() == 39
    assert counter.get() == 39
    assert sandbox.observer.data(sandbox.root + "/a/b/hits")[0] == (39).to_bytes(8, "big")  # type: ignore[index]


def test_set_get_and_set_and_compare_and_set(client: Client) -> None:
    counter = client.counter("/n")
    assert counter.set(7) is None  # type: ignore[func-returns-value]
    assert counter.get_and_set(9) == 7
    assert counter.compare_and_set(7, 1) is False
    assert counter.compare_and_set(9, LEAST) is True
    assert counter.get(timeout=5) == LEAST


def test_a_result_out_of_range_is_refused(client: Client) -> None:
    counter = client.counter("/n")
    counter.set(LARGEST)
    with pytest.raises(zkcoord.CounterOverflow) as caught:
        counter.increment()
    assert isinstance(caught.value, OverflowError)
    assert counter.get() == LARGEST
    counter.set(LEAST)
    with pytest.raises(OverflowError):
        counter.decrement()
    assert counter.get() == LEAST


def test_foreign_data_is_refused_and_left_unchanged(sandbox: Sandbox, client: Client) -> None:
    sandbox.observer.create(sandbox.root + "/n", b"seven")
    counter = client.counter("/n")
    for operate in (counter.get, counter.increment, lambda: counter.set(1), lambda: counter.get_and_set(1)):
        with pytest.raises(zkcoord.BadData, match="/n"):
            operate()
    assert sandbox.observer.data(sandbox.root + "/n")[0] == b"seven"  # type: ignore[index]


def test_no_add_of_any_thread_is_lost(sandbox: Sandbox) -> None:
    def work(client: Client) -> list[int]:
        return [client.counter("/n").increment() for _ in range(100)]

    clients = [sandbox.client(), sandbox.client()] * 4
    threads = [Background(lambda client=client: work(client)) for client in clients]  # type: ignore[misc]
    values = [value for thread in threads for value in thread.finish()]  # type: ignore[attr-defined]
    assert sorted(values) == list(range(1, 801))
    assert clients[0].counter("/n").get() == 800


def test_it_times_out_while_the_server_is_paused(own_server: Sandbox) -> None:
    counter = own_server.client().counter("/n")
    counter.set(1)
    own_server.zookeeper.pause(0)
    try:
        with pytest.raises(zkcoord.AcquireTimeout):
            counter.get(timeout=0.2)
        with pytest.raises((zkcoord.Indeterminate, zkcoord.AcquireTimeout)):
            counter.add(1, timeout=0.2)
    finally:
        own_server.zookeeper.resume(0)
    assert counter.get(timeout=20) in (1, 2)


@pytest.mark.parametrize(
    ("format", "value", "data"),
    [("i64", -2, b"\xff" * 7 + b"\xfe"), ("i32", -2, b"\xff\xff\xff\xfe"), ("text", -2, b"-2")],
)
def test_the_format_decides_the_bytes(
    sandbox: Sandbox, client: Client, format: Literal["i64", "i32", "text"], value: int, data: bytes
) -> None:
    counter = client.counter("/n", format=format)
    counter.set(value)
    assert sandbox.observer.data(sandbox.root + "/n")[0] == data  # type: ignore[index]
    assert counter.get() == value


def test_i32_overflows_at_32_bits(client: Client) -> None:
    counter = client.counter("/n", format="i32")
    counter.set(2**31 - 1)
    with pytest.raises(zkcoord.CounterOverflow, match="i32"):
        counter.increment()


def test_default_min_and_max(client: Client) -> None:
    counter = client.counter("/n", default=10, min=5, max=12)
    assert counter.get() == 10
    assert counter.add(2) == 12
    with pytest.raises(zkcoord.CounterOverflow, match="max 12"):
        counter.increment()
    with pytest.raises(zkcoord.CounterOverflow, match="min 5"):
        counter.set(4)
    assert counter.get() == 12


def test_without_exactly_once_there_is_no_child_node(sandbox: Sandbox, client: Client) -> None:
    assert client.counter("/with").increment() == 1
    assert client.counter("/without", exactly_once=False).increment() == 1
    assert len(sandbox.children("/with")) == 1
    assert sandbox.children("/without") == []


def test_a_stale_get_includes_changes_of_the_same_client(client: Client) -> None:
    counter = client.counter("/n", default=3)
    assert counter.get(stale=True) == 3
    counter.set(4)
    assert counter.get(True, timeout=5) == 4


def test_versioned_returns_value_and_version(client: Client) -> None:
    counter = client.counter("/n", default=3)
    assert counter.versioned() == (3, -1)
    counter.increment()
    counter.increment()
    found = counter.versioned(timeout=5)
    assert (found.value, found.version) == (5, 1)
    assert isinstance(found, zkcoord.Versioned)


def test_reserved_numbers_are_unique(sandbox: Sandbox, client: Client) -> None:
    counter, other = client.counter("/n"), sandbox.client().counter("/n")
    assert counter.reserve(3) == range(1, 4)
    assert other.increment() == 4
    assert other.reserve(1, timeout=5) == range(5, 6)
    counter.set(LARGEST - 1)
    assert list(counter.reserve(1)) == [LARGEST]
    with pytest.raises(zkcoord.CounterOverflow):
        counter.reserve(1)


def test_stats_count_the_changes(client: Client) -> None:
    counter = client.counter("/n")
    for _ in range(3):
        counter.increment()
    counter.get()
    stats = counter.stats()
    assert (stats.count, stats.timeouts) == (3, 0)
    assert 0 < stats.p50 <= stats.p99 < 20
    assert client.counter("/n").stats().count == 0


def test_repr(client: Client) -> None:
    assert repr(client.counter("/a/hits")) == "<zkcoord.Counter /a/hits>"
