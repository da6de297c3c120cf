import asyncio

import pytest
import zkcoord
from conftest import TIMEOUT, Database, Sandbox
from zkcoord import aio


class AsyncDatabase(Database):
    """A database that can also be queried asynchronously."""

    async def query_slowly(self, key: object) -> object | None:
        self.asked.append(key)
        await asyncio.sleep(0.05)
        return self.values.get(key)


@pytest.mark.parametrize("name", ["query", "query_slowly"])
async def test_a_key_missed_often_enough_is_absent_without_a_lookup(client: aio.Client, name: str) -> None:
    database = AsyncDatabase()
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


async def test_concurrent_loads_look_a_missing_key_up_once(sandbox: Sandbox, client: aio.Client) -> None:
    database = AsyncDatabase()
    async with aio.connect(sandbox.hosts, session_timeout=2) as other:
        guards = [each.miss_guard("/misses", threshold=1) for each in (client, other)]
        loads = (guards[number % 2].load("ghost", database.query_slowly) for number in range(100))
        assert await asyncio.gather(*loads) == [None] * 100
    assert database.asked == ["ghost"]


async def test_a_failed_or_cancelled_lookup_lets_the_next_caller_look_up(client: aio.Client) -> None:
    misses = client.miss_guard("/misses", threshold=1)

    async def fail(_: str) -> None:
        await asyncio.sleep(0)
        raise KeyError("database is down")

    async def hang(_: str) -> None:
        entered.set()
        await asyncio.sleep(TIMEOUT)

    with pytest.raises(KeyError):
        await misses.load("ghost", fail)
    entered = asyncio.Event()
    hanging = asyncio.create_task(misses.load("ghost", hang))
    await entered.wait()
    with pytest.raises(zkcoord.AcquireTimeout):
        await misses.load("ghost", Database().query, timeout=0.1)
    hanging.cancel()
    assert await misses.load("ghost", AsyncDatabase(ghost="boo").query_slowly, timeout=TIMEOUT) == "boo"
    assert hanging.cancelled()


async def test_invalid_arguments_are_refused(client: aio.Client) -> None:
    misses = client.miss_guard("/misses")
    with pytest.raises(zkcoord.InvalidArgument, match="key 7"):
        await misses.load(7, len)  # type: ignore[call-overload]
    with pytest.raises(zkcoord.InvalidArgument, match="fn 7"):
        await misses.load("key", 7)  # type: ignore[call-overload]


def test_the_blocking_api_refuses_an_async_function(sandbox: Sandbox) -> None:
    async def query(_: str) -> str:
        return ""

    with sandbox.client() as client, pytest.raises(zkcoord.InvalidArgument, match=r"async.*aio"):
        client.miss_guard("/misses").load("key", query)
