import pytest
import zkcoord
from conftest import Sandbox, eventually
from zkcoord import Client


def test_flushed_additions_are_in_every_sum(sandbox: Sandbox, client: Client) -> None:
    requests = client.striped_counter("/a/requests", flush_interval=3600)
    other = sandbox.client().striped_counter("/a/requests", flush_interval=3600)
    for _ in range(10):
        assert requests.add() is None  # type: ignore[func-returns-value]
    other.add(-3)
    assert requests.sum() == 0
    requests.flush()
    assert other.sum(timeout=5) == 10
    other.flush(timeout=5)
    assert requests.sum() == 7


def test_adds_are_written_within_the_interval(sandbox: Sandbox, client: Client) -> None:
    for interval in (0, 0.01):
        client.striped_counter(f"/n-{interval}", flush_interval=interval).add(5)
        reader = sandbox.client().striped_counter(f"/n-{interval}")
        assert eventually(lambda: reader.sum() == 5)  # noqa: B023


def test_closing_the_client_flushes(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        client.striped_counter("/n", flush_interval=3600).add(5)
    assert sandbox.client().striped_counter("/n").sum() == 5
    assert sandbox.client().counter("/n").get() == 5, "merged"


def test_close_raises_if_it_cannot_flush(sandbox: Sandbox) -> None:
    sandbox.observer.create(sandbox.root + "/n", b"seven")
    client = zkcoord.connect(sandbox.hosts)
    client.striped_counter("/n", flush_interval=3600).add(5)
    with pytest.raises(zkcoord.BadData, match="/n"):
        client.close()
    assert client.state == "closed"
    with pytest.raises(KeyError), zkcoord.connect(sandbox.hosts) as client:
        client.striped_counter("/n", flush_interval=3600).add(5)
        raise KeyError("more informative")


def test_a_sum_beyond_64_bits_is_refused(client: Client) -> None:
    requests = client.striped_counter("/n", flush_interval=3600)
    requests.add(2**63 - 1)
    with pytest.raises(zkcoord.CounterOverflow):
        requests.add(1)
    requests.flush()
    assert requests.sum() == 2**63 - 1


def test_foreign_data_is_refused_and_left_unchanged(sandbox: Sandbox, client: Client) -> None:
    sandbox.observer.create(sandbox.root + "/n", b"seven")
    with pytest.raises(zkcoord.BadData, match="/n"):
        client.striped_counter("/n").sum()
    assert sandbox.observer.data(sandbox.root + "/n")[0] == b"seven"  # type: ignore[index]


def test_it_raises_closed_error_after_the_client_is_closed(client: Client) -> None:
    requests = client.striped_counter("/n")
    client.close()
    for operate in (requests.add, requests.flush, requests.sum):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_repr(client: Client) -> None:
    assert repr(client.striped_counter("/a/requests")) == "<zkcoord.StripedCounter /a/requests>"
