import pytest
import zkcoord
from conftest import Sandbox, eventually
from zkcoord import Client


def test_events_of_all_clients_count_together(sandbox: Sandbox, client: Client) -> None:
    failures, other = client.window_counter("/a/failures"), sandbox.client().window_counter("/a/failures")
    assert failures.count() == 0
    assert sandbox.observer.exists(sandbox.root + "/a/failures") is None
    assert failures.add() == 1
    assert other.add(5, timeout=5) == 6
    assert failures.add(0) == 6
    assert failures.count(timeout=5) == 6


def test_events_do_not_count_after_the_window(client: Client) -> None:
    failures = client.window_counter("/failures", window=0.3, buckets=3)
    assert failures.add(7) == 7
    assert eventually(lambda: failures.count() == 0)
    assert failures.add() == 1


def test_clients_with_another_window_or_buckets_are_refused(client: Client) -> None:
    assert client.window_counter("/failures", window=60, buckets=6).add() == 1
    with pytest.raises(zkcoord.InvalidArgument, match="window"):
        client.window_counter("/failures", window=61, buckets=6).add()
    with pytest.raises(zkcoord.InvalidArgument, match="buckets"):
        client.window_counter("/failures", window=60, buckets=7).count()


def test_a_count_beyond_64_bits_is_refused(client: Client) -> None:
    failures = client.window_counter("/failures")
    assert failures.add(2**63 - 1) == 2**63 - 1
    assert failures.add(2**63 - 1) == 2**64 - 2
    with pytest.raises(zkcoord.CounterOverflow):
        failures.add(2)
    assert failures.count() == 2**64 - 2


def test_foreign_data_is_refused_and_left_unchanged(sandbox: Sandbox, client: Client) -> None:
    sandbox.observer.create(sandbox.root + "/failures", b"seven")
    failures = client.window_counter("/failures")
    for operate in (failures.add, failures.count):
        with pytest.raises(zkcoord.BadData, match="/failures"):
            operate()
    assert sandbox.observer.data(sandbox.root + "/failures")[0] == b"seven"  # type: ignore[index]


def test_it_raises_closed_error_after_the_client_is_closed(client: Client) -> None:
    failures = client.window_counter("/failures")
    client.close()
    for operate in (failures.add, failures.count):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_repr(client: Client) -> None:
    assert repr(client.window_counter("/a/failures")) == "<zkcoord.WindowCounter /a/failures>"
