//! Stands in for `keychain.rs` in a build without TLS.

use tokio::net::TcpStream;
use zookeeper_client::Connector;

use super::Tls;
use crate::error::{Error, ErrorCode, Result};

/// There is none.
#[derive(Debug)]
pub(crate) enum TlsCredentials {}

impl TlsCredentials {
    pub(crate) fn new(_tls: Tls) -> Result<TlsCredentials> {
        Err(Error::new(ErrorCode::Unsupported, "tls: this build of zkcoord has no TLS"))
    }

    pub(crate) fn shows_certificate(&self) -> bool {
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
        _question: &[u8],
    ) -> Result<Vec<u8>, String> {
        match *self {}
    }
}

pub(in crate::session) fn is_host_name(_host: &str) -> bool {
    true
}
