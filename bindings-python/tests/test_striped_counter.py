import pytest
import zkcoord
from conftest import Corner, eventually
from zkcoord import Client


def test_what_is_flushed_is_in_every_sum(corner: Corner, client: Client) -> None:
    requests = client.striped_counter("/a/requests", flush_interval=3600)
    other = corner.client().striped_counter("/a/requests", flush_interval=3600)
    for _ in range(10):
        assert requests.add() is None  # type: ignore[func-returns-value]
    other.add(-3)
    assert requests.sum() == 0
    requests.flush()
    assert other.sum(timeout=5) == 10
    other.flush(timeout=5)
    assert requests.sum() == 7


def test_adds_are_written_within_the_interval(corner: Corner, client: Client) -> None:
    for interval in (0, 0.01):
        client.striped_counter(f"/n-{interval}", flush_interval=interval).add(5)
        reader = corner.client().striped_counter(f"/n-{interval}")
        assert eventually(lambda: reader.sum() == 5)  # noqa: B023


def test_closing_the_client_flushes(corner: Corner) -> None:
    with corner.client() as client:
        client.striped_counter("/n", flush_interval=3600).add(5)
    assert corner.client().striped_counter("/n").sum() == 5
    assert corner.client().counter("/n").get() == 5, "folded"


def test_a_close_that_cannot_flush_says_so(corner: Corner) -> None:
    corner.observer.create(corner.root + "/n", b"seven")
    client = zkcoord.connect(corner.hosts)
    client.striped_counter("/n", flush_interval=3600).add(5)
    with pytest.raises(zkcoord.BadData, match="/n"):
        client.close()
    assert client.state == "closed"
    with pytest.raises(KeyError), zkcoord.connect(corner.hosts) as client:
        client.striped_counter("/n", flush_interval=3600).add(5)
        raise KeyError("tells more")


def test_what_leaves_64_bits_is_refused(client: Client) -> None:
    requests = client.striped_counter("/n", flush_interval=3600)
    requests.add(2**63 - 1)
    with pytest.raises(zkcoord.CounterOverflow):
        requests.add(1)
    requests.flush()
    assert requests.sum() == 2**63 - 1


def test_foreign_bytes_stay_as_they_are(corner: Corner, client: Client) -> None:
    corner.observer.create(corner.root + "/n", b"seven")
    with pytest.raises(zkcoord.BadData, match="/n"):
        client.striped_counter("/n").sum()
    assert corner.observer.data(corner.root + "/n")[0] == b"seven"  # type: ignore[index]


def test_it_is_closed_with_its_client(client: Client) -> None:
    requests = client.striped_counter("/n")
    client.close()
    for operate in (requests.add, requests.flush, requests.sum):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.striped_counter("/a/requests")) == "<zkcoord.StripedCounter /a/requests>"
