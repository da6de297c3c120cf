//! A handshake of our own, to tell what is wrong with those of zookeeper-client, which keeps that to itself.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConnection};
use tokio::net::TcpStream;

use super::credentials::{LoadedCredentials, TlsCredentials};

impl TlsCredentials {
    /// Asks a server `question` in TLS and returns the first part of the answer, which is empty when the server closes the
    /// connection without one. Or says, in words that go on after the server's name, why there is no TLS between us.
    pub(in crate::session) async fn ask(
        self: &Arc<TlsCredentials>,
        socket: TcpStream,
        host: &str,
        question: &[u8],
    ) -> Result<Vec<u8>, String> {
        let credentials = self.credentials().await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(credentials.config(), name).map_err(|error| error.to_string())?;
        Conversation { socket: &socket, tls }
            .ask(question)
            .await
            .map_err(|trouble| trouble.tell(&credentials))
    }
}

/// What goes wrong in a conversation.
enum Trouble {
    Tls(rustls::Error),
    Io(io::Error),
    /// The server hung up before the handshake was over.
    Closed,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

impl Trouble {
    fn tell(self, credentials: &LoadedCredentials) -> String {
        use CertificateError::UnknownIssuer;
        match self {
            Trouble::Tls(rustls::Error::InvalidCertificate(UnknownIssuer)) => {
                let trusted = credentials.ca_path();
                format!("failed TLS: UnknownIssuer, no authority in {trusted:?} vouches for its certificate")
            }
            Trouble::Tls(rustls::Error::AlertReceived(alert)) => refused(alert),
            Trouble::Tls(error) => format!("failed TLS: {error}"),
            Trouble::Io(error) => format!("failed TLS: {error}"),
            Trouble::Closed => "failed TLS: it closed the connection; is its port one for TLS?".into(),
        }
    }
}

fn refused(alert: AlertDescription) -> String {
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
                "failed TLS: it refused with {alert:?}; it wants a certificate that it trusts, see tls.cert"
            )
        }
        alert => format!("failed TLS: it refused with {alert:?}"),
    }
}

struct Conversation<'a> {
    socket: &'a TcpStream,
    tls: ClientConnection,
}

impl Conversation<'_> {
    /// A server that wants another certificate of ours may say so only after the handshake, in place of an answer.
    async fn ask(&mut self, question: &[u8]) -> Result<Vec<u8>, Trouble> {
        while self.tls.is_handshaking() {
            self.tell().await?;
            if self.receive().await? == 0 {
                return Err(Trouble::Closed);
            }
        }
        self.tls.writer().write_all(question)?;
        loop {
            self.tell().await?;
            let mut answer = [0; 512];
            match self.tls.reader().read(&mut answer) {
                Ok(length) => return Ok(answer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed, if without a word of goodbye.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Vec::new()),
                Err(error) => return Err(Trouble::Io(error)),
            }
            self.receive().await?;
        }
    }

    /// Sends what there is to send. A server that does not want it has closed the connection, and may have said why before.
    async fn tell(&mut self) -> Result<(), Trouble> {
        let Err(deaf) = self.send().await else { return Ok(()) };
        while self.receive().await? > 0 {}
        Err(Trouble::Io(deaf))
    }

    async fn send(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.socket.writable().await?;
            match self.tls.write_tls(&mut Now(self.socket)) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<usize, Trouble> {
        loop {
            self.socket.readable().await?;
            match self.tls.read_tls(&mut Now(self.socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Trouble::Io(error)),
                Ok(length) => {
                    if let Err(error) = self.tls.process_new_packets() {
                        // Tells the server; nothing to do if it does not listen.
                        drop(self.send().await);
                        return Err(Trouble::Tls(error));
                    }
                    return Ok(length);
                }
            }
        }
    }
}

/// A socket as rustls wants it: what cannot be done at once would block.
struct Now<'a>(&'a TcpStream);

impl Read for Now<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(bytes)
    }
}

impl Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
