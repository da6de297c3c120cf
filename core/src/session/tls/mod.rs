//! Encrypted connections: the authorities to trust, and the certificate to show.

#[cfg(feature = "tls")]
mod any_host_name;
#[cfg_attr(not(feature = "tls"), path = "no_credentials.rs")]
mod credentials;
#[cfg(feature = "tls")]
mod handshake;

use std::path::{Path, PathBuf};

pub(crate) use credentials::TlsCredentials;
pub(super) use credentials::is_host_name;

/// Settings for encrypted connections: the authorities to trust, and the certificate to show to servers.
///
/// All files are in PEM format. They are checked before anything is sent, and read again for every new connection, so that
/// renewed certificates need no restart. If the new contents of a file cannot be used, the client continues with the previous
/// ones.
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
    /// Creates settings that trust the authorities that this system trusts, show no certificate, and verify host names.
    ///
    /// # Examples
    /// ```no_run
    /// use zkcoord::{Client, Tls};
    ///
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1.example.com:2281").tls(Tls::new()).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn new() -> Tls {
        Tls { ca: None, cert: None, key: None, verify_hostname: true }
    }

    /// Sets the file with the certificates of the trusted authorities. No other authorities are trusted. The file may also
    /// hold certificate revocation lists. Default: the system's file as OpenSSL finds it, which the environment variable
    /// `SSL_CERT_FILE` can name.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Tls;
    ///
    /// let tls = Tls::new().ca("/etc/zk/ca.pem");
    /// ```
    pub fn ca(mut self, file: impl Into<PathBuf>) -> Tls {
        self.ca = Some(file.into());
        self
    }

    /// Sets the file with the client's certificate, which is shown to the servers, and the intermediate certificates
    /// between it and the authority. Servers ask for a certificate unless their `ssl.clientAuth` is `none`. Requires
    /// [`key`](Tls::key).
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Tls;
    ///
    /// let tls = Tls::new().cert("/etc/zk/worker.pem").key("/etc/zk/worker.key");
    /// ```
    pub fn cert(mut self, file: impl Into<PathBuf>) -> Tls {
        self.cert = Some(file.into());
        self
    }

    /// Sets the file with the private key of [`cert`](Tls::cert). The key must not be encrypted. The file may be the same as
    /// that of the certificate.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Tls;
    ///
    /// // One file with both the certificate and the key.
    /// let tls = Tls::new().cert("/etc/zk/worker.pem").key("/etc/zk/worker.pem");
    /// ```
    pub fn key(mut self, file: impl Into<PathBuf>) -> Tls {
        self.key = Some(file.into());
        self
    }

    /// Sets whether a server's certificate must be issued for the host that is named in `hosts`. Default `true`.
    ///
    /// Without this check, any holder of a certificate of a trusted authority can pose as the server. Everything else in the
    /// certificate is still verified.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Tls;
    ///
    /// // For servers that are reached by IP address while their certificates name hosts of a private authority.
    /// let tls = Tls::new().ca("/etc/zk/private-ca.pem").verify_hostname(false);
    /// ```
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

#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "a build without TLS reads no file"))]
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
