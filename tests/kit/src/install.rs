//! The files of a ZooKeeper server, and the options that start it quickly.
//!
//! They are those of Debian's package, unless the environment names others: `ZOOKEEPER_CLASSPATH` is a class path, and
//! `ZOOKEEPER_PACKAGE` is the Java package of the server's classes, for jars that carry ZooKeeper under another name. See
//! `.ci/matrix.sh`, which runs the suites against several versions.

use std::env;
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

/// The Java package of ZooKeeper's own jars.
const PACKAGE: &str = "org.apache.zookeeper";

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
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    home.into_iter()
        .chain(env::split_paths(&path))
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
    let main = if quorum { "quorum.QuorumPeerMain" } else { "ZooKeeperServerMain" };
    let mut arguments: Vec<String> = FAST_START.map(String::from).into();
    arguments.extend_from_slice(extra);
    arguments.extend(["-cp".into(), class_path(tls)?]);
    arguments.extend([format!("{}.server.{main}", package()), config.display().to_string()]);
    Ok(arguments)
}

/// Returns the Java package of the server's classes.
pub(crate) fn package() -> String {
    given("ZOOKEEPER_PACKAGE").unwrap_or_else(|| PACKAGE.into())
}

/// Returns the class path of a server, or an error with the packages to install.
fn class_path(tls: bool) -> Result<String, Error> {
    if let Some(given) = given("ZOOKEEPER_CLASSPATH") {
        return Ok(given);
    }
    let more = if tls { &TLS_CLASS_PATH[..] } else { &[] };
    let jars: Vec<PathBuf> = CLASS_PATH.iter().chain(more).map(|jar| Path::new(JARS).join(jar)).collect();
    if let Some(jar) = jars.iter().find(|jar| !jar.is_file()) {
        return Err(missing(&format!("{} is missing", jar.display())));
    }
    let class_path: Vec<String> = jars.iter().map(|jar| jar.display().to_string()).collect();
    Ok(class_path.join(":"))
}

/// Returns the value of an environment variable that is set and not empty.
fn given(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

fn missing(problem: &str) -> Error {
    Error::new(format!(
        "{problem}: the tests need a ZooKeeper server; install it with \
         `apt-get install zookeeper default-jre-headless`"
    ))
}
