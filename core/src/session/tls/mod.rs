//! Encrypted connections: whom to trust, and who we are.

#[cfg(feature = "tls")]
mod any_host_name;
#[cfg_attr(not(feature = "tls"), path = "no_credentials.rs")]
mod credentials;
#[cfg(feature = "tls")]
mod handshake;

use std::path::{Path, PathBuf};

pub(crate) use credentials::TlsCredentials;
pub(super) use credentials::is_host_name;

/// How connections are encrypted, and how both sides prove who they are.
///
/// All files hold PEM. They are checked before anything is sent, and read again for every new connection, so that renewed
/// certificates need no restart: when they cannot be used any more, what they held last is.
///
/// # Examples
/// ```no_run
/// use zkcoord::{Client, Tls};
///
/// # async fn example() -> zkcoord::Result<()> {
/// let tls = Tls::new().ca("/etc/zk/ca.pem").cert("/etc/zk/worker.pem").key("/etc/zk/worker.key");
/// let client = Client::builder("zk1:2281,zk2:2281/app").tls(tls).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "does nothing until a ClientBuilder gets it"]
pub struct Tls {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    verify_hostname: bool,
}

impl Tls {
    /// Trusts the authorities that this system trusts, shows no certificate, and verifies host names.
    pub fn new() -> Tls {
        Tls { ca: None, cert: None, key: None, verify_hostname: true }
    }

    /// The file with the certificates of the authorities that are trusted, and only they; it may hold their revocation lists
    /// too. Default: the system's file as OpenSSL finds it, which the environment variable `SSL_CERT_FILE` can name.
    pub fn ca(mut self, file: impl Into<PathBuf>) -> Tls {
        self.ca = Some(file.into());
        self
    }

    /// The file with the certificate that is shown to the server, and those between it and the authority. Servers ask for one
    /// unless their `ssl.clientAuth` says `none`. Needs [`key`](Tls::key).
    pub fn cert(mut self, file: impl Into<PathBuf>) -> Tls {
        self.cert = Some(file.into());
        self
    }

    /// The file with the private key to [`cert`](Tls::cert), not encrypted. It may be the same file.
    pub fn key(mut self, file: impl Into<PathBuf>) -> Tls {
        self.key = Some(file.into());
        self
    }

    /// Whether a server's certificate must be one for the host that was named in `hosts`. Default `true`. Without it, whoever
    /// has any certificate of a trusted authority can pose as the server; everything else is verified all the same.
    pub fn verify_hostname(mut self, verify: bool) -> Tls {
        self.verify_hostname = verify;
        self
    }
}

impl Default for Tls {
    fn default() -> Tls {
        Tls::new()
    }
}

#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "a build without TLS looks at no file"))]
impl Tls {
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    pub(crate) fn cert_file(&self) -> Option<&Path> {
        self.cert.as_deref()
    }

    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    pub(crate) fn verifies_hostname(&self) -> bool {
        self.verify_hostname
    }
}
