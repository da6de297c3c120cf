//! What is held: the part of a guard that outlives its owner's attention, and that loss is told to.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::callback;

/// Why a lock is not held any more although it was not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// No server confirmed the session for so long that it may have ended.
    LeaseEnded,
    /// The session is over.
    SessionGone,
    /// Somebody deleted the lock's node.
    NodeDeleted,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::LeaseEnded => "no server confirmed the session within its lease",
            Loss::SessionGone => "the session is over",
            Loss::NodeDeleted => "its node was deleted by somebody else",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Held,
    Released,
    Lost(Loss),
}

type OnLost = Box<dyn FnOnce(Loss) + Send>;
type OnRevoke = Box<dyn FnOnce() + Send>;

/// A lock node that this process owns.
pub(crate) struct Holding {
    node: String,
    token: u64,
    since: Instant,
    standing: watch::Sender<Standing>,
    /// Called when the holding is lost; dropped uncalled when it is released.
    on_lost: Mutex<Vec<OnLost>>,
    watched: AtomicBool,
    asked_back: AtomicBool,
    /// Called when somebody asks for the lock; dropped uncalled when it is released or lost.
    on_revoke: Mutex<Vec<OnRevoke>>,
}

impl Holding {
    pub(crate) fn new(node: String, token: u64) -> Holding {
        Holding {
            node,
            token,
            since: Instant::now(),
            standing: watch::Sender::new(Standing::Held),
            on_lost: Mutex::new(Vec::new()),
            watched: AtomicBool::new(false),
            asked_back: AtomicBool::new(false),
            on_revoke: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    pub(crate) fn is_current(&self) -> bool {
        self.standing() == Standing::Held
    }

    /// Whether the caller is the first that wants to watch the node.
    pub(crate) fn begin_watch(&self) -> bool {
        !self.watched.swap(true, Ordering::AcqRel)
    }

    /// Ends the holding in good order. Whether it was still held.
    pub(crate) fn release(&self) -> bool {
        let released = self.leave(Standing::Released);
        if released {
            // Dropped outside the lock: what they own may call back.
            let uncalled =
                (std::mem::take(&mut *self.on_lost.lock()), std::mem::take(&mut *self.on_revoke.lock()));
            drop(uncalled);
        }
        released
    }

    /// Declares it lost, unless it was released or lost before, and tells everyone who asked.
    pub(crate) fn lose(&self, loss: Loss) {
        if self.leave(Standing::Lost(loss)) {
            tracing::warn!(node = self.node, %loss, "lock lost");
            let waiting = std::mem::take(&mut *self.on_lost.lock());
            let uncalled = std::mem::take(&mut *self.on_revoke.lock());
            drop(uncalled);
            for tell in waiting {
                callback::dispatch(move || tell(loss));
            }
        }
    }

    fn leave(&self, to: Standing) -> bool {
        self.standing.send_if_modified(|standing| {
            let held = *standing == Standing::Held;
            if held {
                *standing = to;
            }
            held
        })
    }

    /// Registers `tell`; it is called at once, on the callback thread, when the holding is lost already.
    pub(crate) fn on_lost(&self, tell: OnLost) {
        let mut waiting = self.on_lost.lock();
        // Decided under the lock that `lose` empties the list with, so that none is forgotten.
        match self.standing() {
            Standing::Held => waiting.push(tell),
            Standing::Lost(loss) => callback::dispatch(move || tell(loss)),
            Standing::Released => {}
        }
    }

    /// Notes that somebody asks for the lock, and tells everyone who wants to know. The owner decides.
    pub(crate) fn ask_back(&self) {
        let mut waiting = self.on_revoke.lock();
        self.asked_back.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *waiting);
        waiting.into_iter().for_each(callback::dispatch);
    }

    pub(crate) fn is_asked_back(&self) -> bool {
        self.asked_back.load(Ordering::Acquire)
    }

    /// Registers `tell`; it is called at once, on the callback thread, when somebody has asked already.
    pub(crate) fn on_revoke(&self, tell: OnRevoke) {
        let mut waiting = self.on_revoke.lock();
        if !self.is_current() {
            return;
        }
        if self.is_asked_back() {
            callback::dispatch(tell);
        } else {
            waiting.push(tell);
        }
    }

    /// Waits until the holding is lost. Waits for ever when it is released.
    pub(crate) async fn lost(&self) -> Loss {
        let mut standing = self.standing.subscribe();
        loop {
            if let Standing::Lost(loss) = *standing.borrow_and_update() {
                return loss;
            }
            if standing.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
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
