import pytest
import zkcoord
from conftest import PATIENCE, Background, Corner, eventually
from zkcoord import Client


def test_the_values_come_one_after_another(corner: Corner, client: Client) -> None:
    counter = corner.client().counter("/n")
    seen = []
    with client.counter("/n", default=7).watch() as values:
        for value in values:
            seen.append(value)
            if value == 3:
                break
            counter.set({7: 1, 1: 3}[value])
    assert seen == [7, 1, 3]


def test_the_latest_value_is_never_left_out(corner: Corner, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    counter = corner.client().counter("/n")
    for _ in range(50):
        counter.increment()
    latest = 0
    while latest != 50:
        value = values.next(timeout=PATIENCE)
        assert value > latest
        latest = value


def test_a_timeout_leaves_the_watch_as_it_was(client: Client) -> None:
    counter = client.counter("/n")
    values = counter.watch()
    assert values.next(timeout=0) == 0
    for timeout in (0, 0.01):
        with pytest.raises(zkcoord.AcquireTimeout) as caught:
            values.next(timeout)
        assert isinstance(caught.value, TimeoutError)
    counter.set(5)
    assert values.next(timeout=PATIENCE) == 5


def test_foreign_bytes_are_told_and_then_followed(corner: Corner, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    corner.observer.create(corner.root + "/n", b"seven")
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


def test_closing_the_client_ends_it_with_an_error(client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    waiting = Background(values.next)
    client.close()
    with pytest.raises(zkcoord.ClosedError):
        waiting.finish()
    with pytest.raises(zkcoord.ClosedError):
        next(values)


def test_a_watch_outlives_the_session(corner: Corner, client: Client) -> None:
    values = client.counter("/n").watch()
    assert next(values) == 0
    session = client.session_id
    corner.zookeeper.expire(session)
    corner.client().counter("/n").set(1)
    assert values.next(timeout=PATIENCE) == 1
    assert client.session_id != session


def test_its_text_says_what_it_is(client: Client) -> None:
    values = client.counter("/a/hits").watch()
    assert repr(values) == "<zkcoord.CounterWatch /a/hits>"
    values.close()
    assert repr(values) == "<zkcoord.CounterWatch /a/hits closed>"
