//! The options of a client: how it connects, and what it writes into its nodes.

use std::sync::Arc;
use std::time::Duration;

use super::connect_string::ConnectString;
use super::multi_read::RefusedIn;
use super::tls::TlsCredentials;
use crate::error::{Error, Result};

/// The access control list of the nodes that a client creates.
///
/// # Examples
/// ```no_run
/// use zkcoord::{Acl, Client};
///
/// # async fn example() -> zkcoord::Result<()> {
/// let client = Client::builder("zk1:2181/app").auth("digest", "app:secret").acl(Acl::Creator).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acl {
    /// Every client may do everything. This is the default of ZooKeeper and of Curator.
    #[default]
    Open,
    /// Only clients that are authenticated like the creator may do anything.
    Creator,
    /// Clients that are authenticated like the creator may do everything, all others may read. To wait for a lock, a client
    /// only needs to read the nodes of the others.
    Read,
}

impl Acl {
    /// Returns the ACL that has this name in the bindings: `open`, `creator` or `read`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for any other name.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::{Acl, ErrorCode};
    ///
    /// assert_eq!(Acl::from_name("creator").unwrap(), Acl::Creator);
    /// assert_eq!(Acl::from_name("nobody").unwrap_err().code(), ErrorCode::InvalidArgument);
    /// ```
    pub fn from_name(name: &str) -> Result<Acl> {
        match name {
            "open" => Ok(Acl::Open),
            "creator" => Ok(Acl::Creator),
            "read" => Ok(Acl::Read),
            _ => Err(Error::invalid_argument("acl", name, "must be \"open\", \"creator\" or \"read\"")),
        }
    }

    pub(crate) fn to_zookeeper(self) -> Vec<AclEntry> {
        acl_entries(self)
    }
}

/// An access control entry in the form that the server accepts.
pub(crate) type AclEntry = zookeeper_client::Acl;

/// Returns the entries of `acl` for the server.
pub(crate) fn acl_entries(acl: Acl) -> Vec<AclEntry> {
    use zookeeper_client::{AuthId, Permission};
    // The scheme "auth" stands for every identity that the session is authenticated as.
    let creator = || AclEntry::new(Permission::ALL, AuthId::new("auth", ""));
    match acl {
        Acl::Open => vec![AclEntry::new(Permission::ALL, AuthId::anyone())],
        Acl::Creator => vec![creator()],
        Acl::Read => vec![creator(), AclEntry::new(Permission::READ, AuthId::anyone())],
    }
}

/// The options of a client. [`check`](ClientOptions::check) validates them.
#[derive(Clone)]
pub(crate) struct ClientOptions {
    pub(crate) hosts: ConnectString,
    pub(crate) session_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) identity: Arc<str>,
    pub(crate) auth: Vec<(String, Vec<u8>)>,
    pub(crate) tls: Option<Arc<TlsCredentials>>,
    pub(crate) acl: Acl,
    /// Found out while connected, and kept here because all connections of a client see it.
    pub(crate) multi_read_refused: RefusedIn,
}

impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // `auth` is left out, because it holds passwords.
        f.debug_struct("ClientOptions")
            .field("hosts", &self.hosts)
            .field("session_timeout", &self.session_timeout)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    pub(crate) const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(10);
    pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// The server narrows the range further: by default to between 2 and 20 of its ticks of 2 s.
    const SESSION_TIMEOUTS: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(24 * 3600);
    const MAX_IDENTITY_BYTES: usize = 1024;

    /// Validates the options.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, with the name of the option at fault.
    pub(crate) fn check(&self) -> Result<()> {
        if !Self::SESSION_TIMEOUTS.contains(&self.session_timeout) {
            let value = format!("{:?}", self.session_timeout);
            return Err(Error::invalid_argument("session_timeout", value, "must be from 100 ms to 24 h"));
        }
        if self.connect_timeout.is_zero() {
            let value = format!("{:?}", self.connect_timeout);
            return Err(Error::invalid_argument("connect_timeout", value, "must be greater than 0"));
        }
        // In a lock's node these texts are requests to release the lock, by Curator's `Revoker` and by the recipe in
        // ZooKeeper's manual.
        if matches!(&*self.identity, "__REVOKE__" | "unlock") {
            return Err(Error::invalid_argument(
                "identity",
                &self.identity,
                "is reserved; choose another one",
            ));
        }
        if self.identity.len() > Self::MAX_IDENTITY_BYTES {
            return Err(Error::invalid_argument(
                "identity",
                &self.identity,
                "must be at most 1024 bytes long",
            ));
        }
        // Servers treat a client with a certificate as authenticated by it (the scheme "x509").
        let has_certificate = self.tls.as_ref().is_some_and(|credentials| credentials.has_certificate());
        if self.acl != Acl::Open && self.auth.is_empty() && !has_certificate {
            let name = format!("{:?}", self.acl).to_lowercase();
            return Err(Error::invalid_argument(
                "acl",
                name,
                "needs an authenticated client: give auth too, or a client certificate",
            ));
        }
        match self.auth.iter().find(|(scheme, _)| scheme.is_empty()) {
            Some((scheme, _)) => Err(Error::invalid_argument("auth (scheme)", scheme, "must not be empty")),
            None => Ok(()),
        }
    }

    /// Returns `host:pid`, the default identity of a client in the queues of its locks.
    pub(crate) fn default_identity() -> String {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("{host}:{}", std::process::id())
    }
}
