//! Stands in for `credentials.rs` in a build without TLS.

use tokio::net::TcpStream;
use zookeeper_client::Connector;

use super::Tls;
use crate::error::{Error, ErrorCode, Result};

/// Has no value, because a build without TLS has no credentials.
#[derive(Debug)]
pub(crate) enum TlsCredentials {}

impl TlsCredentials {
    pub(crate) fn new(_tls: Tls) -> Result<TlsCredentials> {
        Err(Error::new(
            ErrorCode::Unsupported,
            "tls: this build of zkcoord has no TLS; build it with the feature \"tls\"",
        ))
    }

    pub(crate) fn has_certificate(&self) -> bool {
        match *self {}
    }

    pub(in crate::session) async fn check(&self) -> Result<()> {
        match *self {}
    }

    pub(in crate::session) async fn secure(&self, _connector: Connector) -> Result<Connector> {
        match *self {}
    }

    pub(in crate::session) async fn ask(
        &self,
        _socket: TcpStream,
        _host: &str,
        _command: &[u8],
    ) -> Result<Vec<u8>, String> {
        match *self {}
    }
}

pub(in crate::session) fn is_host_name(_host: &str) -> bool {
    true
}
