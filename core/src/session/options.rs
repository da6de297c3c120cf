//! How a client connects and what it writes into its nodes.

use std::sync::Arc;
use std::time::Duration;

use super::connect_string::ConnectString;
use super::tls::TlsCredentials;
use crate::error::{Error, Result};

/// Who may touch the nodes that a client makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acl {
    /// Everybody may do everything. ZooKeeper's and Curator's default.
    #[default]
    Open,
    /// Only who authenticated like the creator.
    Creator,
    /// The creator may do everything, everybody may read. Waiters of other clients need no more than that.
    Read,
}

impl Acl {
    /// The ACL that the bindings call by this name: `open`, `creator` or `read`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for any other name.
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

/// An access control entry, as the server takes it.
pub(crate) type AclEntry = zookeeper_client::Acl;

/// What `acl` means to the server.
pub(crate) fn acl_entries(acl: Acl) -> Vec<AclEntry> {
    use zookeeper_client::{AuthId, Permission};
    // "auth" stands for whoever the session is authenticated as.
    let creator = || AclEntry::new(Permission::ALL, AuthId::new("auth", ""));
    match acl {
        Acl::Open => vec![AclEntry::new(Permission::ALL, AuthId::anyone())],
        Acl::Creator => vec![creator()],
        Acl::Read => vec![creator(), AclEntry::new(Permission::READ, AuthId::anyone())],
    }
}

/// Checked options.
#[derive(Clone)]
pub(crate) struct ClientOptions {
    pub(crate) hosts: ConnectString,
    pub(crate) session_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) identity: Arc<str>,
    pub(crate) auth: Vec<(String, Vec<u8>)>,
    pub(crate) tls: Option<Arc<TlsCredentials>>,
    pub(crate) acl: Acl,
}

impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without `auth`: passwords do not belong in logs.
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
    /// The server clamps it further: by default to between 2 and 20 of its ticks of 2 s.
    const SESSION_TIMEOUTS: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(24 * 3600);
    const MAX_IDENTITY_BYTES: usize = 1024;

    pub(crate) fn check(&self) -> Result<()> {
        if !Self::SESSION_TIMEOUTS.contains(&self.session_timeout) {
            let value = format!("{:?}", self.session_timeout);
            return Err(Error::invalid_argument("session_timeout", value, "must be from 100 ms to 24 h"));
        }
        if self.connect_timeout.is_zero() {
            let value = format!("{:?}", self.connect_timeout);
            return Err(Error::invalid_argument("connect_timeout", value, "must be greater than 0"));
        }
        // These texts in a lock node are requests to give the lock back: Curator's Revoker and the recipe in
        // ZooKeeper's manual.
        if matches!(&*self.identity, "__REVOKE__" | "unlock") {
            return Err(Error::invalid_argument("identity", &self.identity, "is reserved"));
        }
        if self.identity.len() > Self::MAX_IDENTITY_BYTES {
            return Err(Error::invalid_argument(
                "identity",
                &self.identity,
                "must be at most 1024 bytes long",
            ));
        }
        // Servers take who shows them a certificate for authenticated by it (the scheme "x509").
        let is_somebody = self.tls.as_ref().is_some_and(|credentials| credentials.shows_certificate());
        if self.acl != Acl::Open && self.auth.is_empty() && !is_somebody {
            let name = format!("{:?}", self.acl).to_lowercase();
            return Err(Error::invalid_argument(
                "acl",
                name,
                "needs an authenticated creator; give auth too, or a client certificate",
            ));
        }
        match self.auth.iter().find(|(scheme, _)| scheme.is_empty()) {
            Some((scheme, _)) => Err(Error::invalid_argument("auth (scheme)", scheme, "must not be empty")),
            None => Ok(()),
        }
    }

    /// `host:pid`, shown to others who look at the queue.
    pub(crate) fn default_identity() -> String {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("{host}:{}", std::process::id())
    }
}
