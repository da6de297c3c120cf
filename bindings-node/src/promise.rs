//! An operation of the core as a JavaScript promise.

use std::time::Duration;

use napi::JsValue;
use napi::bindgen_prelude::{Env, ToNapiValue};
use napi::sys;
use napi_derive::napi;
use zkcoord::Op;

use crate::completion_queue::CompletionQueue;
use crate::error::Outcome;

/// An operation that starts when it is returned to JavaScript, where it is a promise of its outcome: `Pending<T>` in
/// TypeScript.
///
/// The promise is never rejected, and it keeps the event loop alive until it is settled. It carries the number by which
/// to [`cancel`] it. The operation is also cancelled if its environment ends first, because a worker is terminated.
pub struct Pending(Start);

/// Starts the operation and returns its promise.
type Start = Box<dyn FnOnce(&Env) -> napi::Result<sys::napi_value>>;

impl Pending {
    /// Wraps `op`, bounded by `timeout` in milliseconds. `into_js` runs on the JavaScript thread.
    pub(crate) fn new<T, J>(
        op: Op<T>,
        timeout: Option<f64>,
        into_js: impl FnOnce(T) -> J + Send + 'static,
    ) -> Pending
    where
        T: Send + 'static,
        J: ToNapiValue + 'static,
    {
        let op = match timeout {
            Some(timeout) => op.timeout(milliseconds(timeout)),
            None => op,
        };
        Pending(Box::new(move |env| start(env, op, into_js)))
    }
}

impl ToNapiValue for Pending {
    unsafe fn to_napi_value(env: sys::napi_env, pending: Self) -> napi::Result<sys::napi_value> {
        (pending.0)(&Env::from_raw(env))
    }
}

fn start<T, J>(
    env: &Env,
    op: Op<T>,
    into_js: impl FnOnce(T) -> J + Send + 'static,
) -> napi::Result<sys::napi_value>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    let queue = CompletionQueue::of(env)?;
    let (number, mut promise) = queue.open(env)?;
    promise.set("number", number)?;
    let outbox = queue.outbox();
    let canceller = op.on_done(move |outcome| {
        // SAFETY: the completion queue calls this on the thread of the environment that it passes.
        let convert = move |env| unsafe { Outcome::to_napi_value(env, Outcome(outcome.map(into_js))) };
        outbox.put(number, Box::new(convert));
    });
    queue.set_canceller(number, canceller);
    Ok(promise.raw())
}

/// Makes the promise with this number resolve to `ERR_ZKCOORD_CANCELLED`, unless it is settled already.
#[napi]
pub fn cancel(env: &Env, number: u32) -> napi::Result<()> {
    CompletionQueue::of(env)?.cancel(number);
    Ok(())
}

/// A duration from TypeScript, which has checked that it is not negative.
pub(crate) fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1000.0).unwrap_or(Duration::MAX)
}
