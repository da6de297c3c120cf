//! What is held: a lock's node that this process owns. Loss is told to it; guards have shares in it (`share.rs`).

pub(crate) mod fenced_write;
pub(crate) mod share;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::session::{Loss, Session, Tenant};

use share::Share;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Held,
    Released,
    Lost(Loss),
}

/// A lock's node that this process owns.
pub(crate) struct Holding {
    session: Arc<Session>,
    node: String,
    token: u64,
    since: Instant,
    standing: watch::Sender<Standing>,
    /// A guard's share leaves before it goes.
    shares: Mutex<Vec<Weak<Share>>>,
    watched: AtomicBool,
    asked_back: AtomicBool,
    has_successor: AtomicBool,
}

impl Holding {
    /// Begins a holding, in the care of its session's keeper: its first share.
    pub(crate) fn begin(session: &Arc<Session>, node: String, token: u64) -> Arc<Share> {
        let holding = Arc::new(Holding {
            session: session.clone(),
            node,
            token,
            since: Instant::now(),
            standing: watch::Sender::new(Standing::Held),
            shares: Mutex::default(),
            watched: AtomicBool::new(false),
            asked_back: AtomicBool::new(false),
            has_successor: AtomicBool::new(false),
        });
        let share = holding.add(&mut holding.shares.lock());
        session.keeper().hold(holding);
        share
    }

    fn add(self: &Arc<Holding>, shares: &mut Vec<Weak<Share>>) -> Arc<Share> {
        let share = Arc::new(Share::new(self.clone()));
        shares.push(Arc::downgrade(&share));
        share
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Whether it is held for certain at this moment: the server must still honour the session.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_current() && self.session.is_alive()
    }

    /// Why it is not certain to be held, if it is not lost already.
    pub(crate) fn doubt(&self) -> Loss {
        if self.session.is_gone() { Loss::SessionGone } else { Loss::LeaseEnded }
    }

    /// A new share. `None` when the holding is over.
    pub(crate) fn join(self: &Arc<Holding>) -> Option<Arc<Share>> {
        let mut shares = self.shares.lock();
        self.is_current().then(|| self.add(&mut shares))
    }

    /// Takes a share out of those that are told of a loss.
    pub(crate) fn leave(&self, share: &Share) {
        self.shares.lock().retain(|other| !std::ptr::eq(other.as_ptr(), share));
    }

    /// Ends the holding in good order if nobody shares it any more. Says whether nobody does: then its node is to be deleted.
    pub(crate) fn close(&self) -> bool {
        let shares = self.shares.lock();
        // Under the lock, so that nobody can join in between.
        if shares.is_empty() {
            self.conclude(Standing::Released);
        }
        shares.is_empty()
    }

    fn conclude(&self, to: Standing) -> bool {
        self.standing.send_if_modified(|standing| {
            let held = *standing == Standing::Held;
            if held {
                *standing = to;
            }
            held
        })
    }

    pub(crate) fn is_asked_back(&self) -> bool {
        self.asked_back.load(Ordering::Acquire)
    }

    /// Notes that another node may take the place of this one in the queue.
    pub(crate) fn expect_successor(&self) {
        self.has_successor.store(true, Ordering::Release);
    }

    fn shares(&self) -> Vec<Arc<Share>> {
        self.shares.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// Waits until it is over, and says how.
    pub(crate) async fn over(&self) -> Standing {
        let mut standing = self.standing.subscribe();
        let over = standing.wait_for(|standing| *standing != Standing::Held).await;
        over.map_or(Standing::Released, |standing| *standing)
    }
}

impl Tenant for Holding {
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
        self.standing() == Standing::Held
    }

    fn begin_watch(&self) -> bool {
        !self.watched.swap(true, Ordering::AcqRel)
    }

    fn may_have_successor(&self) -> bool {
        self.has_successor.load(Ordering::Acquire)
    }

    fn lose(&self, loss: Loss) {
        if self.conclude(Standing::Lost(loss)) {
            tracing::warn!(node = self.node, %loss, "lock lost");
            self.shares().iter().for_each(|share| share.tell_loss(loss));
        }
    }

    fn ask_back(&self) {
        self.asked_back.store(true, Ordering::Release);
        self.shares().iter().for_each(|share| share.tell_revocation());
    }
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holding")
            .field("node", &self.node)
            .field("token", &self.token)
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}
