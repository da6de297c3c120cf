//! A mutex, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::guard::Guard;
use crate::inspect::Queue;
use crate::promise::promise;
use crate::stats::WaitStats;

/// A mutual exclusion lock, or one side of a read/write lock.
#[napi]
pub struct Mutex(pub(crate) zkcoord::Mutex);

#[napi]
impl Mutex {
    /// Core's `Mutex::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.acquire(), timeout, Guard)
    }

    /// Core's `Mutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `Mutex::inspect`.
    #[napi(catch_unwind, ts_return_type = "Pending<Queue>")]
    pub fn inspect<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.inspect(), timeout, Queue::from)
    }

    /// Core's `Mutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
