import json

from conftest import Corner
from zkcoord import Client
from zkcoord_command import Running, run


def test_it_reads_and_changes(corner: Corner, client: Client) -> None:
    counter = client.counter("/n")
    assert run(corner, "counter", "/n") == (0, "0\n", "")
    assert run(corner, "counter", "/n", "add") == (0, "1\n", "")
    assert run(corner, "counter", "/n", "add", "41") == (0, "42\n", "")
    assert run(corner, "counter", "/n", "add", "-50") == (0, "-8\n", "")
    assert run(corner, "counter", "/n", "set", "7") == (0, "7\n", "")
    assert run(corner, "counter", "/n", "get") == (0, "7\n", "")
    assert counter.get() == 7


def test_json_has_path_and_value(corner: Corner) -> None:
    assert run(corner, "counter", "--json", "/n", "add", "3").json() == {"path": "/n", "value": 3}
    assert run(corner, "--json", "counter", "/n").json() == {"path": "/n", "value": 3}


def test_formats_are_those_of_others(corner: Corner) -> None:
    assert run(corner, "counter", "--format", "text", "/n", "set", "-12").code == 0
    found = corner.observer.data(corner.root + "/n")
    assert found is not None
    assert found[0] == b"-12"
    ran = run(corner, "counter", "/n")
    assert (ran.code, ran.out) == (65, "")
    assert "/n" in ran.err
    ran = run(corner, "counter", "--json", "--format", "i32", "/m", "set", "2147483648")
    assert ran.code == 65
    assert json.loads(ran.err)["error"]["code"] == "OVERFLOW"


def test_it_follows_a_counter(corner: Corner, client: Client) -> None:
    counter = client.counter("/n")
    following = Running(corner, "counter", "--json", "/n", "watch")
    for value in (0, 5, 3):
        if value:
            counter.set(value)
        assert json.loads(following.line()) == {"path": "/n", "value": value}
    following.signal(2)
    assert following.finish() == (130, "", "")
