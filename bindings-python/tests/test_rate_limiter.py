import pytest
import zkcoord
from conftest import Corner
from zkcoord import Client


def test_all_clients_share_the_permits(corner: Corner, client: Client) -> None:
    limiter = client.rate_limiter("/a/limit", permits=5, per=3600)
    other = corner.client().rate_limiter("/a/limit", permits=5, per=3600)
    assert limiter.acquire(5) is None  # type: ignore[func-returns-value]
    assert limiter.try_acquire() is False
    assert other.try_acquire() is False


def test_a_call_that_cannot_have_them_in_time_fails(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=1, per=3600)
    limiter.acquire(timeout=0)
    for timeout in (0, 0.1, 60):
        with pytest.raises(zkcoord.AcquireTimeout) as caught:
            limiter.acquire(timeout=timeout)
        assert isinstance(caught.value, TimeoutError)
    assert limiter.stats().count == 1


def test_a_waiter_gets_through_in_its_time(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=2, per=0.2)
    for _ in range(6):
        limiter.acquire(timeout=20)
    stats = limiter.stats()
    assert (stats.count, stats.timeouts) == (6, 0)
    assert stats.p99 > 0.05


def test_the_burst_bounds_what_is_had_at_once(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=10, per=3600, burst=2)
    with pytest.raises(zkcoord.InvalidArgument, match=r"permits .*3.*: must be from 1 to 2"):
        limiter.try_acquire(3)
    assert limiter.try_acquire(2) is True
    assert limiter.try_acquire() is False


def test_all_must_give_the_same_terms(client: Client) -> None:
    client.rate_limiter("/limit", permits=5, per=60).acquire()
    with pytest.raises(zkcoord.InvalidArgument, match=r"permits .*6"):
        client.rate_limiter("/limit", permits=6, per=60).acquire()
    with pytest.raises(zkcoord.InvalidArgument, match="per"):
        client.rate_limiter("/limit", permits=5, per=61).try_acquire()
    with pytest.raises(zkcoord.InvalidArgument, match=r"burst .*4"):
        client.rate_limiter("/limit", permits=5, per=60, burst=4).try_acquire()


def test_foreign_bytes_stay_as_they_are(corner: Corner, client: Client) -> None:
    corner.observer.create(corner.root + "/limit", b"seven")
    limiter = client.rate_limiter("/limit")
    for operate in (limiter.acquire, limiter.try_acquire):
        with pytest.raises(zkcoord.BadData, match="/limit"):
            operate()
    assert corner.observer.data(corner.root + "/limit")[0] == b"seven"  # type: ignore[index]


def test_it_is_closed_with_its_client(client: Client) -> None:
    limiter = client.rate_limiter("/limit")
    client.close()
    for operate in (limiter.acquire, limiter.try_acquire):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_its_text_says_what_it_is(client: Client) -> None:
    limiter = client.rate_limiter("/a/limit", permits=10, per=2)
    assert repr(limiter) == "<zkcoord.RateLimiter /a/limit permits=10 per=2>"
