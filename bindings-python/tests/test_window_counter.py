import pytest
import zkcoord
from conftest import Corner, eventually
from zkcoord import Client


def test_events_of_all_clients_count(corner: Corner, client: Client) -> None:
    failures, other = client.window_counter("/a/failures"), corner.client().window_counter("/a/failures")
    assert failures.count() == 0
    assert corner.observer.exists(corner.root + "/a/failures") is None
    assert failures.add() == 1
    assert other.add(5, timeout=5) == 6
    assert failures.add(0) == 6
    assert failures.count(timeout=5) == 6


def test_events_are_forgotten_after_the_window(client: Client) -> None:
    failures = client.window_counter("/failures", window=0.3, buckets=3)
    assert failures.add(7) == 7
    assert eventually(lambda: failures.count() == 0)
    assert failures.add() == 1


def test_all_must_give_the_same_window_and_buckets(client: Client) -> None:
    assert client.window_counter("/failures", window=60, buckets=6).add() == 1
    with pytest.raises(zkcoord.InvalidArgument, match="window"):
        client.window_counter("/failures", window=61, buckets=6).add()
    with pytest.raises(zkcoord.InvalidArgument, match="buckets"):
        client.window_counter("/failures", window=60, buckets=7).count()


def test_a_count_that_would_leave_64_bits_is_refused(client: Client) -> None:
    failures = client.window_counter("/failures")
    assert failures.add(2**63 - 1) == 2**63 - 1
    assert failures.add(2**63 - 1) == 2**64 - 2
    with pytest.raises(zkcoord.CounterOverflow):
        failures.add(2)
    assert failures.count() == 2**64 - 2


def test_foreign_bytes_stay_as_they_are(corner: Corner, client: Client) -> None:
    corner.observer.create(corner.root + "/failures", b"seven")
    failures = client.window_counter("/failures")
    for operate in (failures.add, failures.count):
        with pytest.raises(zkcoord.BadData, match="/failures"):
            operate()
    assert corner.observer.data(corner.root + "/failures")[0] == b"seven"  # type: ignore[index]


def test_it_is_closed_with_its_client(client: Client) -> None:
    failures = client.window_counter("/failures")
    client.close()
    for operate in (failures.add, failures.count):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.window_counter("/a/failures")) == "<zkcoord.WindowCounter /a/failures>"
