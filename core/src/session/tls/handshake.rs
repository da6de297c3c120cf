//! A TLS handshake that finds out why those of zookeeper-client fail, which it does not report.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConnection};
use tokio::net::TcpStream;

use super::credentials::{LoadedCredentials, TlsCredentials};

impl TlsCredentials {
    /// Sends `command` to a server over TLS and returns the first part of the answer, which is empty if the server closes the
    /// connection without one.
    ///
    /// # Errors
    /// Returns the reason why TLS failed, as a text that continues the server's name.
    pub(in crate::session) async fn ask(
        self: &Arc<TlsCredentials>,
        socket: TcpStream,
        host: &str,
        command: &[u8],
    ) -> Result<Vec<u8>, String> {
        let credentials = self.credentials().await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(credentials.config(), name).map_err(|error| error.to_string())?;
        let mut connection = TlsConnection { socket: &socket, tls };
        connection.ask(command).await.map_err(|error| error.describe(&credentials))
    }
}

/// The reason why a command got no answer over TLS.
enum HandshakeError {
    Tls(rustls::Error),
    Io(io::Error),
    /// The server closed the connection during the handshake.
    Closed,
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        HandshakeError::Io(error)
    }
}

impl HandshakeError {
    /// Returns a text that continues the server's name.
    fn describe(self, credentials: &LoadedCredentials) -> String {
        use CertificateError::UnknownIssuer;
        match self {
            HandshakeError::Tls(rustls::Error::InvalidCertificate(UnknownIssuer)) => {
                let trusted = credentials.ca_path();
                format!(
                    "failed the TLS handshake: UnknownIssuer: no authority in {trusted:?} signed its certificate; \
                     check tls.ca"
                )
            }
            HandshakeError::Tls(rustls::Error::AlertReceived(alert)) => describe_alert(alert),
            HandshakeError::Tls(error) => format!("failed the TLS handshake: {error}"),
            HandshakeError::Io(error) => format!("failed the TLS handshake: {error}"),
            HandshakeError::Closed => {
                "failed the TLS handshake: it closed the connection; check whether its port expects TLS"
                    .into()
            }
        }
    }
}

/// Describes the alert with which a server refused the handshake.
fn describe_alert(alert: AlertDescription) -> String {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked,
        CertificateUnknown, UnknownCA, UnsupportedCertificate,
    };
    match alert {
        AccessDenied
        | BadCertificate
        | CertificateExpired
        | CertificateRequired
        | CertificateRevoked
        | CertificateUnknown
        | UnknownCA
        | UnsupportedCertificate => {
            format!(
                "failed the TLS handshake: it refused with {alert:?}; it requires a client certificate that it trusts, \
                 set tls.cert and tls.key"
            )
        }
        alert => format!("failed the TLS handshake: it refused with {alert:?}"),
    }
}

/// A TLS connection over a socket.
struct TlsConnection<'a> {
    socket: &'a TcpStream,
    tls: ClientConnection,
}

impl TlsConnection<'_> {
    /// Sends a command and returns the first part of the answer. A server that requires another client certificate may say so
    /// only after the handshake, in place of an answer.
    async fn ask(&mut self, command: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        while self.tls.is_handshaking() {
            self.send_pending().await?;
            if self.receive().await? == 0 {
                return Err(HandshakeError::Closed);
            }
        }
        self.tls.writer().write_all(command)?;
        loop {
            self.send_pending().await?;
            let mut answer = [0; 512];
            match self.tls.reader().read(&mut answer) {
                Ok(length) => return Ok(answer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The server closed the connection without a `close_notify` alert.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Vec::new()),
                Err(error) => return Err(HandshakeError::Io(error)),
            }
            self.receive().await?;
        }
    }

    /// Sends all pending data. If that fails, the server has closed the connection. It may have sent the reason before, so
    /// everything that it sent is read first.
    async fn send_pending(&mut self) -> Result<(), HandshakeError> {
        let Err(send_error) = self.send().await else { return Ok(()) };
        while self.receive().await? > 0 {}
        Err(HandshakeError::Io(send_error))
    }

    async fn send(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.socket.writable().await?;
            match self.tls.write_tls(&mut NonBlocking(self.socket)) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<usize, HandshakeError> {
        loop {
            self.socket.readable().await?;
            match self.tls.read_tls(&mut NonBlocking(self.socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(HandshakeError::Io(error)),
                Ok(length) => {
                    if let Err(error) = self.tls.process_new_packets() {
                        // Sends the alert to the server. If that fails, the error stays the same.
                        drop(self.send().await);
                        return Err(HandshakeError::Tls(error));
                    }
                    return Ok(length);
                }
            }
        }
    }
}

/// A socket in the form that rustls requires: reads and writes that cannot be done at once fail with `WouldBlock`.
struct NonBlocking<'a>(&'a TcpStream);

impl Read for NonBlocking<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(bytes)
    }
}

impl Write for NonBlocking<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
