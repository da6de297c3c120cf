"""Encrypted connections, to a server that lets nobody in without a certificate."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import zkcoord
from conftest import PATIENCE, SESSION, Corner
from zkcoord import Tls, aio
from zkcoord_testkit import Kit, ZooKeeper

_numbers = itertools.count()


@pytest.fixture(scope="module")
def secure(kit: Kit) -> Iterator[ZooKeeper]:
    with kit.zookeeper(tls=True) as zookeeper:
        yield zookeeper


@pytest.fixture
def welcome(secure: ZooKeeper) -> Tls:
    """What it takes to be let in."""
    return Tls(ca=Path(secure.tls["ca"]), cert=secure.tls["cert"], key=secure.tls["key"])


def connect(hosts: str, tls: Tls | None) -> zkcoord.Client:
    """A client in a chroot of its own."""
    chroot = f"/tls-{next(_numbers)}"
    return zkcoord.connect(hosts + chroot, tls=tls, session_timeout=SESSION, connect_timeout=PATIENCE)


def refused(hosts: str, tls: Tls | None) -> str:
    """The message with which no client comes about."""
    with pytest.raises(zkcoord.ConnectionLost) as caught:
        zkcoord.connect(hosts, tls=tls, connect_timeout=1.0)
    return str(caught.value)


def test_who_is_known_locks_and_counts(secure: ZooKeeper, welcome: Tls) -> None:
    with (
        connect(secure.tls["hosts"], welcome) as client,
        client.mutex("/lock").acquire(timeout=PATIENCE) as guard,
    ):
        assert guard.is_held
        assert client.counter("/counter").add(3) == 3


def test_who_is_not_is_refused_and_told_why(secure: ZooKeeper, welcome: Tls) -> None:
    hosts, ca = secure.tls["hosts"], secure.tls["ca"]
    stranger = Tls(ca=secure.tls["stranger"], cert=welcome.cert, key=welcome.key)
    assert "UnknownIssuer" in refused(hosts, stranger)
    assert "UnknownIssuer" in refused(hosts, Tls())
    assert "it refused with" in refused(hosts, Tls(ca=ca))
    assert "is its port one for TLS?" in refused(hosts, None)
    assert "is its port one for TLS?" in refused(secure.hosts, welcome)


def test_names_need_not_matter(secure: ZooKeeper, welcome: Tls) -> None:
    misnamed = secure.tls["hosts"].replace("localhost", "127.0.0.1")
    assert "not valid for name" in refused(misnamed, welcome)
    lenient = Tls(ca=welcome.ca, cert=welcome.cert, key=welcome.key, verify_hostname=False)
    connect(misnamed, lenient).close()


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
def test_bad_files_are_named(secure: ZooKeeper, tmp_path: Path, name: str) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    files: dict[str, str] = {name: secure.tls[name] for name in ("ca", "cert", "key")}
    for bad in (tmp_path / "missing.pem", tmp_path, empty):
        tls = Tls(**{**files, name: str(bad)})  # type: ignore[arg-type]
        with pytest.raises(zkcoord.InvalidArgument) as caught:
            zkcoord.connect("127.0.0.1:1", tls=tls)
        assert f"tls.{name} " in str(caught.value)
        assert str(bad) in str(caught.value)


def test_a_certificate_and_its_key_go_together(secure: ZooKeeper) -> None:
    cert, key = secure.tls["cert"], secure.tls["key"]
    for tls in (Tls(cert=cert), Tls(key=key), Tls(cert=cert, key=secure.tls["stranger_key"])):
        with pytest.raises(zkcoord.InvalidArgument, match="key"):
            zkcoord.connect("127.0.0.1:1", tls=tls)


async def test_asyncio_too(secure: ZooKeeper, welcome: Tls) -> None:
    async with aio.connect(secure.tls["hosts"], tls=welcome, connect_timeout=PATIENCE) as client:
        assert await client.counter("/tls-aio/counter").add(1) == 1
    with pytest.raises(zkcoord.ConnectionLost, match="UnknownIssuer"):
        await aio.connect(secure.tls["hosts"], tls=Tls(), connect_timeout=1.0)


def test_a_child_connects_again(secure: ZooKeeper, welcome: Tls) -> None:
    corner = Corner(secure)
    program = f"""
        tls = zkcoord.Tls(ca={str(welcome.ca)!r}, cert={welcome.cert!r}, key={welcome.key!r})
        secure = {secure.tls["hosts"] + corner.root!r}
        parent = zkcoord.connect(secure, tls=tls)
        guard = parent.mutex("/lock").acquire()
        child = os.fork()
        if child == 0:
            signal.alarm({int(PATIENCE)})
            own = zkcoord.connect(secure, tls=tls)
            locked = own.mutex("/lock").try_acquire() is None
            os._exit(0 if locked and own.counter("/counter").add(1) == 1 else 1)
        assert os.waitpid(child, 0)[1] == 0
        guard.check()
        print(parent.counter("/counter").add(1))
    """
    process = corner.run_python(program)
    out, errors = process.communicate(timeout=2 * PATIENCE)
    assert (out.strip(), process.returncode) == ("2", 0), errors
