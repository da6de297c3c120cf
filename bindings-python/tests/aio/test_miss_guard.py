import asyncio
from typing import Any

import pytest
import zkcoord
from conftest import PATIENCE, Corner
from zkcoord import aio


class Database:
    """Looks keys up, at once or after a while, and notes which."""

    def __init__(self, **values: object) -> None:
        self.values: dict[Any, object] = dict(values)
        self.asked: list[object] = []

    def query(self, key: object) -> object | None:
        self.asked.append(key)
        return self.values.get(key)

    async def query_slowly(self, key: object) -> object | None:
        self.asked.append(key)
        await asyncio.sleep(0.05)
        return self.values.get(key)


@pytest.mark.parametrize("name", ["query", "query_slowly"])
async def test_a_key_that_is_missed_often_enough_is_answered_without_a_lookup(
    client: aio.Client, name: str
) -> None:
    database = Database()
    query = getattr(database, name)
    misses = client.miss_guard("/a/misses", threshold=2)
    assert await misses.load("ghost", query) is None
    assert await misses.load(b"ghost", query) is None
    database.values["ghost"] = "boo"
    assert await misses.load("ghost", query) is None
    assert database.asked == ["ghost", b"ghost"]
    await misses.forget("ghost")
    assert await misses.load("ghost", query, timeout=5) == "boo"
    assert repr(misses) == "<zkcoord.aio.MissGuard /a/misses>"


async def test_a_crowd_looks_a_missing_key_up_once(corner: Corner, client: aio.Client) -> None:
    database = Database()
    async with aio.connect(corner.hosts, session_timeout=2) as other:
        guards = [each.miss_guard("/misses", threshold=1) for each in (client, other)]
        loads = (guards[number % 2].load("ghost", database.query_slowly) for number in range(100))
        assert await asyncio.gather(*loads) == [None] * 100
    assert database.asked == ["ghost"]


async def test_an_error_or_a_cancel_in_the_lookup_lets_the_next_one_look(client: aio.Client) -> None:
    misses = client.miss_guard("/misses", threshold=1)

    async def fail(_: str) -> None:
        await asyncio.sleep(0)
        raise KeyError("database is down")

    async def hang(_: str) -> None:
        entered.set()
        await asyncio.sleep(PATIENCE)

    with pytest.raises(KeyError):
        await misses.load("ghost", fail)
    entered = asyncio.Event()
    hanging = asyncio.create_task(misses.load("ghost", hang))
    await entered.wait()
    with pytest.raises(zkcoord.AcquireTimeout):
        await misses.load("ghost", Database().query, timeout=0.1)
    hanging.cancel()
    assert await misses.load("ghost", Database(ghost="boo").query_slowly, timeout=PATIENCE) == "boo"
    assert hanging.cancelled()


async def test_what_cannot_be_is_refused(client: aio.Client) -> None:
    misses = client.miss_guard("/misses")
    with pytest.raises(zkcoord.InvalidArgument, match="key 7"):
        await misses.load(7, len)  # type: ignore[call-overload]
    with pytest.raises(zkcoord.InvalidArgument, match="fn 7"):
        await misses.load("key", 7)  # type: ignore[call-overload]


def test_an_async_lookup_is_refused_in_plain_python(corner: Corner) -> None:
    async def query(_: str) -> str:
        return ""

    with corner.client() as client, pytest.raises(zkcoord.InvalidArgument, match=r"async.*aio"):
        client.miss_guard("/misses").load("key", query)
