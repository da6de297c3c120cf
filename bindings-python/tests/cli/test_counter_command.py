import json

from conftest import Sandbox
from zkcoord import Client
from zkcoord_command import Running, run


def test_get_add_and_set(sandbox: Sandbox, client: Client) -> None:
    counter = client.counter("/n")
    assert run(sandbox, "counter", "/n") == (0, "0\n", "")
    assert run(sandbox, "counter", "/n", "add") == (0, "1\n", "")
    assert run(sandbox, "counter", "/n", "add", "41") == (0, "42\n", "")
    assert run(sandbox, "counter", "/n", "add", "-50") == (0, "-8\n", "")
    assert run(sandbox, "counter", "/n", "set", "7") == (0, "7\n", "")
    assert run(sandbox, "counter", "/n", "get") == (0, "7\n", "")
    assert counter.get() == 7


def test_json_output(sandbox: Sandbox) -> None:
    assert run(sandbox, "counter", "--json", "/n", "add", "3").json() == {"path": "/n", "value": 3}
    assert run(sandbox, "--json", "counter", "/n").json() == {"path": "/n", "value": 3}


def test_formats_of_other_libraries(sandbox: Sandbox) -> None:
    assert run(sandbox, "counter", "--format", "text", "/n", "set", "-12").code == 0
    found = sandbox.observer.data(sandbox.root + "/n")
    assert found is not None
    assert found[0] == b"-12"
    ran = run(sandbox, "counter", "/n")
    assert (ran.code, ran.out) == (65, "")
    assert "/n" in ran.err
    ran = run(sandbox, "counter", "--json", "--format", "i32", "/m", "set", "2147483648")
    assert ran.code == 65
    assert json.loads(ran.err)["error"]["code"] == "OVERFLOW"


def test_watch_prints_every_change(sandbox: Sandbox, client: Client) -> None:
    counter = client.counter("/n")
    following = Running(sandbox, "counter", "--json", "/n", "watch")
    for value in (0, 5, 3):
        if value:
            counter.set(value)
        assert json.loads(following.line()) == {"path": "/n", "value": value}
    following.signal(2)
    assert following.finish() == (130, "", "")
