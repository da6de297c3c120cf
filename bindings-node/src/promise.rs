//! An operation of the core as a promise.

use std::time::Duration;

use napi::bindgen_prelude::{Env, Object, ToNapiValue};
use napi_derive::napi;
use zkcoord::Op;

use crate::desk::Desk;
use crate::error::Outcome;

/// Starts `op` and returns the promise of its outcome: `Pending<T>` in TypeScript. It is never rejected. It keeps the
/// event loop alive until it is settled. `into_js` runs on the JavaScript thread.
///
/// The promise carries the number by which to [`cancel`] it. When its environment ends before that, because a worker is
/// terminated, it is cancelled too.
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
    let desk = Desk::of(env)?;
    let (number, mut promise) = desk.open(env)?;
    promise.set("number", number)?;
    let op = match timeout {
        Some(timeout) => op.timeout(milliseconds(timeout)),
        None => op,
    };
    let outbox = desk.outbox();
    let canceller = op.on_done(move |outcome| {
        // SAFETY: the desk calls this on the thread of the environment that it passes.
        let convert = move |env| unsafe { Outcome::to_napi_value(env, Outcome(outcome.map(into_js))) };
        outbox.put(number, Box::new(convert));
    });
    desk.keep(number, canceller);
    Ok(promise)
}

/// Makes the promise with this number resolve to `ERR_ZKCOORD_CANCELLED`, unless it is settled already.
#[napi]
pub fn cancel(env: &Env, number: u32) -> napi::Result<()> {
    Desk::of(env)?.cancel(number);
    Ok(())
}

/// A time from TypeScript, which has checked that it is no less than 0.
pub(crate) fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1000.0).unwrap_or(Duration::MAX)
}
