//! The core's `StripedCounter`, method by method.

use napi::bindgen_prelude::{BigInt, i64n};
use napi_derive::napi;

use crate::counter::int;
use crate::error::Outcome;
use crate::promise::Pending;

/// A sum to which many clients add often. Adds that are not written yet are written in the background when this is
/// garbage collected.
#[napi]
pub struct StripedCounter(pub(crate) zkcoord::StripedCounter);

#[napi]
impl StripedCounter {
    /// Core's `StripedCounter::add`.
    #[napi(catch_unwind, ts_return_type = "Outcome<void>")]
    pub fn add(&self, n: BigInt) -> Outcome<()> {
        Outcome(self.0.add(int(&n)))
    }

    /// Core's `StripedCounter::flush`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn flush(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.flush(), timeout, |()| ())
    }

    /// Core's `StripedCounter::sum`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn sum(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.sum(), timeout, i64n)
    }
}
