//! Taking a place in a lock's queue and waiting for one's turn.
//!
//! 1. Send `create(EPHEMERAL_SEQUENTIAL)` of `<directory>/<prefix with a uuid>` and `getChildren(<directory>)` back to back.
//!    The server answers a session's requests in order, so the list contains the new node: a free lock costs one round
//!    trip. The uuid names this attempt, whatever becomes of the replies.
//! 2. `NoNode`: make the directory and its ancestors, then 1 again.
//! 3. The connection was lost: have the new one `sync`, then look for the uuid. Found, go on with that node; not found,
//!    it was never made and never will be: 1 again. The session was lost: its nodes go by themselves; 1 again with a new
//!    session.
//! 4. No contender with a smaller number in the list: the lock is ours. The token is the `czxid` of our node.
//! 5. Otherwise watch the nearest predecessor, and, since there is time now, our own node.
//! 6. The predecessor goes: if it was the only one before us, or held the lock alone in this client, the lock is ours,
//!    without a look; otherwise list again and go on at 4. Our own node goes: somebody deleted it; 1 again. The connection goes: `sync`, list, 4.
//! 7. Whoever gives up at whatever point leaves: the node is deleted, through lost connections and in the background if
//!    need be, until it is known to be gone.
//!
//! A thousand may wait at once, and a future keeps room for the largest thing that it ever does. So what comes before and after
//! the wait is boxed while it lasts, and so is what hardly ever happens.

pub(crate) mod inspect;
pub(crate) mod node_name;
pub(crate) mod position;
mod watches;

use std::sync::Arc;

use futures_util::future::join;
use tokio::sync::Notify;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::acquire::Attempt;
use crate::locks::guard::Guard;
use crate::locks::held::HeldNode;
use crate::op::Retry;
use crate::path::{ZnodePath, name_of};
use crate::session::parents::{ParentsError, make_directory};
use crate::session::{Created, Fault, Link, Names, Refusal, Session, Tenant, Watch, WatchEvent, watch_over};

use node_name::{ContenderName, Kind, Scheme, prefix};
use position::{Position, position};
use watches::{WatchedNode, Watches};

/// An attempt to get a lock. Dropping it leaves the queue, in the background.
pub(crate) struct LockAttempt {
    context: Arc<Context>,
    directory: ZnodePath,
    scheme: Scheme,
    kind: Kind,
    /// Give up as soon as it would take waiting for others or for a connection.
    retry: Retry,
    place: Option<Place>,
    /// Told whenever others turn out to be before us.
    behind: Option<Arc<Notify>>,
    /// Whom the attempt was waiting for last, and how many were ahead; for the message of a timeout.
    waiting_for: Option<(Arc<str>, usize)>,
}

/// What ends a stay in one session's queue.
enum Setback {
    /// The place is gone, or its session: queue again.
    Again,
    /// There is no point in going on.
    Fatal(Error),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Setback {
        Setback::Fatal(error)
    }
}

/// A node in the queue, or the possibility of one.
struct Place {
    session: Arc<Session>,
    node: Node,
}

enum Node {
    /// Made, or not: its reply is not there yet, or lost. The text is unique to this attempt, and part of the name.
    Perhaps(String),
    Made(Arc<Created>),
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
            place: None,
            behind: None,
            waiting_for: None,
        }
    }

    /// Gives up as soon as it would take waiting for others or for a connection.
    pub(crate) fn retry(mut self, retry: Retry) -> LockAttempt {
        self.retry = retry;
        self
    }

    /// Has `behind` told whenever others turn out to be before us.
    pub(crate) fn telling(mut self, behind: Arc<Notify>) -> LockAttempt {
        self.behind = Some(behind);
        self
    }

    /// Leaves in the background.
    fn retreat(&mut self) {
        let Some(place) = self.place.take() else { return };
        if place.session.is_gone() {
            return;
        }
        let directory = self.directory.clone();
        self.context.spawn(async move { place.vacate(&directory).await });
    }

    async fn contend(&mut self, session: &Arc<Session>) -> Result<Option<Guard>, Setback> {
        let attendance = session.lease_keeper().renew_leases(session);
        let (own, mut names) = Box::pin(self.enter(session)).await?;
        let mut watches = Watches::default();
        loop {
            let (predecessor, decisive) = match position(&names, name_of(&own.path), self.kind) {
                Position::First if session.is_alive() => {
                    return Ok(Some(self.grant(session, &own, watches.into_own())));
                }
                // The list took so long that the lease ran out. A `sync` renews it if the session lives; a list does not.
                Position::First => {
                    let synced = session.sync_link(self.directory.as_str()).await;
                    synced.map_err(|_| Setback::Again)?;
                    names = Box::pin(self.list(session)).await?;
                    continue;
                }
                // Deleted by somebody. Or the list is from a server that lags; then retreating deletes the node.
                Position::Missing => return Err(Setback::Again),
                Position::Ambiguous(why) => {
                    let message = format!("{}: {why}", self.directory.as_str());
                    return Err(Error::new(ErrorCode::SequenceExhausted, message).into());
                }
                Position::Behind { .. } if self.retry.is_never() => {
                    drop(attendance);
                    Box::pin(self.leave()).await;
                    return Ok(None);
                }
                Position::Behind { predecessor, ahead, decisive } => {
                    self.behind.iter().for_each(|behind| behind.notify_one());
                    let predecessor: Arc<str> = self.directory.child(&predecessor).into();
                    self.waiting_for = Some((predecessor.clone(), ahead));
                    (predecessor, decisive)
                }
            };
            // Not while waiting: it may be long, and the list too.
            drop(names);
            let gone = self.await_turn(session, &own, &predecessor, &mut watches).await?;
            // An event is no answer to a request, so the lease may have run out; then ask before believing.
            let decisive = decisive || self.was_ours(session, &predecessor);
            if gone && decisive && session.is_alive() {
                return Ok(Some(self.grant(session, &own, watches.into_own())));
            }
            names = Box::pin(self.list(session)).await?;
        }
    }

    /// Whether this client held the lock by that node, alone: then nobody is left before it.
    fn was_ours(&self, session: &Session, node: &str) -> bool {
        let alone = ContenderName::parse(name_of(node)).is_some_and(|name| name.kind() != Kind::Read);
        alone && session.lease_keeper().was_held(node)
    }

    /// Steps 1 to 3: returns our node and the list in which it stands.
    async fn enter(&mut self, session: &Arc<Session>) -> Result<(Arc<Created>, Names), Setback> {
        let marker = prefix(self.context.uuids().next(), self.scheme, self.kind);
        let prefix = self.directory.child(&marker);
        let identity = self.context.options().identity.clone();
        loop {
            let Ok(link) = session.link().await else {
                return Err(Setback::Again);
            };
            self.place = Some(Place { session: session.clone(), node: Node::Perhaps(marker.clone()) });
            let create = link.create_grouped(prefix.clone(), identity.clone());
            let (created, names) =
                join(create, link.children_grouped(self.directory.as_str().to_owned())).await;
            let created = match created {
                Ok(created) => created,
                Err(Fault::Refused(refusal)) => {
                    self.place = None;
                    Box::pin(self.handle_refusal(&link, session, refusal)).await?;
                    continue;
                }
                Err(Fault::Gone) => return Err(Setback::Again),
                Err(Fault::Unknown) if self.retry.is_never() => return Err(Setback::Again),
                Err(Fault::Unknown) => {
                    session.wait_reconnect(&link).await;
                    match Box::pin(self.recover(session, &marker)).await? {
                        Some(created) => created,
                        None => continue,
                    }
                }
            };
            let created = Arc::new(created);
            if let Some(place) = &mut self.place {
                place.node = Node::Made(created.clone());
            }
            let names = match names {
                Ok(names) if names.iter().any(|name| created.path.ends_with(name.as_str())) => names,
                // Listed before the node was made: another member of its burst was refused, and it went out again.
                Ok(_) => Box::pin(self.list(session)).await?,
                Err(fault) => Box::pin(self.list_after(session, &link, fault)).await?,
            };
            return Ok((created, names));
        }
    }

    /// After a refused create: makes the directory if that was what it lacked.
    async fn handle_refusal(
        &self,
        link: &Arc<Link>,
        session: &Arc<Session>,
        refusal: Refusal,
    ) -> Result<(), Setback> {
        if refusal != Refusal::NoNode {
            let what = format!("creating a node in {}", self.directory.as_str());
            return Err(refusal.into_error(&what).into());
        }
        match make_directory(link, &self.directory).await {
            Ok(()) => Ok(()),
            Err(ParentsError::Refused(error)) => Err(error.into()),
            Err(ParentsError::Fault(Fault::Gone)) => Err(Setback::Again),
            Err(ParentsError::Fault(_)) => {
                session.wait_reconnect(link).await;
                Ok(())
            }
        }
    }

    /// Step 3: the node that a create with a lost reply made, if it did.
    async fn recover(&self, session: &Arc<Session>, marker: &str) -> Result<Option<Created>, Setback> {
        let found = session.find(&self.directory, marker).await.map_err(|fault| self.setback(fault))?;
        let Some(name) = found.first() else { return Ok(None) };
        let path = self.directory.child(name);
        loop {
            let Ok(link) = session.link().await else {
                return Err(Setback::Again);
            };
            match link.get(&path).await {
                Ok(entry) => {
                    return Ok(Some(Created { path, czxid: entry.czxid }));
                }
                Err(Fault::Refused(Refusal::NoNode)) => return Ok(None),
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(fault) => return Err(self.setback(fault)),
            }
        }
    }

    /// The list as the server that we are connected to has it now.
    async fn list(&self, session: &Arc<Session>) -> Result<Names, Setback> {
        let Ok(link) = session.link().await else { return Err(Setback::Again) };
        match link.children_grouped(self.directory.as_str().to_owned()).await {
            Ok(names) => Ok(names),
            Err(fault) => Box::pin(self.list_after(session, &link, fault)).await,
        }
    }

    /// The list after `fault` was the answer to a first attempt: from a server that knows of all that we sent.
    async fn list_after(
        &self,
        session: &Arc<Session>,
        link: &Arc<Link>,
        mut fault: Fault,
    ) -> Result<Names, Setback> {
        let mut link = link.clone();
        loop {
            match fault {
                Fault::Unknown => session.wait_reconnect(&link).await,
                fault => return Err(self.setback(fault)),
            }
            link = session.sync_link(self.directory.as_str()).await.map_err(|_| Setback::Again)?;
            match link.children_grouped(self.directory.as_str().to_owned()).await {
                Ok(names) => return Ok(names),
                Err(next) => fault = next,
            }
        }
    }

    fn setback(&self, fault: Fault) -> Setback {
        match fault {
            // The directory went, and our node with it.
            Fault::Gone | Fault::Unknown | Fault::Refused(Refusal::NoNode) => Setback::Again,
            Fault::Refused(refusal) => {
                Setback::Fatal(refusal.into_error(&format!("reading {}", self.directory.as_str())))
            }
        }
    }

    /// Steps 5 and 6: waits for something to happen. `true` when it was the predecessor that went.
    async fn await_turn(
        &self,
        session: &Arc<Session>,
        own: &Created,
        predecessor: &str,
        watches: &mut Watches,
    ) -> Result<bool, Setback> {
        let link = Box::pin(self.watch(session, own, predecessor, watches)).await?;
        let event = watches.event().await;
        match event {
            Some((WatchedNode::Predecessor, WatchEvent::Deleted)) => Ok(true),
            Some((WatchedNode::Own, WatchEvent::Deleted)) => Err(Setback::Again),
            Some((_, WatchEvent::LinkEnded)) => {
                Box::pin(self.reconnect(session, &link)).await?;
                Ok(false)
            }
            Some((_, WatchEvent::Changed)) | None => Ok(false),
        }
    }

    /// Step 5: watches the predecessor and, unless that is watched already, our own node.
    async fn watch(
        &self,
        session: &Arc<Session>,
        own: &Created,
        predecessor: &str,
        watches: &mut Watches,
    ) -> Result<Arc<Link>, Setback> {
        let Ok(link) = session.link().await else {
            return Err(Setback::Again);
        };
        match watches.watch(&link, &own.path, predecessor).await {
            Ok(()) => {}
            Err(Fault::Unknown) => Box::pin(self.reconnect(session, &link)).await?,
            Err(fault) => return Err(self.setback(fault)),
        }
        Ok(link)
    }

    /// Waits until the session is connected again and all that it sent has settled.
    async fn reconnect(&self, session: &Arc<Session>, link: &Arc<Link>) -> Result<(), Setback> {
        session.wait_reconnect(link).await;
        session.sync_link(self.directory.as_str()).await.map_err(|_| Setback::Again)?;
        Ok(())
    }

    fn grant(&mut self, session: &Arc<Session>, own: &Created, own_watch: Option<Watch>) -> Guard {
        // From here on the guard is responsible for the node.
        self.place = None;
        let hold = HeldNode::begin(session, own.path.clone(), own.czxid as u64);
        if let Some(watch) = own_watch {
            hold.held_node().begin_watch();
            self.context.spawn(watch_over(hold.held_node().clone(), Some(watch)));
        }
        Guard::new(self.context.clone(), hold)
    }
}

impl Attempt for LockAttempt {
    /// Queues until the lock is had. `None` when it tries only once and others are before us.
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        let error = loop {
            let session = self.context.session(self.retry).await?;
            match self.contend(&session).await {
                Ok(guard) => return Ok(guard),
                Err(Setback::Again) if self.retry.is_never() => {
                    self.retreat();
                    return Err(Error::new(
                        ErrorCode::ConnectionLost,
                        "the connection was lost before the lock was had",
                    ));
                }
                Err(Setback::Again) => self.retreat(),
                Err(Setback::Fatal(error)) => break error,
            }
        };
        Box::pin(self.leave()).await;
        Err(error)
    }

    /// Deletes our node, if there is or may be one, and returns when it is gone.
    async fn leave(&mut self) {
        if let Some(place) = &self.place {
            place.vacate(&self.directory).await;
            self.place = None;
        }
    }

    fn waiting_for(&self) -> String {
        match &self.waiting_for {
            Some((predecessor, ahead)) => format!("{} ({ahead} ahead)", name_of(predecessor)),
            None => "a connection".into(),
        }
    }
}

impl Drop for LockAttempt {
    fn drop(&mut self) {
        self.retreat();
    }
}

impl Place {
    async fn vacate(&self, directory: &ZnodePath) {
        let outcome = match &self.node {
            Node::Made(node) => self.session.delete(&node.path).await,
            Node::Perhaps(marker) => self.session.delete_marked(directory, marker).await,
        };
        if let Err(fault) = outcome {
            tracing::warn!(directory = directory.as_str(), ?fault, "could not leave the queue");
        }
    }
}
