import pytest
import zkcoord
from conftest import Sandbox
from zkcoord import Client


def test_all_clients_share_the_permits(sandbox: Sandbox, client: Client) -> None:
    limiter = client.rate_limiter("/a/limit", permits=5, per=3600)
    other = sandbox.client().rate_limiter("/a/limit", permits=5, per=3600)
    assert limiter.acquire(5) is None  # type: ignore[func-returns-value]
    assert limiter.try_acquire() is False
    assert other.try_acquire() is False


def test_a_call_that_cannot_succeed_in_time_fails(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=1, per=3600)
    limiter.acquire(timeout=0)
    for timeout in (0, 0.1, 60):
        with pytest.raises(zkcoord.AcquireTimeout) as caught:
            limiter.acquire(timeout=timeout)
        assert isinstance(caught.value, TimeoutError)
    assert limiter.stats().count == 1


def test_waiters_are_granted_permits_at_the_rate(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=2, per=0.2)
    for _ in range(6):
        limiter.acquire(timeout=20)
    stats = limiter.stats()
    assert (stats.count, stats.timeouts) == (6, 0)
    assert stats.p99 > 0.05


def test_the_burst_limits_the_permits_at_once(client: Client) -> None:
    limiter = client.rate_limiter("/limit", permits=10, per=3600, burst=2)
    with pytest.raises(zkcoord.InvalidArgument, match=r"permits .*3.*: must be from 1 to 2"):
        limiter.try_acquire(3)
    assert limiter.try_acquire(2) is True
    assert limiter.try_acquire() is False


def test_clients_with_other_options_are_refused(client: Client) -> None:
    client.rate_limiter("/limit", permits=5, per=60).acquire()
    with pytest.raises(zkcoord.InvalidArgument, match=r"permits .*6"):
        client.rate_limiter("/limit", permits=6, per=60).acquire()
    with pytest.raises(zkcoord.InvalidArgument, match="per"):
        client.rate_limiter("/limit", permits=5, per=61).try_acquire()
    with pytest.raises(zkcoord.InvalidArgument, match=r"burst .*4"):
        client.rate_limiter("/limit", permits=5, per=60, burst=4).try_acquire()


def test_foreign_data_is_refused_and_left_unchanged(sandbox: Sandbox, client: Client) -> None:
    sandbox.observer.create(sandbox.root + "/limit", b"seven")
    limiter = client.rate_limiter("/limit")
    for operate in (limiter.acquire, limiter.try_acquire):
        with pytest.raises(zkcoord.BadData, match="/limit"):
            operate()
    assert sandbox.observer.data(sandbox.root + "/limit")[0] == b"seven"  # type: ignore[index]


def test_it_raises_closed_error_after_the_client_is_closed(client: Client) -> None:
    limiter = client.rate_limiter("/limit")
    client.close()
    for operate in (limiter.acquire, limiter.try_acquire):
        with pytest.raises(zkcoord.ClosedError):
            operate()


def test_repr(client: Client) -> None:
    limiter = client.rate_limiter("/a/limit", permits=10, per=2)
    assert repr(limiter) == "<zkcoord.RateLimiter /a/limit permits=10 per=2>"
