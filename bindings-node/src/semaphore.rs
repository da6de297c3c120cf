//! The core's `Semaphore`, method by method.

use napi_derive::napi;

use crate::guard::Guard;
use crate::promise::Pending;
use crate::stats::WaitStats;

/// A semaphore.
#[napi]
pub struct Semaphore(pub(crate) zkcoord::Semaphore);

#[napi]
impl Semaphore {
    /// Core's `Semaphore::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire(&self, permits: u32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.acquire(permits as usize), timeout, Guard)
    }

    /// Core's `Semaphore::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire(&self, permits: u32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.try_acquire(permits as usize), timeout, |guard| guard.map(Guard))
    }

    /// Core's `Semaphore::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
