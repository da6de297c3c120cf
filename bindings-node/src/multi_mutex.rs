//! The core's `MultiMutex`, method by method.

use napi_derive::napi;

use crate::guard::Guard;
use crate::promise::Pending;
use crate::stats::WaitStats;

/// Several mutexes acquired as one.
#[napi]
pub struct MultiMutex(pub(crate) zkcoord::MultiMutex);

impl MultiMutex {
    /// Names the owner to the core, which checks it for deadlocks.
    fn for_owner(&self, owner: Option<f64>) -> zkcoord::MultiMutex {
        let mutex = self.0.clone();
        match owner {
            None => mutex,
            Some(owner) => mutex.asked_by(owner as u64),
        }
    }
}

#[napi]
impl MultiMutex {
    /// Core's `MultiMutex::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire(&self, timeout: Option<f64>, owner: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).acquire(), timeout, Guard)
    }

    /// Core's `MultiMutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire(&self, timeout: Option<f64>, owner: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `MultiMutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
