"""Real ZooKeeper servers for your own tests.

::

    from zkcoord.testing import ZooKeeper

    with ZooKeeper() as zookeeper, zkcoord.connect(zookeeper.hosts) as client:
        assert client.counter("/runs").increment() == 1

pytest finds the fixtures ``zookeeper`` and ``zookeeper_hosts`` automatically (see :mod:`pytest_zkcoord`). A Java
runtime and ZooKeeper's jars must be installed: on Debian and Ubuntu ``apt-get install zookeeper default-jre-headless``.
"""

from zkcoord.testing.installation import NotInstalled
from zkcoord.testing.zookeeper import StartError, ZooKeeper

__all__ = ["NotInstalled", "StartError", "ZooKeeper"]
