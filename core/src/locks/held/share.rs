//! One guard's share in a holding. Several guards may have one; each is told of the loss, and each ends its own.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Holding, Standing};
use crate::context::Core;
use crate::error::{Error, ErrorCode, Result};
use crate::runtime::callback;
use crate::session::{Loss, Tenant};
use crate::stats::Meters;

pub(crate) type OnLost = Box<dyn FnOnce(Loss) + Send>;
pub(crate) type OnRevoke = Box<dyn FnOnce() + Send>;

/// The next to hold a lock when a share of it ends.
pub(crate) trait Successor: Send + Sync {
    /// Hands the lock on, unless that was done `limit` times already. Returns whether somebody has it now.
    fn hand_over(self: Arc<Self>, core: &Arc<Core>, holding: &Arc<Holding>, limit: u32) -> bool;
}

/// What one guard has of a holding.
pub(crate) struct Share {
    holding: Arc<Holding>,
    /// How the holding stood when the share was given up.
    ended: OnceLock<Standing>,
    calls: Mutex<Calls>,
    /// Whose it is, where that is known.
    owner: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// Who gets the lock next, if anybody may, and how often it may have been handed over before.
    line: OnceLock<(Arc<dyn Successor>, u32)>,
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

impl Share {
    pub(crate) fn new(holding: Arc<Holding>) -> Share {
        Share {
            holding,
            ended: OnceLock::new(),
            calls: Mutex::default(),
            owner: OnceLock::new(),
            line: OnceLock::new(),
        }
    }

    pub(crate) fn holding(&self) -> &Arc<Holding> {
        &self.holding
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
    pub(crate) fn goes_to_line(&self, line: Arc<dyn Successor>, limit: u32) {
        drop(self.line.set((line, limit)));
    }

    /// The line that the lock goes to in the end.
    pub(crate) fn line(&self) -> Option<(&Arc<dyn Successor>, u32)> {
        self.line.get().map(|(line, limit)| (line, *limit))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// How it stands for this share: given up by its guard, or else as the holding.
    pub(crate) fn standing(&self) -> Standing {
        self.ended.get().copied().unwrap_or_else(|| self.holding.standing())
    }

    /// Checks that the lock is held for certain at this moment.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_standing()?;
        match self.holding.session().is_alive() {
            true => Ok(()),
            false => Err(self.error(self.holding.doubt())),
        }
    }

    /// As [`check`](Share::check), without a look at the clock.
    pub(crate) fn check_standing(&self) -> Result<()> {
        match self.standing() {
            Standing::Held => Ok(()),
            Standing::Released => Err(self.error("it was released")),
            Standing::Lost(loss) => Err(self.error(loss)),
        }
    }

    /// How much longer it is held for certain, if no server answers any more.
    pub(crate) fn lease_remaining(&self) -> Duration {
        match self.standing() {
            Standing::Held => self.holding.session().lease_remaining(),
            Standing::Released | Standing::Lost(_) => Duration::ZERO,
        }
    }

    fn error(&self, why: impl fmt::Display) -> Error {
        Error::new(ErrorCode::LockLost, format!("lock {}: {why}", self.holding.node()))
    }

    /// Gives the share up; from now on nothing is told to its guard. Says whether that was not done before.
    pub(crate) fn end(&self) -> bool {
        let mut calls = self.calls.lock();
        let standing = match self.holding.standing() {
            Standing::Lost(loss) => Standing::Lost(loss),
            Standing::Held | Standing::Released => Standing::Released,
        };
        if self.ended.set(standing).is_err() {
            return false;
        }
        let Calls { on_lost, on_revoke, measured } = match standing {
            Standing::Released => std::mem::take(&mut *calls),
            _ => Calls::default(),
        };
        drop(calls);
        // Outside the lock: what they own may call back.
        drop((on_lost, on_revoke));
        if let Some((since, meters)) = measured {
            meters.holds.success(since.elapsed());
        }
        // Of a loss that has happened already it is still told.
        if let Standing::Lost(loss) = standing {
            self.tell_loss(loss);
        }
        self.holding.leave(self);
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
        match self.standing() {
            Standing::Held => calls.on_lost.push(tell),
            Standing::Lost(loss) => callback::dispatch(move || tell(loss)),
            Standing::Released => {}
        }
    }

    /// Registers `tell`; it is called at once, on the callback thread, when somebody has asked already.
    pub(crate) fn on_revoke(&self, tell: OnRevoke) {
        let mut calls = self.calls.lock();
        if self.standing() != Standing::Held {
            return;
        }
        if self.holding.is_asked_back() {
            callback::dispatch(tell);
        } else {
            calls.on_revoke.push(tell);
        }
    }

    /// Waits until the lock is lost. Waits for ever when the share is given up.
    pub(crate) async fn lost(&self) -> Loss {
        let standing = self.holding.over().await;
        match self.ended.get().copied().unwrap_or(standing) {
            Standing::Lost(loss) => loss,
            Standing::Held | Standing::Released => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("holding", &self.holding)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
