//! Finds out why no server accepts a connection. zookeeper-client reports only that no server did, and its logs do not say
//! why either.
//!
//! After such a failure, each server gets the four-letter command `srvr`, which servers answer without a session and without
//! authentication. The step at which this fails tells the user what is wrong.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connect_string::Server;
use super::options::ClientOptions;

/// Longer than a handshake takes, and short enough not to delay the next attempt to connect.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// The command that is sent. It ends with a line break, because a server that expects TLS needs five bytes to decide.
const COMMAND: &[u8] = b"srvr\n";

/// The first byte of the TLS alert with which a server that expects TLS answers plain text.
const TLS_ALERT: u8 = 21;

/// The likely causes of a connection that a server closes without an answer.
const CLOSED_HINT: &str =
    "check whether this client's address has reached the server's limit of connections (maxClientCnxns)";

/// Returns what is wrong with each of the servers, as one text.
pub(super) async fn diagnose(options: &ClientOptions) -> String {
    let servers = &options.hosts.servers;
    let findings = join_all(servers.iter().map(|server| async move {
        let finding = tokio::time::timeout(PROBE_TIMEOUT, probe(server, options)).await;
        format!(
            "{server} {}",
            finding.unwrap_or_else(|_| format!("does not answer within {PROBE_TIMEOUT:?}"))
        )
    }));
    findings.await.join("; ")
}

/// Returns what is wrong with one server, as a text that continues its name.
async fn probe(server: &Server, options: &ClientOptions) -> String {
    let socket = match TcpStream::connect((server.host.as_str(), server.port)).await {
        Ok(socket) => socket,
        Err(error) => return format!("cannot be reached: {error}"),
    };
    let answer = match &options.tls {
        Some(credentials) => credentials.ask(socket, &server.host, COMMAND).await,
        None => ask(socket).await.map_err(|error| format!("broke the connection: {error}; {CLOSED_HINT}")),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(finding) => return finding,
    };
    match answer.first() {
        None if options.tls.is_none() => {
            format!(
                "closed the connection without an answer; check whether its port expects TLS, and {CLOSED_HINT}"
            )
        }
        None => format!("closed the connection without an answer; {CLOSED_HINT}"),
        Some(&TLS_ALERT) => "expects TLS; set tls".to_owned(),
        Some(_) => explain_status(&String::from_utf8_lossy(&answer)),
    }
}

/// Returns why a server that answers `srvr` like this opened no session.
fn explain_status(status: &str) -> String {
    /// The oldest version that has what locks and counters need: containers, and creates that return a stat.
    const OLDEST: (u32, u32) = (3, 5);
    if status.starts_with("This ZooKeeper instance is not") {
        return "is running, but serves no requests at the moment; check that its ensemble has a quorum"
            .into();
    }
    if let Some(version) = version(status)
        && release(version).is_some_and(|release| release < OLDEST)
    {
        return format!("runs ZooKeeper {version}, which is too old; upgrade it to 3.5 or later");
    }
    if status.lines().any(|line| line == "Mode: read-only") {
        return "is read-only, because it has lost its quorum; check the other servers of its ensemble"
            .into();
    }
    "answers, but opened no session in time; try a longer connect_timeout".into()
}

/// Returns the version in the answer to `srvr`, which begins with a line like
/// `Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 UTC`.
fn version(status: &str) -> Option<&str> {
    let version = status.strip_prefix("Zookeeper version: ")?;
    version.split(['-', ',', '\n']).next()
}

/// Returns the first two numbers of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Returns the first part of the answer, which is empty if the server closes the connection without one.
async fn ask(mut socket: TcpStream) -> std::io::Result<Vec<u8>> {
    socket.write_all(COMMAND).await?;
    let mut answer = Vec::with_capacity(512);
    socket.read_buf(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_explained_by_its_version_and_its_mode() {
        let explained = |version: &str, mode: &str| {
            explain_status(&format!("Zookeeper version: {version}, built on 2022-02-25\nMode: {mode}\n"))
        };
        for old in ["3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf", "3.4.6-1569965", "2.0.0"] {
            assert!(explained(old, "follower").contains("too old"), "{old}");
        }
        for new in ["3.5.9-83df9301aa5c2a5d284a9940177808c01bc35cef", "3.10.0-SNAPSHOT", "4.0", "unknown"] {
            assert!(explained(new, "follower").contains("connect_timeout"), "{new}");
        }
        assert!(explained("3.8.0-1", "read-only").contains("is read-only"));
        assert!(explain_status("This ZooKeeper instance is not currently serving").contains("quorum"));
        assert!(explain_status("srvr is not executed").contains("connect_timeout"));
    }
}
