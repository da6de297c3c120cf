import subprocess
import sys
from pathlib import Path

from conftest import TIMEOUT


def _pytest(folder: Path, tests: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs tests as the test suite of a user."""
    (folder / "test_mine.py").write_text(tests)
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            str(folder),
        ],
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
        cwd=folder,
        env=environment or None,
    )


def test_pytest_finds_the_fixtures(tmp_path: Path) -> None:
    ran = _pytest(
        tmp_path,
        """
import zkcoord

def test_one(zookeeper_hosts):
    with zkcoord.connect(zookeeper_hosts) as client:
        assert client.counter("/runs").increment() == 1

def test_another_has_a_chroot_of_its_own(zookeeper_hosts, zookeeper):
    assert zookeeper_hosts.startswith(zookeeper.hosts + "/")
    with zkcoord.connect(zookeeper_hosts) as client:
        assert client.counter("/runs").increment() == 1
""",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout


def test_zkcoord_is_not_imported_unless_a_fixture_is_used(tmp_path: Path) -> None:
    ran = _pytest(
        tmp_path,
        """
import sys

def test_alone():
    assert "pytest_zkcoord" in sys.modules
    assert "zkcoord" not in sys.modules
""",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_without_java_a_test_fails_with_a_clear_message(tmp_path: Path) -> None:
    ran = _pytest(tmp_path, "def test_one(zookeeper): pass", PATH="/nowhere")
    assert ran.returncode == 1
    assert "apt-get install default-jre-headless" in ran.stdout
    assert "Traceback" not in ran.stdout
