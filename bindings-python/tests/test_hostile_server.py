"""Servers that answer with nonsense: the interpreter lives, and the client is whole again with an honest server."""

import subprocess
import sys

import pytest
from conftest import Sandbox
from zkcoord_testkit import Kit

# The worst attacks of the test kit. Without checks they abort the process, panic, or take its memory.
ATTACKS = [
    "handshake of 2 GiB",
    "handshake of 1 GiB that arrives",
    "timeout 1 ms",
    "timeout of 24 days",
    "frame of 2 GiB",
    "frame of 1 GiB that arrives",
    "answer to another request",
    "create in another directory",
    "czxid below 0",
    "data of 3 bytes",
    "list of 2^31-1 names",
    "list of 2^21 names that arrive",
    "multi without results",
    "pings only",
]

PROGRAM = """
import resource, sys, time, zkcoord

CALL = 4
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with zkcoord.connect(sys.argv[1], session_timeout=2) as client:
    for number in range(4):
        start = time.monotonic()
        try:
            with client.mutex(f"/lock-{number}").acquire(timeout=CALL):
                client.counter("/count").add(1, timeout=CALL)
                client.counter("/count").get(timeout=CALL)
        except zkcoord.ZkcoordError as error:
            print(type(error).__name__)
        assert time.monotonic() - start < 3 * CALL + 2, "a call missed its deadline"
    with client.mutex("/lock-0").acquire(timeout=10) as guard:
        assert guard.token > 0
        assert client.counter("/after").add(1, timeout=10) == 1
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert grown < 100 * 1024, f"{grown} KiB"
print("whole")
"""


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_answer_neither_ends_nor_cripples_the_process(
    kit: Kit, sandbox: Sandbox, attack: str
) -> None:
    server = kit.hostile_server(sandbox.zookeeper.host(0), attack)
    try:
        arguments = [sys.executable, "-W", "error", "-c", PROGRAM, server.address + sandbox.root]
        visit = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
        assert visit.returncode == 0, visit.stderr
        assert visit.stdout.endswith("whole\n")
        assert "panicked" not in visit.stderr
        assert server.fired()
    finally:
        server.close()
