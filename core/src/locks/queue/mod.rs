//! Queueing for a lock, and waiting for one's turn.
//!
//! 1. Send `create(EPHEMERAL_SEQUENTIAL)` of `<directory>/<prefix with a uuid>` and `getChildren(<directory>)` back to back.
//!    The server answers a session's requests in order, so the list contains the new node: a free lock costs one round
//!    trip. The uuid identifies the attempt even if the replies are lost.
//! 2. If the server answers `NoNode`, create the directory and its parents, then repeat step 1.
//! 3. If the connection is lost, send `sync` over the new one, then look for the uuid. If it is found, go on with that node. If
//!    not, the node was never created and never will be: repeat step 1. If the session is lost, its nodes are deleted by the
//!    server: repeat step 1 with a new session.
//! 4. If no contender in the list has a smaller number, the lock is acquired. The token is the `czxid` of the own node.
//! 5. Otherwise watch the nearest predecessor and, since there is time now, the own node.
//! 6. Wait for an event:
//!    - The predecessor is deleted. If it was the only contender ahead, or this client held the lock exclusively by it, the lock
//!      is acquired without another request. Otherwise list the directory and go on at step 4.
//!    - The own node is deleted, by another program. Repeat step 1.
//!    - The connection is lost. Send `sync`, list the directory and go on at step 4.
//! 7. An attempt that ends at any point without the lock leaves the queue: its node is deleted, through lost connections and in
//!    the background if need be, until it is known to be gone.
//!
//! A thousand attempts may wait at once, and a future has room for the largest state that it is ever in. So the steps before
//! and after the wait, and those that are rare, are boxed while they run.

mod blocker;
mod enqueue;
pub(crate) mod inspect;
pub(crate) mod node_name;
mod own_node;
pub(crate) mod position;
mod watches;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::acquire::{self, Attempt};
use crate::locks::guard::Guard;
use crate::locks::held::HeldNode;
use crate::op::Retry;
use crate::path::{ZnodePath, name_of};
use crate::session::{Created, Fault, Link, Names, Refusal, Session, Tenant, Watch, WatchEvent, watch_over};

pub(crate) use blocker::{Blocker, NOT_CONNECTED, is_connected};
use node_name::{ContenderName, Kind, Scheme};
use own_node::OwnNode;
use position::{Position, holds_lock, position};
use watches::{WatchedNode, Watches};

/// One attempt to acquire a lock. Dropping it leaves the queue, in the background.
pub(crate) struct LockAttempt {
    context: Arc<Context>,
    directory: ZnodePath,
    scheme: Scheme,
    kind: Kind,
    retry: Retry,
    own_node: Option<OwnNode>,
    /// Notified whenever others turn out to be ahead.
    behind: Option<Arc<Notify>>,
    blocker: Arc<Blocker>,
}

/// The reason for leaving one session's queue without the lock.
enum Interruption {
    /// The node or its session is gone. The attempt may queue again.
    Requeue,
    /// Another try would fail in the same way.
    Fatal(Error),
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Interruption {
        Interruption::Fatal(error)
    }
}

impl LockAttempt {
    pub(crate) fn new(
        context: Arc<Context>,
        directory: ZnodePath,
        scheme: Scheme,
        kind: Kind,
    ) -> LockAttempt {
        LockAttempt {
            context,
            directory,
            scheme,
            kind,
            retry: Retry::UntilDone,
            own_node: None,
            behind: None,
            blocker: Arc::default(),
        }
    }

    /// Sets whether the attempt waits for others and for a connection. By default it does.
    pub(crate) fn retry(mut self, retry: Retry) -> LockAttempt {
        self.retry = retry;
        self
    }

    /// Notifies `behind` whenever others turn out to be ahead.
    pub(crate) fn notifying(mut self, behind: Arc<Notify>) -> LockAttempt {
        self.behind = Some(behind);
        self
    }

    /// Returns the contender that the attempt waits for, to be read while it runs.
    pub(crate) fn blocker(&self) -> &Arc<Blocker> {
        &self.blocker
    }

    fn leave_in_background(&mut self) {
        let Some(node) = self.own_node.take() else { return };
        if node.session.is_gone() {
            return;
        }
        let directory = self.directory.clone();
        self.context.spawn(async move { node.delete(&directory).await });
    }

    /// Steps 1 to 6 within one session.
    async fn contend(&mut self, session: &Arc<Session>) -> Result<Option<Guard>, Interruption> {
        let renewal = session.lease_keeper().renew_leases(session);
        let (own, mut names) = Box::pin(self.enqueue(session)).await?;
        let mut watches = Watches::default();
        loop {
            let (predecessor, decisive) = match position(&names, name_of(&own.path), self.kind) {
                Position::First if session.is_alive() => {
                    return Ok(Some(self.grant(session, &own, watches.into_own())));
                }
                // The list took so long that the lease ran out. A `sync` renews it if the session lives; a list does not.
                Position::First => {
                    let synced = Box::pin(session.sync_link(self.directory.as_str())).await;
                    synced.map_err(|_| Interruption::Requeue)?;
                    names = Box::pin(self.list(session)).await?;
                    continue;
                }
                // Another program deleted the node. Or the list is from a server that lags; then leaving deletes the node.
                Position::Missing => return Err(Interruption::Requeue),
                Position::Ambiguous(why) => {
                    let message = format!("{}: {why}", self.directory.as_str());
                    return Err(Error::new(ErrorCode::SequenceExhausted, message).into());
                }
                Position::Behind { predecessor, ahead, decisive } => {
                    let is_holder = ahead == 1 && holds_lock(&names, &predecessor);
                    self.blocker.set(&predecessor, ahead, is_holder);
                    if self.retry.is_never() {
                        drop(renewal);
                        Box::pin(self.leave()).await;
                        return Ok(None);
                    }
                    self.behind.iter().for_each(|behind| behind.notify_one());
                    (self.directory.child(&predecessor).into_boxed_str(), decisive)
                }
            };
            // The wait and the list may both be long.
            drop(names);
            let is_gone = self.await_turn(session, &own, &predecessor, &mut watches).await?;
            // An event is no answer to a request, so the lease may have run out. Then the server is asked before the lock counts
            // as acquired.
            let decisive = decisive || self.was_held_here(session, &predecessor);
            if is_gone && decisive && session.is_alive() {
                return Ok(Some(self.grant(session, &own, watches.into_own())));
            }
            names = Box::pin(self.list(session)).await?;
        }
    }

    /// Returns whether this client held the lock exclusively by `node`: then no other contender was ahead of it.
    fn was_held_here(&self, session: &Session, node: &str) -> bool {
        let exclusive = ContenderName::parse(name_of(node)).is_some_and(|name| name.kind() != Kind::Read);
        exclusive && session.lease_keeper().was_held(node)
    }

    /// Lists the directory as the connected server knows it.
    async fn list(&self, session: &Arc<Session>) -> Result<Names, Interruption> {
        let Ok(link) = session.link().await else { return Err(Interruption::Requeue) };
        match link.children_grouped(self.directory.as_str().to_owned()).await {
            Ok(names) => Ok(names),
            Err(fault) => Box::pin(self.list_again(session, &link, fault)).await,
        }
    }

    /// Lists the directory after a first try ended with `fault`, on a server that knows of all that this session sent.
    async fn list_again(
        &self,
        session: &Arc<Session>,
        link: &Arc<Link>,
        mut fault: Fault,
    ) -> Result<Names, Interruption> {
        let mut link = link.clone();
        loop {
            match fault {
                Fault::Unknown => session.wait_reconnect(&link).await,
                fault => return Err(self.interruption(fault)),
            }
            link = session.sync_link(self.directory.as_str()).await.map_err(|_| Interruption::Requeue)?;
            match link.children_grouped(self.directory.as_str().to_owned()).await {
                Ok(names) => return Ok(names),
                Err(next) => fault = next,
            }
        }
    }

    fn interruption(&self, fault: Fault) -> Interruption {
        match fault {
            // `NoNode`: the directory was deleted, and the own node with it.
            Fault::Gone | Fault::Unknown | Fault::Refused(Refusal::NoNode) => Interruption::Requeue,
            Fault::Refused(refusal) => {
                Interruption::Fatal(refusal.into_error(&format!("reading {}", self.directory.as_str())))
            }
        }
    }

    /// Steps 5 and 6: waits for an event. Returns whether the predecessor was deleted.
    async fn await_turn(
        &self,
        session: &Arc<Session>,
        own: &Created,
        predecessor: &str,
        watches: &mut Watches,
    ) -> Result<bool, Interruption> {
        let link = Box::pin(self.watch(session, own, predecessor, watches)).await?;
        let event = watches.event().await;
        match event {
            Some((WatchedNode::Predecessor, WatchEvent::Deleted)) => Ok(true),
            Some((WatchedNode::Own, WatchEvent::Deleted)) => Err(Interruption::Requeue),
            Some((_, WatchEvent::LinkEnded)) => {
                Box::pin(self.reconnect(session, &link)).await?;
                Ok(false)
            }
            Some((_, WatchEvent::Changed)) | None => Ok(false),
        }
    }

    /// Step 5.
    async fn watch(
        &self,
        session: &Arc<Session>,
        own: &Created,
        predecessor: &str,
        watches: &mut Watches,
    ) -> Result<Arc<Link>, Interruption> {
        let Ok(link) = session.link().await else {
            return Err(Interruption::Requeue);
        };
        match watches.watch(&link, &own.path, predecessor).await {
            Ok(identity) => identity.into_iter().for_each(|identity| self.blocker.set_identity(identity)),
            Err(Fault::Unknown) => Box::pin(self.reconnect(session, &link)).await?,
            Err(fault) => return Err(self.interruption(fault)),
        }
        Ok(link)
    }

    /// Waits until the session is connected again and all that it sent has taken effect or never will.
    async fn reconnect(&self, session: &Arc<Session>, link: &Arc<Link>) -> Result<(), Interruption> {
        session.wait_reconnect(link).await;
        session.sync_link(self.directory.as_str()).await.map_err(|_| Interruption::Requeue)?;
        Ok(())
    }

    fn grant(&mut self, session: &Arc<Session>, own: &Created, own_watch: Option<Watch>) -> Guard {
        // From here on the guard is responsible for the node.
        self.own_node = None;
        self.blocker.clear();
        let hold = HeldNode::begin(session, own.path.clone(), own.czxid as u64);
        if let Some(watch) = own_watch {
            hold.held_node().begin_watch();
            self.context.spawn(watch_over(hold.held_node().clone(), Some(watch)));
        }
        Guard::new(self.context.clone(), hold)
    }
}

impl Attempt for LockAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        let error = loop {
            let session = self.context.session(self.retry).await?;
            match self.contend(&session).await {
                Ok(guard) => return Ok(guard),
                Err(Interruption::Requeue) => self.leave_in_background(),
                Err(Interruption::Fatal(error)) => break error,
            }
            if self.retry.is_never() {
                return Err(acquire::connection_lost(&acquire::lock_name(&self.directory)));
            }
        };
        Box::pin(self.leave()).await;
        Err(error)
    }

    /// Deletes the attempt's node, if there is or may be one, and returns when it is gone.
    async fn leave(&mut self) {
        if let Some(node) = &self.own_node {
            node.delete(&self.directory).await;
            self.own_node = None;
        }
    }

    fn wait_reason(&self) -> String {
        self.blocker.reason(&self.context)
    }
}

impl Drop for LockAttempt {
    fn drop(&mut self) {
        self.leave_in_background();
    }
}
