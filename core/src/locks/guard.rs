//! A lock that is held.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::held::fenced_write::{self, Fenced};
use crate::locks::held::hold::Hold;
use crate::locks::held::{HeldNode, HoldState};
use crate::op::deadline::ONE_ANSWER;
use crate::op::{Op, answered, spawned};
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;
use crate::session::{Loss, Session, Tenant};
use crate::stats::Meters;

/// A lock that is held, until it is released, dropped, or lost.
///
/// Dropping a guard gives the lock back in the background, from any thread. [`release`](Guard::release) also waits for
/// the server's answer.
///
/// A lock can be lost while it is held: when no server has confirmed the session for longer than its lease, when the
/// session is over, when somebody deletes the lock's node. The guard knows of it before the server can give the lock to
/// anybody else. What still runs then is fenced off by the [`token`](Guard::token).
#[must_use = "a guard that is dropped gives its lock back"]
#[derive(Debug)]
pub struct Guard {
    token: u64,
    node: String,
    held: ProcessBound<GuardState>,
}

#[derive(Debug)]
struct GuardState {
    context: Arc<Context>,
    /// One for each node: a guard of several locks, or of several permits, has as many.
    holds: Vec<Arc<Hold>>,
}

impl Guard {
    pub(crate) fn new(context: Arc<Context>, hold: Arc<Hold>) -> Guard {
        Guard::of(GuardState { context, holds: vec![hold] })
    }

    /// A guard of several nodes.
    pub(crate) fn of_holds(context: Arc<Context>, holds: Vec<Arc<Hold>>) -> Guard {
        Guard::of(GuardState { context, holds })
    }

    /// The session in which the (first) lock is held; `None` in a child of fork().
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        Some(self.holds().first()?.held_node().session().clone())
    }

    /// What it has of each node; nothing in a child of fork().
    pub(crate) fn holds(&self) -> &[Arc<Hold>] {
        self.held.get().map_or(&[], |held| &held.holds)
    }

    /// Has it noted in `meters` how long the lock is held, counted from now. Of several nodes the first stands for all.
    pub(crate) fn measure(&self, meters: &Arc<Meters>) {
        if let Some(hold) = self.holds().first() {
            hold.measure(Some(meters));
        }
    }

    fn of(held: GuardState) -> Guard {
        let first = held.holds.first().map(|hold| hold.held_node());
        Guard {
            token: first.map_or(0, |held_node| held_node.token()),
            node: first.map_or("", |held_node| held_node.node()).to_owned(),
            held: ProcessBound::new(held),
        }
    }

    /// One guard for all that these guard. `None` when there are none.
    pub(crate) fn of_all(guards: Vec<Guard>) -> Option<Guard> {
        let mut all: Option<GuardState> = None;
        for mut held in guards.into_iter().filter_map(|guard| guard.held.into_inner()) {
            let holds = std::mem::take(&mut held.holds);
            match &mut all {
                None => all = Some(GuardState { context: held.context.clone(), holds }),
                Some(all) => all.holds.extend(holds),
            }
        }
        all.map(Guard::of)
    }

    /// Takes a guard of one lock apart that nobody has had: its share is ended, and what comes next is for the caller to decide.
    /// `None` in a child of fork().
    pub(crate) fn dissolve(self) -> Option<Arc<HeldNode>> {
        let hold = self.held.into_inner()?.holds.pop()?;
        hold.measure(None);
        hold.end();
        Some(hold.held_node().clone())
    }

    /// The fencing token: larger than that of every holder before, also when the lock's directory was deleted and made
    /// again. It is the `czxid` of the lock's node. Pass it along with what you write, and let the receiver refuse a
    /// token smaller than one that it has seen.
    ///
    /// Guards that share a node share the token: those of one [owner](crate::ReentrantMutex), and those that were
    /// [handed over](crate::Mutex::handoff) one after the other. Who [reads on](crate::RwLock::owned_by) where he wrote keeps it.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Every node of the guard with its token. Of several locks each fences its own resource: compare tokens of one path only.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn tokens(&self) -> Result<Vec<(String, u64)>> {
        let held_nodes = self.held.get()?.holds.iter().map(|hold| hold.held_node());
        Ok(held_nodes.map(|held_node| (held_node.node().to_owned(), held_node.token())).collect())
    }

    /// The path of the lock's node, below the client's chroot; of the first one when there are several.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Whether the lock is held for certain at this moment. Costs no round trip.
    pub fn is_held(&self) -> bool {
        self.check().is_ok()
    }

    /// Checks that the lock is held for certain at this moment. Costs no round trip.
    ///
    /// # Errors
    /// `LOCK_LOST` when it is not held any more or cannot be known to be; `FORKED` in a child of fork().
    pub fn check(&self) -> Result<()> {
        self.held.get()?.holds.iter().try_for_each(|hold| hold.check())
    }

    /// How much longer the lock is held for certain if no server answers from now on; zero when it is not held any more. Costs
    /// no round trip.
    ///
    /// While servers answer it stays above 3/8 of the session timeout and never exceeds 5/8. When it runs out the lock is lost.
    /// So it tells in advance that a loss is near, and how much time is left to stop what the lock protects. Somebody who
    /// deletes the lock's node takes it without such a warning.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn lease_remaining(&self) -> Result<Duration> {
        let remaining = self.held.get()?.holds.iter().map(|hold| hold.lease_remaining());
        Ok(remaining.min().unwrap_or_default())
    }

    /// Why the lock was lost; `None` when it was not, or was released.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn loss(&self) -> Result<Option<Loss>> {
        let standings = self.held.get()?.holds.iter().map(|hold| hold.state());
        let mut losses = standings.filter_map(|state| match state {
            HoldState::Lost(loss) => Some(loss),
            HoldState::Held | HoldState::Released => None,
        });
        Ok(losses.next())
    }

    /// Waits until the lock is lost, and says why. Never finishes when the lock is released.
    ///
    /// # Cancel safety
    /// Safe: it only listens.
    pub fn lost(&self) -> Op<Loss> {
        Op::attempt(|| {
            let held = self.held.get()?;
            let holds = held.holds.clone();
            Ok(Op::new(held.context.runtime(), |deadline| async move {
                let passed = || Error::new(ErrorCode::Timeout, "the lock was not lost in that time");
                let any = select_all(holds.iter().map(|hold| Box::pin(hold.lost())));
                let lost = deadline.once_within(Duration::ZERO).run(any).await;
                lost.map(|(loss, ..)| loss).ok_or_else(passed)
            }))
        })
    }

    /// Calls `tell` once when the lock is lost: on the callback thread, at once if that has happened already, never if
    /// the lock is released. It must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn on_lost(&self, tell: impl FnOnce(Loss) + Send + 'static) -> Result<()> {
        let tell = Arc::new(Mutex::new(Some(tell)));
        for hold in &self.held.get()?.holds {
            let tell = tell.clone();
            hold.on_lost(Box::new(move |loss| {
                let tell = tell.lock().take();
                tell.into_iter().for_each(|tell| tell(loss));
            }));
        }
        Ok(())
    }

    /// Whether somebody has asked for the lock, with [`Client::request_revoke`](crate::Client::request_revoke) or Curator's
    /// `Revoker`. The lock stays held; its holder decides.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn is_revoke_requested(&self) -> Result<bool> {
        Ok(self.held.get()?.holds.iter().any(|hold| hold.held_node().is_revoke_requested()))
    }

    /// Calls `tell` once when somebody asks for the lock: on the callback thread, at once if that has happened already, never
    /// if the lock is released. It must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn on_revoke(&self, tell: impl FnOnce() + Send + 'static) -> Result<()> {
        let tell = Arc::new(Mutex::new(Some(tell)));
        for hold in &self.held.get()?.holds {
            let tell = tell.clone();
            hold.on_revoke(Box::new(move || {
                let tell = tell.lock().take();
                tell.into_iter().for_each(|tell| tell());
            }));
        }
        Ok(())
    }

    /// Sets the data of the node at `path`, below the client's chroot, on condition that the lock is still held. With a
    /// `version`, also on condition that the node is at that version.
    ///
    /// # Errors
    /// `LOCK_LOST`: the lock's node is gone, and nothing was written. `INVALID_ARGUMENT`: no such node, or another
    /// version; nothing was written. `INDETERMINATE`: the connection was lost, or the timeout passed, after the write was
    /// sent. `TIMEOUT`, `NOT_AUTHORIZED`, `QUOTA`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled write may be applied or not.
    pub fn set_data(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>, version: Option<i32>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Set { data: data.into(), version })
    }

    /// Creates a persistent node at `path` on condition that the lock is still held. See
    /// [`set_data`](Guard::set_data).
    pub fn create(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Create { data: data.into() })
    }

    /// Deletes the node at `path` on condition that the lock is still held. See [`set_data`](Guard::set_data).
    pub fn delete(&self, path: impl AsRef<str>, version: Option<i32>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Delete { version })
    }

    fn fenced(&self, path: &str, what: Fenced) -> Op<()> {
        let parts = self.held.get().and_then(|held| {
            what.check()?;
            let path = ZnodePath::parse("path", path)?;
            // Its node may still be there for a moment after a release.
            held.holds.iter().try_for_each(|hold| hold.check_state())?;
            Ok((held, path))
        });
        Op::attempt(|| {
            let (held, path) = parts?;
            let Some(session) = self.session() else {
                return Err(Error::closed());
            };
            let nodes: Vec<_> = held.holds.iter().map(|hold| hold.held_node().node().to_owned()).collect();
            Ok(Op::new(held.context.runtime(), |deadline| async move {
                fenced_write::write(&session, &nodes, &path, what, deadline).await
            }))
        })
    }

    /// Gives the lock back and waits until the server has taken it. Can be called again, and after a loss. Done at once where
    /// another guard still shares the lock, or the lock is [handed over](crate::Mutex::handoff).
    ///
    /// # Errors
    /// `TIMEOUT` when that takes longer than the operation's timeout (with 0: than a quarter of a second); it goes on in
    /// the background. `FORKED` in a child of fork(). Never `LOCK_LOST`.
    ///
    /// # Cancel safety
    /// The lock is given back all the same.
    pub fn release(&self) -> Op<()> {
        Op::attempt(|| {
            let held = self.held.get()?;
            let (context, holds, node) = (held.context.clone(), held.holds.clone(), self.node.clone());
            Ok(Op::starting(&held.context.runtime().clone(), move |deadline| {
                let unused: Vec<_> = holds.iter().filter_map(|hold| give_up(&context, hold)).collect();
                if unused.is_empty() {
                    return Ok(answered(Ok(())));
                }
                Ok(spawned(context.clone().runtime(), async move {
                    let deletions = unused.into_iter().filter_map(|held_node| delete(&context, held_node));
                    let late = || {
                        let message = format!("lock {node}: the server has not confirmed its release yet");
                        Error::new(ErrorCode::Timeout, message)
                    };
                    let outcomes = deadline.once_within(ONE_ANSWER).run(join_all(deletions)).await;
                    for outcome in outcomes.ok_or_else(late)? {
                        outcome
                            .map_err(|_| Error::internal("the task that gives a lock back ended early"))??;
                    }
                    Ok(())
                }))
            }))
        })
    }
}

impl Drop for GuardState {
    fn drop(&mut self) {
        // Not after a release, whose own task sees it through.
        for hold in self.holds.drain(..).filter(|hold| !hold.has_ended()) {
            let _background =
                give_up(&self.context, &hold).and_then(|held_node| delete(&self.context, held_node));
        }
    }
}

/// Ends a share. Returns the holding when nobody shares it any more: its node is to be deleted.
fn give_up(context: &Arc<Context>, hold: &Hold) -> Option<Arc<HeldNode>> {
    if hold.end()
        && let Some((local_queue, limit)) = hold.local_queue()
        && local_queue.clone().hand_over(context, hold.held_node(), limit)
    {
        return None;
    }
    hold.held_node().close().then(|| hold.held_node().clone())
}

/// Deletes a lock's node in a task of its own. A lost one too: the session may live on, and the node with it.
pub(crate) fn delete(context: &Context, held_node: Arc<HeldNode>) -> Option<JoinHandle<Result<()>>> {
    let session = held_node.session().clone();
    session.lease_keeper().remove(&*held_node);
    context.spawn(async move {
        let what = || format!("deleting {}", held_node.node());
        session.delete(held_node.node()).await.map_err(|fault| fault.into_error(&what()))
    })
}
