from collections.abc import Iterator

import pytest
from conftest import Sandbox
from zkcoord_command import run
from zkcoord_testkit import Kit


@pytest.fixture(scope="module")
def secure(kit: Kit) -> Iterator[Sandbox]:
    with kit.zookeeper(tls=True) as zookeeper:
        yield Sandbox(zookeeper)


def test_tls_options_encrypt_connections(secure: Sandbox) -> None:
    tls = secure.zookeeper.tls
    hosts = tls["hosts"] + secure.root
    known = ["--hosts", hosts, "--tls-ca", tls["ca"], "--tls-cert", tls["cert"], "--tls-key", tls["key"]]
    assert run(secure, *known, "counter", "/n", "add") == (0, "1\n", "")
    assert run(secure, "counter", *known, "/n") == (0, "1\n", "")
    ran = run(secure, *known, "doctor", "/lock")
    assert ran.code == 0, ran
    assert "answers: standalone, ZooKeeper 3." in ran.out
    misnamed = hosts.replace("localhost", "127.0.0.1")
    assert run(secure, *known, "--no-verify-hostname", "--hosts", misnamed, "counter", "/n").code == 0
    brief = ["--connect-timeout", "0.3"]
    for wrong in ([*known, "--hosts", misnamed], ["--hosts", hosts, "--tls"], ["--hosts", hosts]):
        assert run(secure, *wrong, *brief, "counter", "/n").code == 69
    ran = run(secure, "--hosts", hosts, "--tls", *brief, "doctor", "/lock")
    assert ran.code == 1
    assert "fail  server" in ran.out
    ran = run(secure, *known, "--tls-key", "/nowhere", "counter", "/n")
    assert (ran.code, "/nowhere" in ran.err) == (64, True), ran
