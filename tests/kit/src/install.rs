//! The files of Debian's ZooKeeper, and the options that start it quickly.

use std::path::{Path, PathBuf};

use crate::Error;

const JARS: &str = "/usr/share/java";

/// The jars of a server without admin page, TLS and log4j.
const CLASS_PATH: [&str; 6] = [
    "zookeeper.jar",
    "zookeeper-jute.jar",
    "slf4j-api.jar",
    "slf4j-simple.jar",
    "snappy-java.jar",
    "metrics-core.jar",
];

/// The additional jars of a server with TLS.
const TLS_CLASS_PATH: [&str; 8] = [
    "netty-buffer.jar",
    "netty-codec.jar",
    "netty-common.jar",
    "netty-handler.jar",
    "netty-resolver.jar",
    "netty-transport.jar",
    "netty-transport-native-epoll.jar",
    "netty-transport-native-unix-common.jar",
];

/// Options for a quick start. The servers run for seconds, so peak speed does not matter.
const FAST_START: [&str; 7] = [
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-Xmx512m",
    "-Dzookeeper.jmx.log4j.disable=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

/// Returns the path of the Java program, or an error with the packages to install.
pub(crate) fn java() -> Result<PathBuf, Error> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    home.into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join("java"))
        .find(|java| java.is_file())
        .ok_or_else(|| missing("java is not on the PATH"))
}

/// Returns Java's arguments that run a server with the configuration file `config`.
pub(crate) fn arguments(
    config: &Path,
    quorum: bool,
    tls: bool,
    extra: &[String],
) -> Result<Vec<String>, Error> {
    let more = if tls { &TLS_CLASS_PATH[..] } else { &[] };
    let jars: Vec<PathBuf> = CLASS_PATH.iter().chain(more).map(|jar| Path::new(JARS).join(jar)).collect();
    if let Some(jar) = jars.iter().find(|jar| !jar.is_file()) {
        return Err(missing(&format!("{} is missing", jar.display())));
    }
    let class_path: Vec<String> = jars.iter().map(|jar| jar.display().to_string()).collect();
    let main = if quorum { "quorum.QuorumPeerMain" } else { "ZooKeeperServerMain" };
    let mut arguments: Vec<String> = FAST_START.map(String::from).into();
    arguments.extend_from_slice(extra);
    arguments.extend(["-cp".into(), class_path.join(":")]);
    arguments.extend([format!("org.apache.zookeeper.server.{main}"), config.display().to_string()]);
    Ok(arguments)
}

fn missing(problem: &str) -> Error {
    Error::new(format!(
        "{problem}: the tests need a ZooKeeper server; install it with \
         `apt-get install zookeeper default-jre-headless`"
    ))
}
