import pytest
import zkcoord
from conftest import TIMEOUT, Background, Sandbox, eventually
from zkcoord import Client


def test_values_are_returned_in_order(sandbox: Sandbox, client: Client) -> None:
    counter = sandbox.client().counter("/n")
    seen = []
    with client.counter("/n", default=7).watch() as values:
        for value in values:
            seen.append(value)
            if value == 3:
                break
            counter.set({7: 1, 1: 3}[value])
    assert seen == [7, 1, 3]


def test_the_latest_value_is_never_skipped(sandbox: Sandbox, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    counter = sandbox.client().counter("/n")
    for _ in range(50):
        counter.increment()
    latest = 0
    while latest != 50:
        value = values.next(timeout=TIMEOUT)
        assert value > latest
        latest = value


def test_a_timeout_does_not_change_the_watch(client: Client) -> None:
    counter = client.counter("/n")
    values = counter.watch()
    assert values.next(timeout=0) == 0
    for timeout in (0, 0.01):
        with pytest.raises(zkcoord.AcquireTimeout) as caught:
            values.next(timeout)
        assert isinstance(caught.value, TimeoutError)
    counter.set(5)
    assert values.next(timeout=TIMEOUT) == 5


def test_foreign_data_is_raised_once(sandbox: Sandbox, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    sandbox.observer.create(sandbox.root + "/n", b"seven")
    with pytest.raises(zkcoord.BadData, match="/n"):
        next(values)
    with pytest.raises(zkcoord.AcquireTimeout):
        values.next(timeout=0.05)


def test_closing_ends_the_iteration_of_another_thread(client: Client) -> None:
    seen: list[int] = []
    with client.counter("/n").watch() as values:
        iterating = Background(lambda: seen.extend(values))
        assert eventually(lambda: seen == [0] and len(values._pending) == 1)
    iterating.finish()
    assert list(values) == []
    with pytest.raises(zkcoord.Cancelled):
        values.next()
    values.close()


def test_closing_the_client_ends_the_watch_with_an_error(client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    waiting = Background(values.next)
    client.close()
    with pytest.raises(zkcoord.ClosedError):
        waiting.finish()
    with pytest.raises(zkcoord.ClosedError):
        next(values)


def test_a_watch_survives_an_expired_session(sandbox: Sandbox, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    session = client.session_id
    sandbox.zookeeper.expire(session)
    sandbox.client().counter("/n").set(1)
    assert values.next(timeout=TIMEOUT) == 1
    assert client.session_id != session


def test_repr(client: Client) -> None:
    values = client.counter("/a/hits").watch()
    assert repr(values) == "<zkcoord.CounterWatch /a/hits>"
    values.close()
    assert repr(values) == "<zkcoord.CounterWatch /a/hits closed>"
