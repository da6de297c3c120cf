//! An operation of the core as a promise.

use std::time::Duration;

use napi::bindgen_prelude::{Env, Object, ToNapiValue};
use napi_derive::napi;
use zkcoord::Op;

use crate::error::Outcome;

/// Starts `op` and returns the promise of its outcome: `Pending<T>` in TypeScript. It is never rejected. It keeps the
/// event loop alive until it is settled. `into_js` runs on the JavaScript thread.
///
/// The promise carries its canceller. Node holds on to a promise until it is settled or its environment ends; in the
/// second case, when a worker is terminated, the canceller goes with it and cancels.
pub(crate) fn promise<'env, T, J>(
    env: &'env Env,
    op: Op<T>,
    timeout: Option<f64>,
    into_js: impl FnOnce(T) -> J + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    let (deferred, mut promise) = env.create_deferred()?;
    let op = match timeout {
        Some(timeout) => op.timeout(milliseconds(timeout)),
        None => op,
    };
    let canceller = op.on_done(move |outcome| {
        deferred.resolve(move |_| Ok(Outcome(outcome.map(into_js))));
    });
    promise.set("canceller", Canceller(canceller))?;
    Ok(promise)
}

/// A time from TypeScript, which has checked that it is no less than 0.
pub(crate) fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1000.0).unwrap_or(Duration::MAX)
}

/// Cancels one operation, at the latest when it is collected. Does nothing once the operation is done.
#[napi]
pub struct Canceller(zkcoord::Canceller);

#[napi]
impl Canceller {
    /// Makes the promise resolve to `ERR_ZKCOORD_CANCELLED`, unless it was done already.
    #[napi]
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl Drop for Canceller {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
