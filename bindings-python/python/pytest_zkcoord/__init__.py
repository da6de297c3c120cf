"""The pytest fixtures of zkcoord: a real ZooKeeper for tests. pytest finds them automatically.

::

    def test_counts_runs(zookeeper_hosts: str) -> None:
        with zkcoord.connect(zookeeper_hosts) as client:
            assert client.counter("/runs").increment() == 1

This is a separate package that imports nothing of zkcoord before a fixture is used, because pytest also loads it for
test suites that need no ZooKeeper.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zkcoord.testing import ZooKeeper


@pytest.fixture(scope="session")
def zookeeper() -> Iterator[ZooKeeper]:
    """A server for all tests of the session, started when it is first used.

    Without Java or ZooKeeper the test fails with a message that names the packages to install. To use other servers,
    for example three nodes, define a fixture of this name in ``conftest.py``.
    """
    from zkcoord.testing import NotInstalled, ZooKeeper

    try:
        server = ZooKeeper()
    except NotInstalled as error:
        pytest.fail(str(error), pytrace=False)
    with server:
        yield server


@pytest.fixture
def zookeeper_hosts(zookeeper: ZooKeeper) -> str:
    """The connect string for one test: the servers, and an existing chroot for this test alone."""
    import zkcoord

    hosts = f"{zookeeper.hosts}/test-{uuid.uuid4().hex}"
    zkcoord.connect(hosts).close()  # creates the chroot, for clients that do not
    return hosts
