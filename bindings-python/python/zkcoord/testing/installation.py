"""Where ZooKeeper and Java are, and how a server is started quickly."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_DEBIAN = Path("/usr/share/java")
# All that a server loads which has neither admin page nor TLS nor log4j.
_DEBIAN_JARS = (
    "zookeeper.jar",
    "zookeeper-jute.jar",
    "slf4j-api.jar",
    "slf4j-simple.jar",
    "snappy-java.jar",
    "metrics-core.jar",
)
# The servers live for seconds: start-up counts, peak speed does not.
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
    """Java or ZooKeeper was not found. The message says where it was looked for, and what to install."""


def java() -> str:
    """The Java program: that of ``$JAVA_HOME``, or else the first on the ``$PATH``."""
    home = os.environ.get("JAVA_HOME")
    folders = [str(Path(home, "bin"))] if home else []
    folders.append(os.environ.get("PATH", os.defpath))
    found = shutil.which("java", path=os.pathsep.join(folders))
    if found is None:
        raise NotInstalled(
            "a ZooKeeper server needs Java, and there is neither $JAVA_HOME/bin/java nor a java on the $PATH. On "
            "Debian and Ubuntu: apt-get install default-jre-headless"
        )
    return found


def class_path(given: str | None = None) -> str:
    """The class path of a server: the one given, or else ``$ZOOKEEPER_CLASSPATH``, ``$ZOOKEEPER_HOME``, Debian's."""
    if path := given or os.environ.get("ZOOKEEPER_CLASSPATH"):
        return path
    if home := os.environ.get("ZOOKEEPER_HOME"):
        # As a release is unpacked; before ZooKeeper 3.5.5 its own jar was beside lib/.
        if not any(Path(home, "lib").glob("*.jar")):
            raise NotInstalled(f"ZOOKEEPER_HOME is {home}, and there are no jars in {home}/lib")
        return os.pathsep.join((f"{home}/lib/*", f"{home}/*"))
    jars = [_DEBIAN / name for name in _DEBIAN_JARS]
    if missing := [jar for jar in jars if not jar.is_file()]:
        raise NotInstalled(
            f"ZooKeeper's jars were not found: there is no {missing[0]}. On Debian and Ubuntu: apt-get install "
            "zookeeper. Elsewhere unpack a release from https://zookeeper.apache.org and set ZOOKEEPER_HOME to its "
            "folder, or set ZOOKEEPER_CLASSPATH"
        )
    return os.pathsep.join(map(str, jars))


def server_command(class_path: str, config: Path, *, quorum: bool) -> list[str]:
    """The command that runs the server which ``config`` describes."""
    main = "quorum.QuorumPeerMain" if quorum else "ZooKeeperServerMain"
    return [java(), *_FAST_START, "-cp", class_path, f"org.apache.zookeeper.server.{main}", str(config)]
