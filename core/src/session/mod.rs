//! Sessions over the crate `zookeeper-client`, which only this folder names.
//!
//! | file or folder | idea |
//! | --- | --- |
//! | `options.rs`, `connect_string.rs`, `tls/` | what the caller connects with, checked |
//! | `diagnosis.rs` | why no server accepts a connection |
//! | `request.rs`, `fault.rs` | requests, answers, and what an error tells about the effect |
//! | `link.rs` | one connection |
//! | `group_commit.rs` | many requests in few |
//! | `lease.rs`, `server_clock.rs` | until when the server must honour the session; the leader's time |
//! | this file | one session, over one link after another |
//! | `lease_keeper.rs`, `loss.rs` | keeps the lease fresh while something is held, and reports a loss |
//! | `parents.rs` | makes missing parent nodes |
//! | `supervisor.rs` | one session after another |
//!
//! Recipes use [`Supervisor::session`], [`Session`] and [`Link`]'s requests.

mod connect_string;
mod diagnosis;
mod fault;
mod group_commit;
mod lease;
mod lease_keeper;
mod link;
mod loss;
mod options;
pub(crate) mod parents;
mod request;
mod server_clock;
mod supervisor;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::path::ZnodePath;

pub(crate) use connect_string::ConnectString;
pub(crate) use fault::{Fault, Refusal};
pub(crate) use group_commit::Names;
pub(crate) use lease::{BootInstant, Lease};
pub(crate) use lease_keeper::{LeaseKeeper, REVOCATIONS, Tenant, watch_over};
pub(crate) use link::Link;
pub use loss::Loss;
pub use options::Acl;
pub(crate) use options::ClientOptions;
pub(crate) use request::{
    Created, Entry, Found, MultiFault, NodeMode, Read, Watch, WatchEvent, Write, Written,
};
pub(crate) use server_clock::{Moment, ServerClock};
pub use supervisor::State;
pub(crate) use supervisor::Supervisor;
pub use tls::Tls;
pub(crate) use tls::TlsCredentials;

/// The session is over, and with it every ephemeral node that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionGone;

/// What a session stands on right now.
#[derive(Clone, Debug)]
enum LinkState {
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
    link_state: watch::Sender<LinkState>,
    lease_keeper: LeaseKeeper,
}

impl Session {
    fn new(link: &Arc<Link>) -> Arc<Session> {
        let session = Arc::new(Session {
            id: link.session_id(),
            timeout: link.session_timeout(),
            lease: link.lease().clone(),
            link_state: watch::Sender::new(LinkState::Linked(link.clone())),
            lease_keeper: LeaseKeeper::default(),
        });
        tokio::spawn(lease_keeper::keep(session.clone()));
        session
    }

    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn lease_keeper(&self) -> &LeaseKeeper {
        &self.lease_keeper
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
        matches!(*self.link_state.borrow(), LinkState::Gone)
    }

    /// The link as it is now, without waiting for one.
    pub(crate) fn linked_now(&self) -> Option<Arc<Link>> {
        match &*self.link_state.borrow() {
            LinkState::Linked(link) if !link.has_ended() => Some(link.clone()),
            _ => None,
        }
    }

    /// Waits until the session is connected.
    pub(crate) async fn link(&self) -> Result<Arc<Link>, SessionGone> {
        if let Some(link) = self.linked_now() {
            return Ok(link);
        }
        let mut link_state = self.link_state.subscribe();
        // A link that has ended stays the footing until the supervisor notices.
        let firm = |link_state: &LinkState| match link_state {
            LinkState::Linked(link) => !link.has_ended(),
            LinkState::Unlinked => false,
            LinkState::Gone => true,
        };
        match link_state.wait_for(firm).await.as_deref() {
            Ok(LinkState::Linked(link)) => Ok(link.clone()),
            _ => Err(SessionGone),
        }
    }

    /// Waits until all that this session sent so far has taken effect or never will, also what was under way when
    /// a connection was lost: connects again and has the leader answer a `sync`.
    ///
    /// Without it a new connection may lead to a server that does not know yet of a node that an old one made. The
    /// list is then served without the node, a second one is made, and the first blocks the lock for as long as the
    /// session lives.
    pub(crate) async fn sync_link(&self, path: &str) -> Result<Arc<Link>, SessionGone> {
        loop {
            let link = self.link().await?;
            match link.sync(path).await {
                Ok(()) => return Ok(link),
                Err(Fault::Gone) => return Err(SessionGone),
                Err(Fault::Unknown) => self.wait_reconnect(&link).await,
                Err(Fault::Refused(refusal)) => {
                    tracing::warn!(path, ?refusal, "sync refused");
                    return Ok(link);
                }
            }
        }
    }

    /// Waits until the session no longer stands on `link`, which gave an [`Fault::Unknown`].
    pub(crate) async fn wait_reconnect(&self, link: &Arc<Link>) {
        // A session that is being closed still needs its link to say goodbye.
        if !self.is_gone() {
            link.cut();
        }
        let mut link_state = self.link_state.subscribe();
        let moved =
            |link_state: &LinkState| !matches!(link_state, LinkState::Linked(now) if Arc::ptr_eq(now, link));
        let _ended = link_state.wait_for(moved).await;
    }

    /// Waits until the session is over.
    pub(crate) async fn gone(&self) {
        let mut link_state = self.link_state.subscribe();
        let _ended = link_state.wait_for(|link_state| matches!(link_state, LinkState::Gone)).await;
    }

    /// Deletes a node, through lost connections, until it is known not to be there.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        loop {
            let Ok(link) = self.link().await else {
                return Ok(());
            };
            match link.delete_grouped(path.to_owned()).await {
                Ok(()) | Err(Fault::Gone | Fault::Refused(Refusal::NoNode)) => return Ok(()),
                Err(Fault::Unknown) => self.wait_reconnect(&link).await,
                Err(refused) => return Err(refused),
            }
        }
    }

    /// Finds the children of `directory` whose names contain `marker`, after everything sent so far has settled.
    pub(crate) async fn find(&self, directory: &ZnodePath, marker: &str) -> Result<Vec<String>, Fault> {
        loop {
            let Ok(link) = self.sync_link(directory.as_str()).await else { return Err(Fault::Gone) };
            match link.children(directory.as_str()).await {
                Ok(mut names) => {
                    names.retain(|name| name.contains(marker));
                    return Ok(names);
                }
                Err(Fault::Refused(Refusal::NoNode)) => return Ok(Vec::new()),
                Err(Fault::Unknown) => self.wait_reconnect(&link).await,
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

    fn set_link_state(&self, link_state: LinkState) {
        self.link_state.send_replace(link_state);
    }
}
