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
        None => ask(socket).await.map_err(|error| format!("broke the connection: {error}")),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(finding) => return finding,
    };
    match answer.first() {
        None if options.tls.is_none() => {
            "closed the connection without an answer; check whether its port expects TLS"
        }
        None => "closed the connection without an answer",
        Some(&TLS_ALERT) => "expects TLS; set tls",
        Some(_) if answer.starts_with(b"This ZooKeeper instance is not") => {
            "is running, but serves no requests at the moment; check that its ensemble has a quorum"
        }
        Some(_) => "answers, but opened no session in time; try a longer connect_timeout",
    }
    .to_owned()
}

/// Returns the first part of the answer, which is empty if the server closes the connection without one.
async fn ask(mut socket: TcpStream) -> std::io::Result<Vec<u8>> {
    socket.write_all(COMMAND).await?;
    let mut answer = Vec::with_capacity(512);
    socket.read_buf(&mut answer).await?;
    Ok(answer)
}
