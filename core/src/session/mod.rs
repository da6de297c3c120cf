//! Sessions over the crate `zookeeper-client`, which only this folder names.
//!
//! | file | idea |
//! | --- | --- |
//! | `connect_string.rs` | the caller's hosts, checked |
//! | `keychain.rs`, `any_host_name.rs` | the files of TLS, checked |
//! | `diagnosis.rs`, `handshake.rs` | why no server takes us in |
//! | `request.rs`, `fault.rs` | requests, answers, and what an error tells about the effect |
//! | `link.rs` | one connection |
//! | `burst.rs` | many requests in few |
//! | `lease.rs` | until when the server must honour the session |
//! | this file | one session, over one link after another |
//! | `keeper.rs` | keeps the lease fresh while something is held, and tells loss |
//! | `supervisor.rs` | one session after another |
//!
//! The face towards the recipes is [`Supervisor::session`], [`Session`] and [`Link`]'s requests.

#[cfg(feature = "tls")]
mod any_host_name;
mod burst;
mod connect_string;
mod diagnosis;
mod fault;
#[cfg(feature = "tls")]
mod handshake;
mod keeper;
#[cfg_attr(not(feature = "tls"), path = "no_keychain.rs")]
mod keychain;
mod lease;
mod link;
mod request;
mod supervisor;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::options::Acl;
use crate::path::ZnodePath;

pub(crate) use burst::Names;
pub(crate) use connect_string::ConnectString;
pub(crate) use fault::{Fault, Refusal};
pub(crate) use keeper::{Keeper, REVOCATIONS, watch_over};
pub(crate) use keychain::Keychain;
pub(crate) use lease::{BootInstant, Lease};
pub(crate) use link::Link;
pub(crate) use request::{
    Created, Entry, Found, MultiFault, NodeMode, Read, Watch, WatchEvent, Write, Written,
};
pub use supervisor::State;
pub(crate) use supervisor::Supervisor;

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

/// The session is over, and with it every ephemeral node that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionGone;

/// What a session stands on right now.
#[derive(Clone, Debug)]
enum Footing {
    Linked(Arc<Link>),
    Unlinked,
    Gone,
}

/// One ZooKeeper session. It outlives its connections.
#[derive(Debug)]
pub(crate) struct Session {
    id: i64,
    timeout: Duration,
    lease: Arc<Lease>,
    footing: watch::Sender<Footing>,
    keeper: Keeper,
}

impl Session {
    fn new(link: &Arc<Link>) -> Arc<Session> {
        let session = Arc::new(Session {
            id: link.session_id(),
            timeout: link.session_timeout(),
            lease: link.lease().clone(),
            footing: watch::Sender::new(Footing::Linked(link.clone())),
            keeper: Keeper::default(),
        });
        tokio::spawn(keeper::keep(session.clone()));
        session
    }

    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// How much longer the server must honour this session, if it hears nothing more of it.
    pub(crate) fn lease_remaining(&self) -> Duration {
        if self.is_gone() { Duration::ZERO } else { self.lease.remaining() }
    }

    /// Whether the server must still honour this session.
    pub(crate) fn is_alive(&self) -> bool {
        self.lease.is_valid() && !self.is_gone()
    }

    pub(crate) fn is_gone(&self) -> bool {
        matches!(*self.footing.borrow(), Footing::Gone)
    }

    /// The link as it is now, without waiting for one.
    pub(crate) fn linked_now(&self) -> Option<Arc<Link>> {
        match &*self.footing.borrow() {
            Footing::Linked(link) if !link.has_ended() => Some(link.clone()),
            _ => None,
        }
    }

    /// Waits until the session is connected.
    pub(crate) async fn link(&self) -> Result<Arc<Link>, SessionGone> {
        if let Some(link) = self.linked_now() {
            return Ok(link);
        }
        let mut footing = self.footing.subscribe();
        // A link that has ended stays the footing until the supervisor notices.
        let firm = |footing: &Footing| match footing {
            Footing::Linked(link) => !link.has_ended(),
            Footing::Unlinked => false,
            Footing::Gone => true,
        };
        match footing.wait_for(firm).await.as_deref() {
            Ok(Footing::Linked(link)) => Ok(link.clone()),
            _ => Err(SessionGone),
        }
    }

    /// Waits until all that this session sent so far has taken effect or never will, also what was under way when
    /// a connection was lost: connects again and has the leader answer a `sync`.
    ///
    /// Without it a new connection may lead to a server that does not know yet of a node that an old one made. The
    /// list is then served without the node, a second one is made, and the first blocks the lock for as long as the
    /// session lives.
    pub(crate) async fn settled(&self, path: &str) -> Result<Arc<Link>, SessionGone> {
        loop {
            let link = self.link().await?;
            match link.sync(path).await {
                Ok(()) => return Ok(link),
                Err(Fault::Gone) => return Err(SessionGone),
                Err(Fault::Unknown) => self.past(&link).await,
                Err(Fault::Refused(refusal)) => {
                    tracing::warn!(path, ?refusal, "sync refused");
                    return Ok(link);
                }
            }
        }
    }

    /// Waits until the session no longer stands on `link`, which gave an [`Fault::Unknown`].
    pub(crate) async fn past(&self, link: &Arc<Link>) {
        // A session that is being closed still needs its link to say goodbye.
        if !self.is_gone() {
            link.cut();
        }
        let mut footing = self.footing.subscribe();
        let moved = |footing: &Footing| !matches!(footing, Footing::Linked(now) if Arc::ptr_eq(now, link));
        let _ended = footing.wait_for(moved).await;
    }

    /// Waits until the session is over.
    pub(crate) async fn gone(&self) {
        let mut footing = self.footing.subscribe();
        let _ended = footing.wait_for(|footing| matches!(footing, Footing::Gone)).await;
    }

    /// Deletes a node, through lost connections, until it is known not to be there.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        loop {
            let Ok(link) = self.link().await else {
                return Ok(());
            };
            match link.delete_grouped(path.to_owned()).await {
                Ok(()) | Err(Fault::Gone | Fault::Refused(Refusal::NoNode)) => return Ok(()),
                Err(Fault::Unknown) => self.past(&link).await,
                Err(refused) => return Err(refused),
            }
        }
    }

    /// Finds the children of `directory` whose names contain `marker`, after everything sent so far has settled.
    pub(crate) async fn find(&self, directory: &ZnodePath, marker: &str) -> Result<Vec<String>, Fault> {
        loop {
            let Ok(link) = self.settled(directory.as_str()).await else { return Err(Fault::Gone) };
            match link.children(directory.as_str()).await {
                Ok(mut names) => {
                    names.retain(|name| name.contains(marker));
                    return Ok(names);
                }
                Err(Fault::Refused(Refusal::NoNode)) => return Ok(Vec::new()),
                Err(Fault::Unknown) => self.past(&link).await,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Deletes the children of `directory` whose names contain `marker`: what a lost reply may have made.
    pub(crate) async fn delete_marked(&self, directory: &ZnodePath, marker: &str) -> Result<(), Fault> {
        match self.find(directory, marker).await {
            Ok(names) => {
                for name in names {
                    self.delete(&directory.child(&name)).await?;
                }
                Ok(())
            }
            Err(Fault::Gone) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    fn set_footing(&self, footing: Footing) {
        self.footing.send_replace(footing);
    }
}
