//! The core's `ReentrantMutex`, method by method.

use napi_derive::napi;

use crate::guard::Guard;
use crate::inspect::Queue;
use crate::promise::Pending;
use crate::stats::WaitStats;

/// A mutex that its owner may acquire several times. TypeScript names the owner, because all callers share one thread.
#[napi]
pub struct ReentrantMutex(pub(crate) zkcoord::ReentrantMutex);

impl ReentrantMutex {
    fn for_owner(&self, owner: f64) -> zkcoord::ReentrantMutex {
        self.0.clone().owned_by(owner as u64)
    }
}

#[napi]
impl ReentrantMutex {
    /// Core's `ReentrantMutex::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire(&self, owner: f64, timeout: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).acquire(), timeout, Guard)
    }

    /// Core's `ReentrantMutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire(&self, owner: f64, timeout: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `ReentrantMutex::inspect`.
    #[napi(catch_unwind, ts_return_type = "Pending<Queue>")]
    pub fn inspect(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.inspect(), timeout, Queue::from)
    }

    /// Core's `ReentrantMutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
