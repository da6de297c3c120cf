//! Watching the value of a counter.

use std::ffi::c_void;

use zkcoord_core::CounterWatch;

use super::counter::zkcoord_counter;
use crate::error::zkcoord_error;
use crate::exported::exported;
use crate::op::{call_done, zkcoord_destroy_fn, zkcoord_int64_fn};
use crate::pointer::{free, given, handle};
use crate::status::zkcoord_status;
use crate::subscription::{subscribe, zkcoord_subscription};
use crate::time::timed;

/// Calls `fn` with the counter's current value, soon, and then with each new value, until the subscription is freed. If
/// values change faster than `fn` returns, some are skipped, but never the latest one. Lost connections and the expiry
/// of the session do not end the calls.
///
/// Returns a new subscription in `*subscription`, which may be NULL; free it with zkcoord_subscription_free(). Until
/// then it keeps the client's session open. See "Callbacks" above for `destroy`.
///
/// `fn` is also called with failures. After ZKCOORD_STATUS_BAD_DATA, which means that the node contains something other
/// than a counter, it is called with later values. Any other failure, such as ZKCOORD_STATUS_CLOSED or
/// ZKCOORD_STATUS_NOT_AUTHORIZED, ends the calls. `error` is valid until `fn` returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_on_change(
    counter: Option<&zkcoord_counter>,
    r#fn: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    subscription: *mut *mut zkcoord_subscription,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    subscribe(r#fn, user_data, destroy, subscription, err, |function, listener| {
        let counter = &given("counter", counter)?.0;
        counter.on_change(move |value| call_done(function, value, listener.user_data()))
    })
}

/// A watch that returns the values of a counter, one after another. It has at most one watch on the server.
pub struct zkcoord_counter_watch(CounterWatch);

exported! {
    /// Creates a watch on the counter, which it borrows for the call. Sends no request. Returns a new watch; free it
    /// with zkcoord_counter_watch_free().
    fn zkcoord_counter_watch_new(counter: Option<&zkcoord_counter>) -> *mut zkcoord_counter_watch {
        let counter = &given("counter", counter)?.0;
        counter.path()?; // fails in a child of fork()
        handle(zkcoord_counter_watch(counter.watch()))
    }
}

exported! {
    /// Blocks until the value differs from that of the previous call, and stores it in `*out`. The first call returns
    /// the current value at once. If values change faster than they are requested, some are skipped, but never the
    /// latest one. A missing node has the counter's default value. Lost connections and the expiry of the session do
    /// not end the wait. Calls of several threads take turns, and each value is returned to one of them.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if there was no other value in time; the next call continues. Fails with
    /// ZKCOORD_STATUS_BAD_DATA if the node contains something other than a counter; the next call waits until that has
    /// changed. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
    fn zkcoord_counter_watch_next(watch: Option<&zkcoord_counter_watch>, timeout_ms: i64) -> i64 {
        timed(given("watch", watch)?.0.next(), timeout_ms)
    }
    /// `done` receives the value.
    async fn zkcoord_counter_watch_next_async(done: zkcoord_int64_fn);
}

/// Takes ownership of the watch and frees it. NULL is allowed. The counter is not affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_watch_free(watch: Option<Box<zkcoord_counter_watch>>) {
    free(watch);
}
