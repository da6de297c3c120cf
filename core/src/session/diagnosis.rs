//! Says what keeps us from the servers. zookeeper-client only says that none took us in, not even with its logs why.
//!
//! So when that has happened, each server is asked once more how it is, with the word `srvr`, which servers answer without a
//! session and whoever asks. Where that fails is what the user wants to know.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connect_string::Server;
use super::options::ClientOptions;

/// Longer than a handshake takes, short enough not to hold up the next attempt to connect.
const PATIENCE: Duration = Duration::from_secs(1);

/// With a line's end, for a server that expects TLS judges by five bytes.
const QUESTION: &[u8] = b"srvr\n";

/// The first byte of what a server says in TLS when it wants to hear TLS.
const TLS_ALERT: u8 = 21;

/// What is wrong with the servers, one after another.
pub(super) async fn diagnose(options: &ClientOptions) -> String {
    let servers = &options.hosts.servers;
    let findings = join_all(servers.iter().map(|server| async move {
        let finding = tokio::time::timeout(PATIENCE, examine(server, options)).await;
        format!("{server} {}", finding.unwrap_or_else(|_| "does not answer".into()))
    }));
    findings.await.join("; ")
}

async fn examine(server: &Server, options: &ClientOptions) -> String {
    let socket = match TcpStream::connect((server.host.as_str(), server.port)).await {
        Ok(socket) => socket,
        Err(error) => return format!("cannot be reached: {error}"),
    };
    let answer = match &options.tls {
        Some(credentials) => credentials.ask(socket, &server.host, QUESTION).await,
        None => ask(socket).await.map_err(|error| format!("breaks the connection: {error}")),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(finding) => return finding,
    };
    match answer.first() {
        None if options.tls.is_none() => "closes the connection without an answer; is its port one for TLS?",
        None => "closes the connection without an answer",
        Some(&TLS_ALERT) => "answers in TLS, which has not been asked for",
        Some(_) if answer.starts_with(b"This ZooKeeper instance is not") => {
            "serves no requests at the moment"
        }
        Some(_) => "answers, but has opened no session",
    }
    .to_owned()
}

/// The first part of the answer; empty when the connection is closed without one.
async fn ask(mut socket: TcpStream) -> std::io::Result<Vec<u8>> {
    socket.write_all(QUESTION).await?;
    let mut answer = Vec::with_capacity(512);
    socket.read_buf(&mut answer).await?;
    Ok(answer)
}
