import zkcoord
from conftest import Corner
from zkcoord import Client
from zkcoord_command import Ran, run


def _checks(ran: Ran) -> dict[str, dict[str, str]]:
    found = ran.json()
    assert set(found) == {"path", "status", "checks"}
    for check in found["checks"]:
        assert set(check) == {"name", "status", "message", "advice"}
        assert check["status"] in ("ok", "warn", "fail")
        assert check["status"] != "fail" or check["advice"]
    return {check["name"]: check for check in found["checks"]}


def test_a_sound_lock_is_found_sound_and_left_alone(corner: Corner, client: Client) -> None:
    with client.mutex("/lock") as guard:
        before = corner.observer.exists(corner.root + "/lock")
        ran = run(corner, "doctor", "--json", "/lock")
        checks = _checks(ran)
        assert corner.observer.exists(corner.root + "/lock") == before
        guard.check()
    assert (ran.code, ran.err, ran.json()["path"]) == (0, "", "/lock")
    assert set(checks) == {"server", "ensemble", "session", "round trip", "permissions", "queue", "numbers"}
    assert ran.json()["status"] == "warn"
    assert [name for name, check in checks.items() if check["status"] != "ok"] == ["ensemble"]
    assert checks["ensemble"]["advice"] == "for production run three servers or five"
    assert "standalone, ZooKeeper 3." in checks["server"]["message"]
    assert checks["numbers"]["message"] == "1 of 2,147,483,647 sequence numbers used"


def test_people_get_lines_and_advice(corner: Corner) -> None:
    ran = run(corner, "doctor", "/nothing/there")
    assert (ran.code, ran.err) == (0, "")
    assert f"ok    server       {corner.zookeeper.hosts} answers" in ran.out
    assert "may list, make and delete nodes in / (there is no /nothing/there yet)" in ran.out
    assert "\n                   for production run" in ran.out
    assert corner.children("") == []


def test_what_an_acl_refuses_is_found(corner: Corner) -> None:
    owner = zkcoord.connect(corner.hosts, auth=("digest", "owner:secret"), acl="read")
    with owner, owner.mutex("/lock"):
        ran = run(corner, "doctor", "--json", "/lock")
        permissions = _checks(ran)["permissions"]
        assert (ran.code, ran.json()["status"], permissions["status"]) == (1, "fail", "fail")
        assert "making a node in /lock: the server's ACL refused" in permissions["message"]
        assert "--auth" in permissions["advice"]
        assert run(corner, "--auth", "digest:owner:secret", "doctor", "/lock").code == 0


def test_servers_that_are_away_are_found(corner: Corner) -> None:
    hosts = f"127.0.0.1:1,{corner.hosts}"
    ran = run(corner, "--hosts", hosts, "doctor", "/lock")
    assert ran.code == 0
    assert "warn  server       127.0.0.1:1: Connection refused" in ran.out
    ran = run(None, "--hosts", "127.0.0.1:1", "--connect-timeout", "0.2", "doctor", "--json", "/lock")
    checks = _checks(ran)
    assert (ran.code, set(checks)) == (1, {"server", "session"})
    assert checks["server"]["status"] == checks["session"]["status"] == "fail"


def test_a_timeout_that_was_not_granted_is_found(corner: Corner) -> None:
    ran = run(corner, "--session-timeout", "0.2", "doctor", "--json", "/lock")
    session = _checks(ran)["session"]
    assert session["status"] == "warn"
    assert "asked for 0.2 s of silence, granted 0.5 s" in session["message"]


def test_mixes_and_numbers_that_run_out_are_found(corner: Corner) -> None:
    corner.observer.create_all(corner.root + "/lock")
    for name in (
        "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001",
        "a__lock__0000000002",
        "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3c-lock-2147483600",
    ):
        corner.observer.create(f"{corner.root}/lock/{name}", b"somebody")
    ran = run(corner, "doctor", "/lock")
    assert ran.code == 0
    assert "warn  queue        Curator's mutex and kazoo's Lock do not see each other" in ran.out
    assert "warn  queue        The directory's numbers are running out" in ran.out
