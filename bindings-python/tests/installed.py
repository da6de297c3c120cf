"""Uses the installed package in a fresh environment. Started by .ci/wheel.sh.

    python -I installed.py          with the addresses of the servers in ZKCOORD_HOSTS

The fork also checks the transport. zookeeper-client's own transport has one thread for all I/O of the process, which a
child of fork() lacks: if the package was built without our transport, the child never gets a connection.
"""

import asyncio
import importlib.metadata
import os
import signal
import subprocess
import sys
from pathlib import Path

import zkcoord
from zkcoord import aio

TIMEOUT = 60  # seconds, for the whole program
LOCK, COUNTER = "/installed/lock", "/installed/counter"
COMMAND = str(Path(sys.prefix, "bin", "zkcoord"))


def threads() -> list[str]:
    """Returns the names of the threads of this process."""
    return [Path(task.path, "comm").read_text().strip() for task in os.scandir("/proc/self/task")]


def check_files() -> None:
    """Checks that the package contains the right files and no others."""
    distribution = importlib.metadata.distribution("zkcoord")
    assert distribution.requires is None, distribution.requires
    assert str(distribution.metadata["Description"]).startswith("# zkcoord for Python")
    files = distribution.files or []
    for name in ("zkcoord/py.typed", "zkcoord/_zkcoord.pyi", "pytest_zkcoord/py.typed"):
        assert any(str(file) == name for file in files), name
    assert any(file.name == "LICENSE" for file in files)
    assert sum(file.suffix == ".so" for file in files) == 1, files
    folders = ("zkcoord", "pytest_zkcoord", f"zkcoord-{distribution.version}.dist-info")
    for file in files:
        assert file.parts[0] in folders or Path(str(file.locate())).resolve() == Path(COMMAND).resolve(), file


def lock_and_count() -> None:
    """Acquires the lock and adds 1 to the counter."""
    client = zkcoord.connect(os.environ["ZKCOORD_HOSTS"])
    with client, client.mutex(LOCK).acquire(timeout=20) as guard:
        guard.check()
        client.counter(COUNTER).increment(timeout=20)


async def in_asyncio() -> None:
    """Does the same with asyncio."""
    client = await aio.connect(os.environ["ZKCOORD_HOSTS"])
    async with client, await client.mutex(LOCK).acquire(timeout=20):
        await client.counter(COUNTER).increment(timeout=20)


def in_command() -> None:
    """Does the same by the command line."""
    subprocess.run([COMMAND, "lock", LOCK, "--", COMMAND, "counter", COUNTER, "add"], check=True)


def in_child() -> None:
    """Does the same in a child of fork() whose parent uses a client."""
    with zkcoord.connect(os.environ["ZKCOORD_HOSTS"]) as client:
        before = client.counter(COUNTER).get(timeout=20)
        pid = os.fork()
        if pid == 0:
            signal.alarm(TIMEOUT // 2)
            lock_and_count()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        assert status == 0, f"the child of fork() ended with {os.waitstatus_to_exitcode(status)}"
        assert client.counter(COUNTER).get(timeout=20) == before + 1


if __name__ == "__main__":
    signal.alarm(TIMEOUT)
    assert len(threads()) == 1, f"importing zkcoord started {threads()}"
    check_files()
    lock_and_count()
    asyncio.run(in_asyncio())
    in_command()
    in_child()
    assert "async-io" not in threads(), threads()
    print(f"zkcoord {zkcoord.__version__} in {sys.prefix}: locked and counted, also after fork()")
