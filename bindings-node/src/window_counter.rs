//! A window counter, method by method.

use napi::bindgen_prelude::{BigInt, Env, Object};
use napi_derive::napi;

use crate::promise::promise;

/// Counts the events of a time window. TypeScript has checked that the numbers fit into 64 bits without sign.
#[napi]
pub struct WindowCounter(pub(crate) zkcoord::WindowCounter);

#[napi]
impl WindowCounter {
    /// Core's `WindowCounter::add`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn add<'env>(&self, env: &'env Env, n: BigInt, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.add(n.get_u64().1), timeout, |count| count)
    }

    /// Core's `WindowCounter::count`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn count<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.count(), timeout, |count| count)
    }
}
