import json
from datetime import datetime

import zkcoord
from conftest import SESSION_TIMEOUT, Sandbox
from zkcoord import Client
from zkcoord_command import Running, run

KEYS = {"node", "identity", "session_id", "role", "mode", "library", "waiting_since"}


def test_an_empty_queue_is_listed(sandbox: Sandbox) -> None:
    assert run(sandbox, "inspect", "/lock") == (0, "/lock\nnobody holds it or waits for it\n", "")
    empty = {"path": "/lock", "contenders": [], "warnings": []}
    assert run(sandbox, "inspect", "--json", "/lock").json() == empty


def test_holders_and_waiters_are_listed(sandbox: Sandbox, client: Client) -> None:
    with client.rw_lock("/lock").read.acquire() as guard:
        waiting = Running(sandbox, "lock", "--identity", "the\x1b[31m next", "/lock", "--", "true")
        sandbox.await_children("/lock", 2)
        ran = run(sandbox, "inspect", "/lock")
        first, holder, waiter = ran.out.splitlines()
        assert (ran.code, ran.err, first) == (0, "", "/lock")
        assert holder.startswith("holder (read)  ")
        assert holder.split()[-2:] == ["zkcoord", guard.node.rpartition("/")[2]]
        assert waiter.split()[:3] == ["waiter", "the\\x1b[31m", "next"]
        found = run(sandbox, "inspect", "--json", "/lock").json()
        assert set(found) == {"path", "contenders", "warnings"}
        holder, waiter = found["contenders"]
        assert set(holder) == set(waiter) == KEYS
        assert (holder["node"], holder["role"], holder["mode"]) == (guard.node, "holder", "read")
        assert int(holder["session_id"], 16) == client.session_id
        assert holder["library"] == "zkcoord"
        assert datetime.fromisoformat(holder["waiting_since"]).tzinfo is not None
        assert (waiter["identity"], waiter["role"], waiter["mode"]) == ("the\x1b[31m next", "waiter", "write")
    assert waiting.finish().code == 0


def test_libraries_that_do_not_see_each_other_cause_a_warning(sandbox: Sandbox) -> None:
    sandbox.observer.create_all(sandbox.root + "/lock")
    for name in ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001", "a__lock__0000000002"):
        sandbox.observer.create(f"{sandbox.root}/lock/{name}", b"somebody")
    assert "warning: Curator's mutex and kazoo's Lock" in run(sandbox, "inspect", "/lock").out
    (warning,) = run(sandbox, "inspect", "--json", "/lock").json()["warnings"]
    assert warning.startswith("Curator's mutex and kazoo's Lock")


def test_watch_prints_the_queue_after_each_change(sandbox: Sandbox) -> None:
    watching = Running(sandbox, "inspect", "--json", "--watch", "--interval", "0.02", "/lock")
    assert json.loads(watching.line())["contenders"] == []
    with zkcoord.connect(sandbox.hosts, session_timeout=SESSION_TIMEOUT, identity="me") as client:
        with client.mutex("/lock"):
            (holder,) = json.loads(watching.line())["contenders"]
            assert holder["identity"] == "me"
        assert json.loads(watching.line())["contenders"] == []
    watching.signal(2)
    assert watching.finish() == (130, "", "")
