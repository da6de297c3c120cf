import json
from datetime import datetime

import zkcoord
from conftest import SESSION, Corner
from zkcoord import Client
from zkcoord_command import Running, run

KEYS = {"node", "identity", "session_id", "role", "mode", "library", "waiting_since"}


def test_nobody_is_told_too(corner: Corner) -> None:
    assert run(corner, "inspect", "/lock") == (0, "/lock\nnobody holds it or waits for it\n", "")
    empty = {"path": "/lock", "contenders": [], "warnings": []}
    assert run(corner, "inspect", "--json", "/lock").json() == empty


def test_holders_and_waiters_are_listed(corner: Corner, client: Client) -> None:
    with client.rw_lock("/lock").read.acquire() as guard:
        waiting = Running(corner, "lock", "--identity", "the\x1b[31m next", "/lock", "--", "true")
        corner.await_children("/lock", 2)
        ran = run(corner, "inspect", "/lock")
        first, holder, waiter = ran.out.splitlines()
        assert (ran.code, ran.err, first) == (0, "", "/lock")
        assert holder.startswith("holder (read)  ")
        assert holder.split()[-2:] == ["zkcoord", guard.node.rpartition("/")[2]]
        assert waiter.split()[:3] == ["waiter", "the\\x1b[31m", "next"]
        found = run(corner, "inspect", "--json", "/lock").json()
        assert set(found) == {"path", "contenders", "warnings"}
        holder, waiter = found["contenders"]
        assert set(holder) == set(waiter) == KEYS
        assert (holder["node"], holder["role"], holder["mode"]) == (guard.node, "holder", "read")
        assert int(holder["session_id"], 16) == client.session_id
        assert holder["library"] == "zkcoord"
        assert datetime.fromisoformat(holder["waiting_since"]).tzinfo is not None
        assert (waiter["identity"], waiter["role"], waiter["mode"]) == ("the\x1b[31m next", "waiter", "write")
    assert waiting.finish().code == 0


def test_mixes_that_do_not_see_each_other_are_warned_of(corner: Corner) -> None:
    corner.observer.create_all(corner.root + "/lock")
    for name in ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001", "a__lock__0000000002"):
        corner.observer.create(f"{corner.root}/lock/{name}", b"somebody")
    assert "warning: Curator's mutex and kazoo's Lock" in run(corner, "inspect", "/lock").out
    (warning,) = run(corner, "inspect", "--json", "/lock").json()["warnings"]
    assert warning.startswith("Curator's mutex and kazoo's Lock")


def test_it_watches(corner: Corner) -> None:
    watching = Running(corner, "inspect", "--json", "--watch", "--interval", "0.02", "/lock")
    assert json.loads(watching.line())["contenders"] == []
    with zkcoord.connect(corner.hosts, session_timeout=SESSION, identity="me") as client:
        with client.mutex("/lock"):
            (holder,) = json.loads(watching.line())["contenders"]
            assert holder["identity"] == "me"
        assert json.loads(watching.line())["contenders"] == []
    watching.signal(2)
    assert watching.finish() == (130, "", "")
