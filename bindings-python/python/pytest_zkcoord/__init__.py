"""pytest's fixtures of zkcoord: a real ZooKeeper for tests. pytest finds them by itself.

::

    def test_counts_runs(zookeeper_hosts: str) -> None:
        with zkcoord.connect(zookeeper_hosts) as client:
            assert client.counter("/runs").increment() == 1

A package of its own, which imports nothing of zkcoord before a fixture is asked for: pytest loads it also for those
whose tests need no ZooKeeper.
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
    """One server for all tests of the session, started when it is first asked for.

    Without Java or ZooKeeper the test fails and says what to install. Define a fixture of this name in ``conftest.py``
    for another kind, like three nodes.
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
    """What to connect to for one test: the servers, with a chroot of its own, which exists."""
    import zkcoord

    hosts = f"{zookeeper.hosts}/test-{uuid.uuid4().hex}"
    zkcoord.connect(hosts).close()  # makes it, for clients that do not
    return hosts
