"""Finds Java and ZooKeeper, and makes the command that starts a server quickly."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_DEBIAN = Path("/usr/share/java")
# The jars that a server without an admin page, TLS and log4j loads.
_DEBIAN_JARS = (
    "zookeeper.jar",
    "zookeeper-jute.jar",
    "slf4j-api.jar",
    "slf4j-simple.jar",
    "snappy-java.jar",
    "metrics-core.jar",
)
# The servers live for seconds: their start-up time matters, their peak speed does not.
_FAST_START = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-Xmx512m",
    "-Dzookeeper.jmx.log4j.disable=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


class NotInstalled(Exception):
    """Java or ZooKeeper was not found. The message names the places searched and the packages to install."""


def java() -> str:
    """Returns the path of Java: that of ``$JAVA_HOME``, or else the first on the ``$PATH``."""
    home = os.environ.get("JAVA_HOME")
    folders = [str(Path(home, "bin"))] if home else []
    folders.append(os.environ.get("PATH", os.defpath))
    found = shutil.which("java", path=os.pathsep.join(folders))
    if found is None:
        raise NotInstalled(
            "a ZooKeeper server needs Java, but there is neither $JAVA_HOME/bin/java nor a java on the $PATH. On "
            "Debian and Ubuntu: apt-get install default-jre-headless"
        )
    return found


def class_path(given: str | None = None) -> str:
    """Returns the class path of a server.

    That is ``given``, or else ``$ZOOKEEPER_CLASSPATH``, the jars of ``$ZOOKEEPER_HOME``, or those of Debian's packages.
    """
    if path := given or os.environ.get("ZOOKEEPER_CLASSPATH"):
        return path
    if home := os.environ.get("ZOOKEEPER_HOME"):
        # The layout of a release. Before ZooKeeper 3.5.5 its own jar was beside lib/.
        if not any(Path(home, "lib").glob("*.jar")):
            raise NotInstalled(f"ZOOKEEPER_HOME is {home}, but there are no jars in {home}/lib")
        return os.pathsep.join((f"{home}/lib/*", f"{home}/*"))
    jars = [_DEBIAN / name for name in _DEBIAN_JARS]
    if missing := [jar for jar in jars if not jar.is_file()]:
        raise NotInstalled(
            f"ZooKeeper's jars were not found: {missing[0]} does not exist. On Debian and Ubuntu: apt-get install "
            "zookeeper. Elsewhere, unpack a release from https://zookeeper.apache.org and set ZOOKEEPER_HOME to its "
            "folder, or set ZOOKEEPER_CLASSPATH"
        )
    return os.pathsep.join(map(str, jars))


def server_command(class_path: str, config: Path, *, quorum: bool) -> list[str]:
    """Returns the command that runs the server that ``config`` describes."""
    main = "quorum.QuorumPeerMain" if quorum else "ZooKeeperServerMain"
    return [java(), *_FAST_START, "-cp", class_path, f"org.apache.zookeeper.server.{main}", str(config)]
