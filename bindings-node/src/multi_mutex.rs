//! Several mutexes taken as one, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::guard::Guard;
use crate::promise::promise;
use crate::stats::WaitStats;

/// Several mutexes taken as one.
#[napi]
pub struct MultiMutex(pub(crate) zkcoord::MultiMutex);

impl MultiMutex {
    fn wanted_by(&self, owner: Option<f64>) -> zkcoord::MultiMutex {
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
    pub fn acquire<'env>(
        &self,
        env: &'env Env,
        timeout: Option<f64>,
        owner: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.wanted_by(owner).acquire(), timeout, Guard)
    }

    /// Core's `MultiMutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire<'env>(
        &self,
        env: &'env Env,
        timeout: Option<f64>,
        owner: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.wanted_by(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `MultiMutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}
