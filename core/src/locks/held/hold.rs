//! One guard's share in a holding. Several guards may have one; each is told of the loss, and each ends its own.

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

pub(crate) type OnLost = Box<dyn FnOnce(Loss) + Send>;
pub(crate) type OnRevoke = Box<dyn FnOnce() + Send>;

/// The next to hold a lock when a share of it ends.
pub(crate) trait Successor: Send + Sync {
    /// Hands the lock on, unless that was done `limit` times already. Returns whether somebody has it now.
    fn hand_over(self: Arc<Self>, context: &Arc<Context>, held_node: &Arc<HeldNode>, limit: u32) -> bool;
}

/// What one guard has of a holding.
pub(crate) struct Hold {
    held_node: Arc<HeldNode>,
    /// How the holding stood when the share was given up.
    ended: OnceLock<HoldState>,
    calls: Mutex<Calls>,
    /// Whose it is, where that is known.
    owner: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// Who gets the lock next, if anybody may, and how often it may have been handed over before.
    local_queue: OnceLock<(Arc<dyn Successor>, u32)>,
}

#[derive(Default)]
struct Calls {
    /// Called when the holding is lost; dropped uncalled when the share is given up before.
    on_lost: Vec<OnLost>,
    /// Called when somebody asks for the lock; dropped uncalled when the share is given up before, or the holding lost.
    on_revoke: Vec<OnRevoke>,
    /// Since when it is held, and where that is noted when the share is given up. A loss takes it away.
    measured: Option<(Instant, Arc<Meters>)>,
}

impl Hold {
    pub(crate) fn new(held_node: Arc<HeldNode>) -> Hold {
        Hold {
            held_node,
            ended: OnceLock::new(),
            calls: Mutex::default(),
            owner: OnceLock::new(),
            local_queue: OnceLock::new(),
        }
    }

    pub(crate) fn held_node(&self) -> &Arc<HeldNode> {
        &self.held_node
    }

    /// Notes whose it is, once.
    pub(crate) fn belongs_to(&self, owner: Arc<dyn Any + Send + Sync>) {
        drop(self.owner.set(owner));
    }

    /// Notes in `meters`, in the end, how long it was held from now on. Nothing is noted with none.
    pub(crate) fn measure(&self, meters: Option<&Arc<Meters>>) {
        self.calls.lock().measured = meters.map(|meters| (Instant::now(), meters.clone()));
    }

    /// Has the lock handed over to `line` in the end, if it was not handed over `limit` times already.
    pub(crate) fn passes_to(&self, local_queue: Arc<dyn Successor>, limit: u32) {
        drop(self.local_queue.set((local_queue, limit)));
    }

    /// The line that the lock goes to in the end.
    pub(crate) fn local_queue(&self) -> Option<(&Arc<dyn Successor>, u32)> {
        self.local_queue.get().map(|(local_queue, limit)| (local_queue, *limit))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// How it stands for this share: given up by its guard, or else as the holding.
    pub(crate) fn state(&self) -> HoldState {
        self.ended.get().copied().unwrap_or_else(|| self.held_node.state())
    }

    /// Checks that the lock is held for certain at this moment.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_state()?;
        match self.held_node.lose_if_uncertain() {
            Some(loss) => Err(self.error(loss)),
            None => Ok(()),
        }
    }

    /// As [`check`](Share::check), without a look at the clock.
    pub(crate) fn check_state(&self) -> Result<()> {
        match self.state() {
            HoldState::Held => Ok(()),
            HoldState::Released => Err(self.error("it was released")),
            HoldState::Lost(loss) => Err(self.error(loss)),
        }
    }

    /// How much longer it is held for certain, if no server answers any more.
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

    fn error(&self, why: impl fmt::Display) -> Error {
        Error::new(ErrorCode::LockLost, format!("lock {}: {why}", self.held_node.node()))
    }

    /// Gives the share up; from now on nothing is told to its guard. Says whether that was not done before.
    pub(crate) fn end(&self) -> bool {
        let mut calls = self.calls.lock();
        let state = match self.held_node.state() {
            HoldState::Lost(loss) => HoldState::Lost(loss),
            HoldState::Held | HoldState::Released => HoldState::Released,
        };
        if self.ended.set(state).is_err() {
            return false;
        }
        let Calls { on_lost, on_revoke, measured } = match state {
            HoldState::Released => std::mem::take(&mut *calls),
            _ => Calls::default(),
        };
        drop(calls);
        // Outside the lock: what they own may call back.
        drop((on_lost, on_revoke));
        if let Some((since, meters)) = measured {
            meters.holds.success(since.elapsed());
        }
        // Of a loss that has happened already it is still told.
        if let HoldState::Lost(loss) = state {
            self.tell_loss(loss);
        }
        self.held_node.leave(self);
        true
    }

    pub(crate) fn tell_loss(&self, loss: Loss) {
        let calls = std::mem::take(&mut *self.calls.lock());
        drop(calls.on_revoke);
        calls.on_lost.into_iter().for_each(|tell| callback::dispatch(move || tell(loss)));
    }

    pub(crate) fn tell_revocation(&self) {
        let waiting = std::mem::take(&mut self.calls.lock().on_revoke);
        waiting.into_iter().for_each(callback::dispatch);
    }

    /// Registers `tell`; it is called at once, on the callback thread, when the lock is lost already.
    pub(crate) fn on_lost(&self, tell: OnLost) {
        let mut calls = self.calls.lock();
        // Decided under the lock that `tell_loss` empties the list with, so that none is forgotten.
        match self.state() {
            HoldState::Held => calls.on_lost.push(tell),
            HoldState::Lost(loss) => callback::dispatch(move || tell(loss)),
            HoldState::Released => {}
        }
    }

    /// Registers `tell`; it is called at once, on the callback thread, when somebody has asked already.
    pub(crate) fn on_revoke(&self, tell: OnRevoke) {
        let mut calls = self.calls.lock();
        if self.state() != HoldState::Held {
            return;
        }
        if self.held_node.is_revoke_requested() {
            callback::dispatch(tell);
        } else {
            calls.on_revoke.push(tell);
        }
    }

    /// Waits until the lock is lost. Waits for ever when the share is given up.
    pub(crate) async fn lost(&self) -> Loss {
        let state = self.held_node.over().await;
        match self.ended.get().copied().unwrap_or(state) {
            HoldState::Lost(loss) => loss,
            HoldState::Held | HoldState::Released => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("holding", &self.held_node)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
