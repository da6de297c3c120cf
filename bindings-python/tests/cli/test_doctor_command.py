import zkcoord
from conftest import Sandbox
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


def test_a_healthy_lock_passes_and_is_not_changed(sandbox: Sandbox, client: Client) -> None:
    with client.mutex("/lock") as guard:
        before = sandbox.observer.exists(sandbox.root + "/lock")
        ran = run(sandbox, "doctor", "--json", "/lock")
        checks = _checks(ran)
        assert sandbox.observer.exists(sandbox.root + "/lock") == before
        guard.check()
    assert (ran.code, ran.err, ran.json()["path"]) == (0, "", "/lock")
    assert set(checks) == {"server", "ensemble", "session", "round trip", "permissions", "queue", "numbers"}
    assert ran.json()["status"] == "warn"
    assert [name for name, check in checks.items() if check["status"] != "ok"] == ["ensemble"]
    assert checks["ensemble"]["advice"] == "run three or five servers in production"
    assert "standalone, ZooKeeper 3." in checks["server"]["message"]
    assert checks["numbers"]["message"] == "1 of 2,147,483,647 sequence numbers used"


def test_text_output_has_advice(sandbox: Sandbox) -> None:
    ran = run(sandbox, "doctor", "/nothing/there")
    assert (ran.code, ran.err) == (0, "")
    assert f"ok    server       {sandbox.zookeeper.hosts} answers" in ran.out
    assert "may list, create and delete nodes in / (/nothing/there does not exist yet)" in ran.out
    assert "\n                   run three or five servers" in ran.out
    assert sandbox.children("") == []


def test_refusals_by_an_acl_are_reported(sandbox: Sandbox) -> None:
    owner = zkcoord.connect(sandbox.hosts, auth=("digest", "owner:secret"), acl="read")
    with owner, owner.mutex("/lock"):
        ran = run(sandbox, "doctor", "--json", "/lock")
        permissions = _checks(ran)["permissions"]
        assert (ran.code, ran.json()["status"], permissions["status"]) == (1, "fail", "fail")
        assert "creating a node in /lock: the ACL does not allow it; check auth" in permissions["message"]
        assert "--auth" in permissions["advice"]
        assert run(sandbox, "--auth", "digest:owner:secret", "doctor", "/lock").code == 0


def test_unreachable_servers_are_reported(sandbox: Sandbox) -> None:
    hosts = f"127.0.0.1:1,{sandbox.hosts}"
    ran = run(sandbox, "--hosts", hosts, "doctor", "/lock")
    assert ran.code == 0
    assert "warn  server       127.0.0.1:1: Connection refused" in ran.out
    ran = run(None, "--hosts", "127.0.0.1:1", "--connect-timeout", "0.2", "doctor", "--json", "/lock")
    checks = _checks(ran)
    assert (ran.code, set(checks)) == (1, {"server", "session"})
    assert checks["server"]["status"] == checks["session"]["status"] == "fail"


def test_a_session_timeout_that_was_not_granted_is_a_warning(sandbox: Sandbox) -> None:
    ran = run(sandbox, "--session-timeout", "0.2", "doctor", "--json", "/lock")
    session = _checks(ran)["session"]
    assert session["status"] == "warn"
    assert "requested a timeout of 0.2 s, granted 0.5 s" in session["message"]


def test_mixed_libraries_and_exhausted_numbers_are_warnings(sandbox: Sandbox) -> None:
    sandbox.observer.create_all(sandbox.root + "/lock")
    for name in (
        "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001",
        "a__lock__0000000002",
        "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3c-lock-2147483600",
    ):
        sandbox.observer.create(f"{sandbox.root}/lock/{name}", b"somebody")
    ran = run(sandbox, "doctor", "/lock")
    assert ran.code == 0
    assert "warn  queue        Curator's mutex and kazoo's Lock do not see each other" in ran.out
    assert "warn  queue        The directory's numbers are running out" in ran.out
