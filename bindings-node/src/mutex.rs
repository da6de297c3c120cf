//! A mutex, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::guard::Guard;
use crate::promise::promise;

/// A mutual exclusion lock.
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
}
