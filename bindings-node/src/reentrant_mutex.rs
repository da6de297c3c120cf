//! A mutex that its owner may take several times, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::guard::Guard;
use crate::inspect::Queue;
use crate::promise::promise;
use crate::stats::WaitStats;

/// A mutex that its owner may take several times. TypeScript says who that is: every caller is on the same thread.
#[napi]
pub struct ReentrantMutex(pub(crate) zkcoord::ReentrantMutex);

impl ReentrantMutex {
    fn owned_by(&self, owner: f64) -> zkcoord::ReentrantMutex {
        self.0.clone().owned_by(owner as u64)
    }
}

#[napi]
impl ReentrantMutex {
    /// Core's `ReentrantMutex::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire<'env>(
        &self,
        env: &'env Env,
        owner: f64,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.owned_by(owner).acquire(), timeout, Guard)
    }

    /// Core's `ReentrantMutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire<'env>(
        &self,
        env: &'env Env,
        owner: f64,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.owned_by(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `ReentrantMutex::inspect`.
    #[napi(catch_unwind, ts_return_type = "Pending<Queue>")]
    pub fn inspect<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.inspect(), timeout, Queue::from)
    }

    /// Core's `ReentrantMutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
