"""Encrypted connections to a server that requires a client certificate."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import zkcoord
from conftest import SESSION_TIMEOUT, TIMEOUT, Sandbox
from zkcoord import Tls, aio
from zkcoord_testkit import Kit, ZooKeeper

_numbers = itertools.count()


@pytest.fixture(scope="module")
def secure(kit: Kit) -> Iterator[ZooKeeper]:
    with kit.zookeeper(tls=True) as zookeeper:
        yield zookeeper


@pytest.fixture
def accepted(secure: ZooKeeper) -> Tls:
    """The options with which the server accepts a client."""
    return Tls(ca=Path(secure.tls["ca"]), cert=secure.tls["cert"], key=secure.tls["key"])


def connect(hosts: str, tls: Tls | None) -> zkcoord.Client:
    """Returns a client in a separate chroot."""
    chroot = f"/tls-{next(_numbers)}"
    return zkcoord.connect(hosts + chroot, tls=tls, session_timeout=SESSION_TIMEOUT, connect_timeout=TIMEOUT)


def refused(hosts: str, tls: Tls | None) -> str:
    """Returns the message of the failed connection."""
    with pytest.raises(zkcoord.ConnectionLost) as caught:
        zkcoord.connect(hosts, tls=tls, connect_timeout=1.0)
    return str(caught.value)


def test_a_client_with_a_certificate_locks_and_counts(secure: ZooKeeper, accepted: Tls) -> None:
    with (
        connect(secure.tls["hosts"], accepted) as client,
        client.mutex("/lock").acquire(timeout=TIMEOUT) as guard,
    ):
        assert guard.is_held
        assert client.counter("/counter").add(3) == 3


def test_errors_name_the_reason_of_a_failed_handshake(secure: ZooKeeper, accepted: Tls) -> None:
    hosts, ca = secure.tls["hosts"], secure.tls["ca"]
    untrusted = Tls(ca=secure.tls["stranger"], cert=accepted.cert, key=accepted.key)
    assert "UnknownIssuer" in refused(hosts, untrusted)
    assert "UnknownIssuer" in refused(hosts, Tls())
    assert "it refused with" in refused(hosts, Tls(ca=ca))
    assert "check whether its port expects TLS" in refused(hosts, None)
    assert "check whether its port expects TLS" in refused(secure.hosts, accepted)


def test_host_name_verification_can_be_disabled(secure: ZooKeeper, accepted: Tls) -> None:
    misnamed = secure.tls["hosts"].replace("localhost", "127.0.0.1")
    assert "not valid for name" in refused(misnamed, accepted)
    lenient = Tls(ca=accepted.ca, cert=accepted.cert, key=accepted.key, verify_hostname=False)
    connect(misnamed, lenient).close()


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
def test_errors_name_the_invalid_file(secure: ZooKeeper, tmp_path: Path, name: str) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    files: dict[str, str] = {name: secure.tls[name] for name in ("ca", "cert", "key")}
    for bad in (tmp_path / "missing.pem", tmp_path, empty):
        tls = Tls(**{**files, name: str(bad)})  # type: ignore[arg-type]
        with pytest.raises(zkcoord.InvalidArgument) as caught:
            zkcoord.connect("127.0.0.1:1", tls=tls)
        assert f"tls.{name} " in str(caught.value)
        assert str(bad) in str(caught.value)


def test_a_certificate_needs_its_key(secure: ZooKeeper) -> None:
    cert, key = secure.tls["cert"], secure.tls["key"]
    for tls in (Tls(cert=cert), Tls(key=key), Tls(cert=cert, key=secure.tls["stranger_key"])):
        with pytest.raises(zkcoord.InvalidArgument, match="key"):
            zkcoord.connect("127.0.0.1:1", tls=tls)


async def test_asyncio_connects_with_tls(secure: ZooKeeper, accepted: Tls) -> None:
    async with aio.connect(secure.tls["hosts"], tls=accepted, connect_timeout=TIMEOUT) as client:
        assert await client.counter("/tls-aio/counter").add(1) == 1
    with pytest.raises(zkcoord.ConnectionLost, match="UnknownIssuer"):
        await aio.connect(secure.tls["hosts"], tls=Tls(), connect_timeout=1.0)


def test_a_child_of_fork_can_connect_with_tls(secure: ZooKeeper, accepted: Tls) -> None:
    sandbox = Sandbox(secure)
    program = f"""
        tls = zkcoord.Tls(ca={str(accepted.ca)!r}, cert={accepted.cert!r}, key={accepted.key!r})
        secure = {secure.tls["hosts"] + sandbox.root!r}
        parent = zkcoord.connect(secure, tls=tls)
        guard = parent.mutex("/lock").acquire()
        child = os.fork()
        if child == 0:
            signal.alarm({int(TIMEOUT)})
            own = zkcoord.connect(secure, tls=tls)
            locked = own.mutex("/lock").try_acquire() is None
            os._exit(0 if locked and own.counter("/counter").add(1) == 1 else 1)
        assert os.waitpid(child, 0)[1] == 0
        guard.check()
        print(parent.counter("/counter").add(1))
    """
    process = sandbox.run_python(program)
    out, errors = process.communicate(timeout=2 * TIMEOUT)
    assert (out.strip(), process.returncode) == ("2", 0), errors
