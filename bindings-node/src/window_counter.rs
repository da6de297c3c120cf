//! The core's `WindowCounter`, method by method.

use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::promise::Pending;

/// Counts the events of a time window. TypeScript has checked that the numbers fit into 64 bits without sign.
#[napi]
pub struct WindowCounter(pub(crate) zkcoord::WindowCounter);

#[napi]
impl WindowCounter {
    /// Core's `WindowCounter::add`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn add(&self, n: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.add(n.get_u64().1), timeout, |count| count)
    }

    /// Core's `WindowCounter::count`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn count(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.count(), timeout, |count| count)
    }
}
