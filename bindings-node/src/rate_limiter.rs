//! The core's `RateLimiter`, method by method.

use napi_derive::napi;

use crate::promise::Pending;
use crate::stats::WaitStats;

/// A limit of permits in any interval of a given length.
#[napi]
pub struct RateLimiter(pub(crate) zkcoord::RateLimiter);

#[napi]
impl RateLimiter {
    /// Core's `RateLimiter::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn acquire(&self, permits: u32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.acquire(u64::from(permits)), timeout, |()| ())
    }

    /// Core's `RateLimiter::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn try_acquire(&self, permits: u32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.try_acquire(u64::from(permits)), timeout, |acquired| acquired)
    }

    /// Core's `RateLimiter::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
