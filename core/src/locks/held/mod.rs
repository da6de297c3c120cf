//! A lock's node that this process holds. The session reports a loss to it; guards have holds on it (`hold.rs`).

pub(crate) mod fenced_write;
pub(crate) mod hold;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::session::{Loss, Session, Tenant};

use hold::Hold;

/// The state of a held node, or of one hold on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldState {
    Held,
    Released,
    Lost(Loss),
}

/// A lock's node that this process holds.
pub(crate) struct HeldNode {
    session: Arc<Session>,
    node: String,
    token: u64,
    since: Instant,
    state: watch::Sender<HoldState>,
    /// Each is removed when it ends.
    holds: Mutex<Vec<Weak<Hold>>>,
    watched: AtomicBool,
    revoke_requested: AtomicBool,
    has_successor: AtomicBool,
}

impl HeldNode {
    /// Registers a node with its session's lease keeper. Returns the first hold on it.
    pub(crate) fn begin(session: &Arc<Session>, node: String, token: u64) -> Arc<Hold> {
        let held_node = Arc::new(HeldNode {
            session: session.clone(),
            node,
            token,
            since: Instant::now(),
            state: watch::Sender::new(HoldState::Held),
            holds: Mutex::default(),
            watched: AtomicBool::new(false),
            revoke_requested: AtomicBool::new(false),
            has_successor: AtomicBool::new(false),
        });
        let hold = held_node.add_hold(&mut held_node.holds.lock());
        session.lease_keeper().hold(held_node);
        hold
    }

    fn add_hold(self: &Arc<HeldNode>, holds: &mut Vec<Weak<Hold>>) -> Arc<Hold> {
        let hold = Arc::new(Hold::new(self.clone()));
        holds.push(Arc::downgrade(&hold));
        hold
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn state(&self) -> HoldState {
        *self.state.borrow()
    }

    /// Returns whether the node is certainly held at this moment: the server must still honour the session.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_current() && self.session.is_alive()
    }

    /// Returns the reason why the node is not certainly held, if no loss was reported yet.
    pub(crate) fn likely_loss(&self) -> Loss {
        if self.session.is_gone() { Loss::SessionGone } else { Loss::LeaseEnded }
    }

    /// Declares the node lost if the lease of its session has ended, so that an answer that comes later does not make it held
    /// again. Returns the reason if it is lost.
    pub(crate) fn lose_if_uncertain(&self) -> Option<Loss> {
        if self.session.is_alive() {
            return None;
        }
        self.session.lease_keeper().remove(self);
        self.lose(self.likely_loss());
        match self.state() {
            HoldState::Lost(loss) => Some(loss),
            HoldState::Held | HoldState::Released => Some(self.likely_loss()),
        }
    }

    /// Returns a new hold. Returns `None` if the node is not held any more.
    pub(crate) fn join(self: &Arc<HeldNode>) -> Option<Arc<Hold>> {
        let mut holds = self.holds.lock();
        self.is_current().then(|| self.add_hold(&mut holds))
    }

    /// Removes a hold from those that are notified.
    pub(crate) fn leave(&self, hold: &Hold) {
        self.holds.lock().retain(|other| !std::ptr::eq(other.as_ptr(), hold));
    }

    /// Releases the node if no hold is left. Returns whether none is: then the caller must delete the node.
    pub(crate) fn close(&self) -> bool {
        let holds = self.holds.lock();
        // Under the lock, so that no hold can be added in between.
        if holds.is_empty() {
            self.end(HoldState::Released);
        }
        holds.is_empty()
    }

    /// Ends the hold of the node. Returns whether it was held until now.
    fn end(&self, new_state: HoldState) -> bool {
        self.state.send_if_modified(|state| {
            let held = *state == HoldState::Held;
            if held {
                *state = new_state;
            }
            held
        })
    }

    pub(crate) fn is_revoke_requested(&self) -> bool {
        self.revoke_requested.load(Ordering::Acquire)
    }

    /// Notes that another node may take this one's position in the queue.
    pub(crate) fn expect_successor(&self) {
        self.has_successor.store(true, Ordering::Release);
    }

    fn holds(&self) -> Vec<Arc<Hold>> {
        self.holds.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// Waits until the node is not held any more. Returns its final state.
    pub(crate) async fn ended(&self) -> HoldState {
        let mut state = self.state.subscribe();
        let ended = state.wait_for(|state| *state != HoldState::Held).await;
        ended.map_or(HoldState::Released, |state| *state)
    }
}

impl Tenant for HeldNode {
    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn node(&self) -> &str {
        &self.node
    }

    fn age(&self) -> Duration {
        self.since.elapsed()
    }

    fn is_current(&self) -> bool {
        self.state() == HoldState::Held
    }

    fn begin_watch(&self) -> bool {
        !self.watched.swap(true, Ordering::AcqRel)
    }

    fn may_have_successor(&self) -> bool {
        self.has_successor.load(Ordering::Acquire)
    }

    fn lose(&self, loss: Loss) {
        if self.end(HoldState::Lost(loss)) {
            tracing::warn!(node = self.node, %loss, "lock lost");
            self.holds().iter().for_each(|hold| hold.notify_lost(loss));
        }
    }

    fn request_revoke(&self) {
        self.revoke_requested.store(true, Ordering::Release);
        self.holds().iter().for_each(|hold| hold.notify_revoke_requested());
    }
}

impl fmt::Debug for HeldNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldNode")
            .field("node", &self.node)
            .field("token", &self.token)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
