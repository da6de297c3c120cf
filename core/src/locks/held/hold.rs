//! One guard's hold on a held node. Several guards may have one each. Each is notified of a loss, and each ends its own.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{HeldNode, HoldState};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::runtime::callback;
use crate::session::{Loss, Tenant};
use crate::stats::Meters;

pub(crate) type Callback<E> = Box<dyn FnOnce(E) + Send>;

/// The recipient of a lock that is handed over instead of being released at the server.
pub(crate) trait Successor: Send + Sync {
    /// Hands the lock over, unless that was done `limit` times already. Returns whether another task holds it now.
    fn hand_over(self: Arc<Self>, context: &Arc<Context>, held_node: &Arc<HeldNode>, limit: u32) -> bool;
}

/// One guard's hold on a node.
pub(crate) struct Hold {
    held_node: Arc<HeldNode>,
    /// The final state, set when the guard ends the hold.
    ended: OnceLock<HoldState>,
    callbacks: Mutex<Callbacks>,
    /// Keeps the record of the owner, if that is known, as long as the hold.
    owner: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// The next holder within the process, if there may be one, and the limit of consecutive hand-overs.
    successor: OnceLock<(Arc<dyn Successor>, u32)>,
}

#[derive(Default)]
struct Callbacks {
    /// Called when the node is lost; dropped uncalled if the hold ends before.
    on_lost: Vec<Callback<Loss>>,
    /// Called when another client asks for the lock; dropped uncalled if the hold ends before, or the node is lost.
    on_revoke: Vec<Callback<()>>,
    /// The start of the hold, and the meters that get its duration when it ends. Cleared by a loss.
    metered: Option<(Instant, Arc<Meters>)>,
}

impl Hold {
    pub(crate) fn new(held_node: Arc<HeldNode>) -> Hold {
        Hold {
            held_node,
            ended: OnceLock::new(),
            callbacks: Mutex::default(),
            owner: OnceLock::new(),
            successor: OnceLock::new(),
        }
    }

    pub(crate) fn held_node(&self) -> &Arc<HeldNode> {
        &self.held_node
    }

    /// Sets the owner's record, once.
    pub(crate) fn set_owner(&self, owner: Arc<dyn Any + Send + Sync>) {
        drop(self.owner.set(owner));
    }

    /// Records the duration of the hold from now on in `meters`, when it ends. With `None` it is not recorded.
    pub(crate) fn measure(&self, meters: Option<&Arc<Meters>>) {
        self.callbacks.lock().metered = meters.map(|meters| (Instant::now(), meters.clone()));
    }

    /// Sets the successor, which gets the lock when the hold ends, unless it was handed over `limit` times already.
    pub(crate) fn set_successor(&self, successor: Arc<dyn Successor>, limit: u32) {
        drop(self.successor.set((successor, limit)));
    }

    /// Returns the successor and its limit of hand-overs.
    pub(crate) fn successor(&self) -> Option<(&Arc<dyn Successor>, u32)> {
        self.successor.get().map(|(successor, limit)| (successor, *limit))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// Returns the state: the final one if the guard has ended the hold, else the node's.
    pub(crate) fn state(&self) -> HoldState {
        self.ended.get().copied().unwrap_or_else(|| self.held_node.state())
    }

    /// Checks that the lock is certainly held at this moment.
    ///
    /// # Errors
    /// `LOCK_LOST` if it is not.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_state()?;
        match self.held_node.lose_if_uncertain() {
            Some(loss) => Err(self.not_held(lost(loss))),
            None => Ok(()),
        }
    }

    /// Checks the same as [`check`](Hold::check), without looking at the clock.
    pub(crate) fn check_state(&self) -> Result<()> {
        match self.state() {
            HoldState::Held => Ok(()),
            HoldState::Released => Err(self.not_held("released".into())),
            HoldState::Lost(loss) => Err(self.not_held(lost(loss))),
        }
    }

    /// Returns how much longer the lock is certainly held if no server answers any more.
    pub(crate) fn lease_remaining(&self) -> Duration {
        match self.state() {
            HoldState::Held => {
                let remaining = self.held_node.session().lease_remaining();
                if remaining.is_zero() {
                    self.held_node.lose_if_uncertain();
                }
                remaining
            }
            HoldState::Released | HoldState::Lost(_) => Duration::ZERO,
        }
    }

    fn not_held(&self, why: String) -> Error {
        Error::new(ErrorCode::LockLost, format!("lock {}: {why}", self.held_node.node()))
    }

    /// Ends the hold: from now on its guard is not notified any more. Returns whether it had not ended before.
    pub(crate) fn end(&self) -> bool {
        let mut callbacks = self.callbacks.lock();
        let state = match self.held_node.state() {
            HoldState::Lost(loss) => HoldState::Lost(loss),
            HoldState::Held | HoldState::Released => HoldState::Released,
        };
        if self.ended.set(state).is_err() {
            return false;
        }
        let Callbacks { on_lost, on_revoke, metered } = match state {
            HoldState::Released => std::mem::take(&mut *callbacks),
            _ => Callbacks::default(),
        };
        drop(callbacks);
        // Outside the lock, because dropping what they own may call back.
        drop((on_lost, on_revoke));
        if let Some((since, meters)) = metered {
            meters.holds.success(since.elapsed());
        }
        // A loss that has happened already is still reported.
        if let HoldState::Lost(loss) = state {
            self.notify_lost(loss);
        }
        self.held_node.leave(self);
        true
    }

    pub(crate) fn notify_lost(&self, loss: Loss) {
        let callbacks = std::mem::take(&mut *self.callbacks.lock());
        drop(callbacks.on_revoke);
        callbacks.on_lost.into_iter().for_each(|callback| callback::dispatch(move || callback(loss)));
    }

    pub(crate) fn notify_revoke_requested(&self) {
        let on_revoke = std::mem::take(&mut self.callbacks.lock().on_revoke);
        on_revoke.into_iter().for_each(|callback| callback::dispatch(move || callback(())));
    }

    /// Calls `callback`, on the callback thread, when the lock is lost; at once if it is lost already.
    pub(crate) fn on_lost(&self, callback: Callback<Loss>) {
        let mut callbacks = self.callbacks.lock();
        // Decided under the lock under which `notify_lost` empties the list, so that no callback is forgotten.
        match self.state() {
            HoldState::Held => callbacks.on_lost.push(callback),
            HoldState::Lost(loss) => callback::dispatch(move || callback(loss)),
            HoldState::Released => {}
        }
    }

    /// Calls `callback`, on the callback thread, when another client asks for the lock; at once if one has asked already.
    pub(crate) fn on_revoke(&self, callback: Callback<()>) {
        let mut callbacks = self.callbacks.lock();
        if self.state() != HoldState::Held {
            return;
        }
        if self.held_node.is_revoke_requested() {
            callback::dispatch(move || callback(()));
        } else {
            callbacks.on_revoke.push(callback);
        }
    }

    /// Waits until the lock is lost. Waits forever if the hold ends without a loss.
    pub(crate) async fn lost(&self) -> Loss {
        let state = self.held_node.ended().await;
        match self.ended.get().copied().unwrap_or(state) {
            HoldState::Lost(loss) => loss,
            HoldState::Held | HoldState::Released => std::future::pending().await,
        }
    }
}

fn lost(loss: Loss) -> String {
    format!("lost: {loss}")
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("held_node", &self.held_node)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
