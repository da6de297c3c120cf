import subprocess
import sys
from pathlib import Path

import pytest
import zkcoord
from conftest import Sandbox
from zkcoord.cli import main
from zkcoord_command import environment, run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["steal", "/lock"], "invalid choice: 'steal'"),
        (["lock"], "required: PATH"),
        (["lock", "/lock"], "missing the command to run"),
        (["lock", "/lock", "--"], "missing the command to run"),
        (["lock", "--", "true"], "required: PATH"),
        (["lock", "lock", "--", "true"], 'path "lock": must start with "/"'),
        (["lock", "--timeout", "soon", "/lock", "--", "true"], "at least 0: 'soon'"),
        (["lock", "--timeout", "-1", "/lock", "--", "true"], "at least 0: '-1'"),
        (["lock", "--timeout", "1", "--try", "/lock", "--", "true"], "not allowed with"),
        (["lock", "--permits", "0", "/lock", "--", "true"], "at least 1: '0'"),
        (["lock", "--permits", "2", "--shared", "/lock", "--", "true"], "not allowed with"),
        (["lock", "--take", "2", "/lock", "--", "true"], "--take 2: must be at most 1"),
        (
            ["lock", "--permits", "2", "--scheme", "kazoo", "/s", "--", "true"],
            "support only the scheme curator",
        ),
        (["lock", "--grace", "9", "/lock", "--", "true"], "--grace 9: must be at most 3.75"),
        (["lock", "--session-timeout", "0", "/lock", "--", "true"], "session_timeout"),
        (["inspect", "/lock", "--", "true"], "unexpected arguments: -- true"),
        (["inspect", "--frobnicate", "/lock"], "--frobnicate"),
        (["counter", "/n", "add", "many"], "must be an integer: 'many'"),
        (["counter", "/n", "add", "9223372036854775808"], "must fit in a signed 64-bit integer"),
        (["counter", "/n", "set"], "set: missing the new value"),
        (["counter", "/n", "watch", "3"], "takes no number"),
        (["--auth", "secret", "inspect", "/lock"], "--auth: must be SCHEME:SECRET"),
        (["--auth", "@/nowhere/file", "inspect", "/lock"], "No such file"),
        (["--hosts", "a b", "inspect", "/lock"], "hosts"),
    ],
)
def test_invalid_usage_is_reported(
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.setenv("ZKCOORD_HOSTS", sandbox.hosts)
    try:
        code: object = main(arguments)
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert (code, out) == (64, ""), err
    assert message in err
    assert "secret" not in err


def test_a_path_that_is_not_valid_utf8_is_refused(sandbox: Sandbox) -> None:
    ran = run(sandbox, "lock", b"/lo\xffck", "--", "true")
    assert (ran.code, ran.out) == (64, "")
    assert "path '/lo\\udcffck': must not contain surrogates" in ran.err
    assert run(sandbox, "doctor", "lock").code == 64


def test_help_shows_examples_and_version_shows_the_version() -> None:
    for arguments in (["--help"], *([name, "--help"] for name in ("lock", "inspect", "counter", "doctor"))):
        ran = run(None, *arguments)
        assert (ran.code, ran.err) == (0, "")
        assert "examples:" in ran.out
        assert max(map(len, ran.out.splitlines())) <= 105
    assert run(None, "--version") == (0, f"zkcoord {zkcoord.__version__}\n", "")


@pytest.mark.parametrize("name", ["lock", "inspect", "counter"])
def test_no_reachable_server_exits_with_69(name: str) -> None:
    command = ["--", "true"] if name == "lock" else []
    ran = run(None, "--hosts", "127.0.0.1:1", "--connect-timeout", "0.2", name, "/x", *command)
    assert (ran.code, ran.out) == (69, "")
    assert "zkcoord: error: could not connect within 200ms" in ran.err
    assert "127.0.0.1:1" in ran.err
    ran = run(None, name, "--json", "--connect-timeout", "0.2", "/x", *command, ZKCOORD_HOSTS="127.0.0.1:1")
    assert ran.code == 69
    assert '{"error": {"code": "CONNECTION_LOST", "message": "could not connect within 200ms' in ran.err


def test_the_timeout_includes_connecting() -> None:
    ran = run(None, "--hosts", "127.0.0.1:1", "lock", "--timeout", "0.2", "/x", "--", "true")
    assert ran.code == 69
    assert "could not connect within 200ms" in ran.err


def test_credentials_come_from_a_file_or_the_environment(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("auth") / "auth"
    file.write_text("digest:owner:secret\n")
    locked = run(sandbox, "--auth", f"@{file}", "--acl", "creator", "lock", "/lock", "--", "true")
    assert locked.code == 0, locked
    ran = run(sandbox, "lock", "--try", "/lock", "--", "true")
    assert ran.code == 77
    assert "ACL does not allow it" in ran.err
    assert run(sandbox, "lock", "--try", "/lock", "--", "true", ZKCOORD_AUTH="digest:owner:secret").code == 0
    assert run(sandbox, "lock", "--auth", "digest:owner:secret", "/lock", "--", "true").code == 0


def test_the_installed_script_runs(sandbox: Sandbox) -> None:
    script = Path(sys.executable).with_name("zkcoord")
    ran = subprocess.run(
        [script, "counter", "/n", "add"], env=environment(sandbox), capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1\n", "")


def test_a_closed_stdout_is_not_an_error(sandbox: Sandbox) -> None:
    command = f"{sys.executable} -W error -m zkcoord counter /n; echo $? >&2"
    ran = subprocess.run(
        ["sh", "-c", f"({command}) | true"], env=environment(sandbox), capture_output=True, text=True
    )
    assert ran.stderr in ("0\n", "141\n")


def test_an_unexpected_exception_is_reported_as_a_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("42")

    monkeypatch.setattr("zkcoord.cli.options.connect", fail)
    assert main(["counter", "/n"]) == 70
    assert capsys.readouterr() == (
        "",
        "zkcoord: error: this is a bug in zkcoord, please report it: LookupError: 42\n",
    )
