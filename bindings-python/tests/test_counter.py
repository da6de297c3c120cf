import pytest
import zkcoord
from conftest import Background, Corner
from zkcoord import Client

LEAST, LARGEST = -(2**63), 2**63 - 1


def test_a_missing_counter_is_0_and_counts(corner: Corner, client: Client) -> None:
    counter = client.counter("/a/b/hits")
    assert counter.get() == 0
    assert corner.observer.exists(corner.root + "/a/b/hits") is None
    assert counter.increment() == 1
    assert counter.add() == 2
    assert counter.add(40) == 42
    assert counter.add(-2) == 40
    assert counter.decrement() == 39
    assert counter.get() == 39
    assert corner.observer.data(corner.root + "/a/b/hits")[0] == (39).to_bytes(8, "big")  # type: ignore[index]


def test_values_are_set_swapped_and_compared(client: Client) -> None:
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


def test_bytes_that_are_no_counter_stay_as_they_are(corner: Corner, client: Client) -> None:
    corner.observer.create(corner.root + "/n", b"seven")
    counter = client.counter("/n")
    for operate in (counter.get, counter.increment, lambda: counter.set(1), lambda: counter.get_and_set(1)):
        with pytest.raises(zkcoord.BadData, match="/n"):
            operate()
    assert corner.observer.data(corner.root + "/n")[0] == b"seven"  # type: ignore[index]


def test_no_add_of_any_thread_is_lost(corner: Corner) -> None:
    def work(client: Client) -> list[int]:
        return [client.counter("/n").increment() for _ in range(100)]

    clients = [corner.client(), corner.client()] * 4
    threads = [Background(lambda client=client: work(client)) for client in clients]  # type: ignore[misc]
    values = [value for thread in threads for value in thread.finish()]  # type: ignore[attr-defined]
    assert sorted(values) == list(range(1, 801))
    assert clients[0].counter("/n").get() == 800


def test_a_timeout_is_kept_while_the_server_is_silent(frail: Corner) -> None:
    counter = frail.client().counter("/n")
    counter.set(1)
    frail.zookeeper.pause(0)
    try:
        with pytest.raises(zkcoord.AcquireTimeout):
            counter.get(timeout=0.2)
        with pytest.raises((zkcoord.Indeterminate, zkcoord.AcquireTimeout)):
            counter.add(1, timeout=0.2)
    finally:
        frail.zookeeper.resume(0)
    assert counter.get(timeout=20) in (1, 2)


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.counter("/a/hits")) == "<zkcoord.Counter /a/hits>"
