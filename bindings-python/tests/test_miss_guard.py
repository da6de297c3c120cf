import threading
from typing import Any

import pytest
import zkcoord
from conftest import PATIENCE, Background, Corner, eventually
from zkcoord import Client


class Database:
    """Looks keys up and notes which."""

    def __init__(self, **values: object) -> None:
        self.values: dict[Any, object] = dict(values)
        self.asked: list[object] = []

    def query(self, key: object) -> object | None:
        self.asked.append(key)
        return self.values.get(key)


def test_a_key_that_is_missed_often_enough_is_answered_without_a_lookup(
    corner: Corner, client: Client
) -> None:
    database = Database()
    misses, others = (
        client.miss_guard("/a/misses", threshold=2),
        corner.client().miss_guard("/a/misses", threshold=2),
    )
    assert misses.load("ghost", database.query) is None
    assert others.load("ghost", database.query) is None
    assert database.asked == ["ghost"] * 2
    database.values["ghost"] = "boo"
    assert misses.load("ghost", database.query) is None
    assert others.load("ghost", database.query, timeout=0) is None
    assert database.asked == ["ghost"] * 2
    others.forget("ghost")
    assert misses.load("ghost", database.query, timeout=5) == "boo"


def test_the_hold_ends(client: Client) -> None:
    database = Database()
    misses = client.miss_guard("/misses", threshold=1, window=0.2, hold=0.2)
    misses.load("ghost", database.query)
    database.values["ghost"] = "boo"
    assert eventually(lambda: misses.load("ghost", database.query) == "boo")


def test_what_is_there_is_looked_up_each_time(client: Client) -> None:
    database = Database(a=0, b="")
    misses = client.miss_guard("/misses", threshold=1)
    for _ in range(2):
        assert misses.load("a", database.query) == 0
        assert misses.load("b", database.query) == ""
    assert database.asked == ["a", "b"] * 2


def test_keys_are_texts_or_bytes_and_stay_what_they_are(client: Client) -> None:
    database = Database()
    misses = client.miss_guard("/misses", threshold=1)
    for key in ("", "/", "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n", "\0", "k" * 100_000):
        assert misses.load(key, database.query) is None
        assert database.asked.pop() == key
        assert misses.load(key.encode(), database.query) is None
        assert not database.asked
    assert misses.load(b"\xff\xfe", database.query) is None
    assert database.asked.pop() == b"\xff\xfe"


@pytest.mark.parametrize("raised", [KeyError, zkcoord.AcquireTimeout, KeyboardInterrupt, SystemExit])
def test_what_the_lookup_raises_passes_through_and_gives_the_turn_on(
    corner: Corner, client: Client, raised: type[BaseException]
) -> None:
    def fail(key: str) -> str:
        raise raised(key)

    misses = client.miss_guard("/misses", threshold=1)
    with pytest.raises(raised, match="key") as caught:
        misses.load("key", fail)
    assert caught.value is not None  # its traceback holds what load had, also the turn
    assert corner.client().miss_guard("/misses").load("key", lambda _: 7, timeout=PATIENCE) == 7


def test_one_looks_while_the_others_wait_for_the_answer(corner: Corner, client: Client) -> None:
    looking, answer = threading.Event(), threading.Event()
    database = Database()

    def slow(key: str) -> object:
        looking.set()
        assert answer.wait(PATIENCE)
        return database.query(key)

    first = Background(lambda: client.miss_guard("/misses", threshold=1).load("ghost", slow))
    assert looking.wait(PATIENCE)
    other = corner.client().miss_guard("/misses", threshold=1)
    with pytest.raises(zkcoord.AcquireTimeout):
        other.load("ghost", database.query, timeout=0)
    with pytest.raises(TimeoutError):
        other.load("ghost", database.query, timeout=0.05)
    second = Background(lambda: other.load("ghost", database.query))
    answer.set()
    assert (first.finish(), second.finish()) == (None, None)
    assert database.asked == ["ghost"]


def test_foreign_bytes_stay_as_they_are(corner: Corner, client: Client) -> None:
    misses = client.miss_guard("/misses")
    misses.load("key", Database().query)
    [node] = corner.children("/misses")
    corner.observer.set(f"{corner.root}/misses/{node}", b"not ours")
    with pytest.raises(zkcoord.BadData, match="/misses"):
        misses.load("key", Database().query)
    assert corner.observer.data(f"{corner.root}/misses/{node}")[0] == b"not ours"  # type: ignore[index]


def test_the_native_turn_has_one_verdict(client: Client) -> None:
    turn = client.miss_guard("/misses", threshold=1)._native.begin(b"key", None).wait()
    assert turn is not None
    turn.missed(None).wait()
    with pytest.raises(RuntimeError, match="over"):
        turn.missed(None)
    with pytest.raises(RuntimeError, match="over"):
        turn.found(None)
    turn.abandon()


def test_it_is_closed_with_its_client(client: Client) -> None:
    misses = client.miss_guard("/misses")
    client.close()
    with pytest.raises(zkcoord.ClosedError):
        misses.load("key", Database().query)
    with pytest.raises(zkcoord.ClosedError):
        misses.forget("key")


def test_its_text_says_what_it_is(client: Client) -> None:
    assert repr(client.miss_guard("/a/misses")) == "<zkcoord.MissGuard /a/misses>"
