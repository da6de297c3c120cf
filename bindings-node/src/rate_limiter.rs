//! A rate limiter, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::promise::promise;
use crate::stats::WaitStats;

/// At most so many permits in any stretch of time.
#[napi]
pub struct RateLimiter(pub(crate) zkcoord::RateLimiter);

#[napi]
impl RateLimiter {
    /// Core's `RateLimiter::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn acquire<'env>(
        &self,
        env: &'env Env,
        permits: u32,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.acquire(u64::from(permits)), timeout, |()| ())
    }

    /// Core's `RateLimiter::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn try_acquire<'env>(
        &self,
        env: &'env Env,
        permits: u32,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.try_acquire(u64::from(permits)), timeout, |had| had)
    }

    /// Core's `RateLimiter::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
