import threading

import pytest
import zkcoord
from conftest import TIMEOUT, Background, Database, Sandbox, eventually
from zkcoord import Client


def test_a_key_missed_often_enough_is_absent_without_a_lookup(sandbox: Sandbox, client: Client) -> None:
    database = Database()
    misses, others = (
        client.miss_guard("/a/misses", threshold=2),
        sandbox.client().miss_guard("/a/misses", threshold=2),
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


def test_a_key_is_looked_up_again_after_the_hold(client: Client) -> None:
    database = Database()
    misses = client.miss_guard("/misses", threshold=1, window=0.2, hold=0.2)
    misses.load("ghost", database.query)
    database.values["ghost"] = "boo"
    assert eventually(lambda: misses.load("ghost", database.query) == "boo")


def test_existing_keys_are_looked_up_each_time(client: Client) -> None:
    database = Database(a=0, b="")
    misses = client.miss_guard("/misses", threshold=1)
    for _ in range(2):
        assert misses.load("a", database.query) == 0
        assert misses.load("b", database.query) == ""
    assert database.asked == ["a", "b"] * 2


def test_keys_may_be_strings_or_bytes(client: Client) -> None:
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
def test_an_exception_of_the_lookup_passes_through_and_ends_the_turn(
    sandbox: Sandbox, client: Client, raised: type[BaseException]
) -> None:
    def fail(key: str) -> str:
        raise raised(key)

    misses = client.miss_guard("/misses", threshold=1)
    with pytest.raises(raised, match="key") as caught:
        misses.load("key", fail)
    assert caught.value is not None  # its traceback keeps the local variables of load, including the turn
    assert sandbox.client().miss_guard("/misses").load("key", lambda _: 7, timeout=TIMEOUT) == 7


def test_one_caller_looks_up_while_others_wait_for_the_answer(sandbox: Sandbox, client: Client) -> None:
    looking, answer = threading.Event(), threading.Event()
    database = Database()

    def slow(key: str) -> object:
        looking.set()
        assert answer.wait(TIMEOUT)
        return database.query(key)

    first = Background(lambda: client.miss_guard("/misses", threshold=1).load("ghost", slow))
    assert looking.wait(TIMEOUT)
    other = sandbox.client().miss_guard("/misses", threshold=1)
    with pytest.raises(zkcoord.AcquireTimeout):
        other.load("ghost", database.query, timeout=0)
    with pytest.raises(TimeoutError):
        other.load("ghost", database.query, timeout=0.05)
    second = Background(lambda: other.load("ghost", database.query))
    answer.set()
    assert (first.finish(), second.finish()) == (None, None)
    assert database.asked == ["ghost"]


def test_foreign_data_is_refused_and_left_unchanged(sandbox: Sandbox, client: Client) -> None:
    misses = client.miss_guard("/misses")
    misses.load("key", Database().query)
    [node] = sandbox.children("/misses")
    sandbox.observer.set(f"{sandbox.root}/misses/{node}", b"not ours")
    with pytest.raises(zkcoord.BadData, match="/misses"):
        misses.load("key", Database().query)
    assert sandbox.observer.data(f"{sandbox.root}/misses/{node}")[0] == b"not ours"  # type: ignore[index]


def test_a_native_turn_takes_one_report(client: Client) -> None:
    turn = client.miss_guard("/misses", threshold=1)._native.begin(b"key", None).wait()
    assert turn is not None
    turn.missed(None).wait()
    with pytest.raises(RuntimeError, match="over"):
        turn.missed(None)
    with pytest.raises(RuntimeError, match="over"):
        turn.found(None)
    turn.abandon()


def test_it_raises_closed_error_after_the_client_is_closed(client: Client) -> None:
    misses = client.miss_guard("/misses")
    client.close()
    with pytest.raises(zkcoord.ClosedError):
        misses.load("key", Database().query)
    with pytest.raises(zkcoord.ClosedError):
        misses.forget("key")


def test_repr(client: Client) -> None:
    assert repr(client.miss_guard("/a/misses")) == "<zkcoord.MissGuard /a/misses>"
