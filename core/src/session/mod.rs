//! Sessions over the crate `zookeeper-client`, which no file outside this folder names.
//!
//! | file or folder | content |
//! | --- | --- |
//! | `options.rs`, `connect_string.rs`, `tls/` | the options that a client connects with, checked |
//! | `diagnosis.rs` | finds out why no server accepts a connection |
//! | `request.rs`, `fault.rs` | requests, answers, and what an error says about the effect of a request |
//! | `link.rs`, `connect.rs`, `spawner.rs`, `traffic.rs` | one connection: its requests, how it is made, overdue answers |
//! | `multi_read.rs`, `throttling.rs` | operations that older servers lack; requests that overloaded servers put off |
//! | `group_commit.rs` | sends the requests of many tasks as few requests |
//! | `lease.rs`, `server_clock.rs` | until when the servers must honour the session; the leader's time |
//! | this file | one session, over one link after another |
//! | `lease_keeper.rs`, `loss.rs` | renews the lease while something is held, and reports a loss |
//! | `parents.rs` | creates missing parent nodes |
//! | `supervisor.rs`, `backoff.rs` | one session after another; the pauses between attempts to connect |
//!
//! Recipes use [`Supervisor::session`], [`Session`] and the requests of [`Link`].

mod backoff;
mod connect;
mod connect_string;
mod diagnosis;
mod fault;
mod group_commit;
mod lease;
mod lease_keeper;
mod link;
mod loss;
mod multi_read;
mod options;
pub(crate) mod parents;
mod request;
mod server_clock;
mod spawner;
mod supervisor;
mod throttling;
mod tls;
mod traffic;

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

/// The error of an operation on a session that has ended. Its ephemeral nodes end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionGone;

/// The connection that a session has at the moment.
#[derive(Clone, Debug)]
enum LinkState {
    Linked(Arc<Link>),
    /// The connection was lost. The supervisor is making a new one.
    Unlinked,
    /// The session has ended.
    Gone,
}

/// A ZooKeeper session. It outlives its connections.
#[derive(Debug)]
pub(crate) struct Session {
    id: i64,
    lease: Arc<Lease>,
    link_state: watch::Sender<LinkState>,
    lease_keeper: LeaseKeeper,
}

impl Session {
    fn new(link: &Arc<Link>) -> Arc<Session> {
        let session = Arc::new(Session {
            id: link.session_id(),
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

    /// Returns the session timeout that the server granted last.
    pub(crate) fn timeout(&self) -> Duration {
        self.lease.session_timeout()
    }

    pub(crate) fn lease_keeper(&self) -> &LeaseKeeper {
        &self.lease_keeper
    }

    /// Returns for how much longer the servers must honour this session if they hear nothing more from it.
    pub(crate) fn lease_remaining(&self) -> Duration {
        if self.is_gone() { Duration::ZERO } else { self.lease.remaining() }
    }

    /// Returns whether the servers must still honour this session.
    pub(crate) fn is_alive(&self) -> bool {
        self.lease.is_valid() && !self.is_gone()
    }

    pub(crate) fn is_gone(&self) -> bool {
        matches!(*self.link_state.borrow(), LinkState::Gone)
    }

    /// Returns the current link, or `None` if the session is not connected right now.
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
        // A link that has ended stays in the state until the supervisor notices.
        let is_usable = |link_state: &LinkState| match link_state {
            LinkState::Linked(link) => !link.has_ended(),
            LinkState::Unlinked => false,
            LinkState::Gone => true,
        };
        match link_state.wait_for(is_usable).await.as_deref() {
            Ok(LinkState::Linked(link)) => Ok(link.clone()),
            _ => Err(SessionGone),
        }
    }

    /// Waits until everything that this session sent so far has taken effect or never will. This includes requests that
    /// were under way when a connection was lost: the session connects again and the leader answers a `sync`.
    ///
    /// Without the `sync`, a new connection may lead to a server that does not yet know a node that was created over the
    /// old connection. Its listing then lacks the node, a second node is created, and the first one blocks the lock for as
    /// long as the session lives.
    pub(crate) async fn sync_link(&self, path: &str) -> Result<Arc<Link>, SessionGone> {
        loop {
            let link = self.link().await?;
            match link.sync(path).await {
                Ok(()) => return Ok(link),
                Err(Fault::Gone) => return Err(SessionGone),
                Err(Fault::Unknown) => self.wait_reconnect(&link).await,
                Err(Fault::Refused(refusal)) => {
                    tracing::warn!(path, ?refusal, "the server refused a sync");
                    return Ok(link);
                }
            }
        }
    }

    /// Waits until the session no longer uses `link`, after one of its requests failed with [`Fault::Unknown`].
    pub(crate) async fn wait_reconnect(&self, link: &Arc<Link>) {
        // A session that is being closed still needs its link to send the close request.
        if !self.is_gone() {
            link.cut();
        }
        let mut link_state = self.link_state.subscribe();
        let has_moved =
            |link_state: &LinkState| !matches!(link_state, LinkState::Linked(now) if Arc::ptr_eq(now, link));
        let _ended = link_state.wait_for(has_moved).await;
    }

    /// Waits until the session has ended.
    pub(crate) async fn gone(&self) {
        let mut link_state = self.link_state.subscribe();
        let _ended = link_state.wait_for(|link_state| matches!(link_state, LinkState::Gone)).await;
    }

    /// Deletes a node. Tries again after lost connections until the node is known to be gone.
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

    /// Returns the children of `directory` whose names contain `marker`, once everything that this session sent before has
    /// taken effect or never will.
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

    /// Deletes the children of `directory` whose names contain `marker`. A create whose reply was lost may have left such a
    /// node.
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
