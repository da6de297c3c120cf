//! Following a counter's value.

use std::ffi::c_void;

use zkcoord_core::CounterWatch;

use crate::boundary::{boundary_out, free, given, handle};
use crate::counter::zkcoord_counter;
use crate::error::zkcoord_error;
use crate::op::{begin, complete, wait, zkcoord_destroy_fn, zkcoord_int64_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::subscription::{subscribe, zkcoord_subscription};
use crate::time::timed;

/// Calls `fn` with the counter's value, soon, and then with each new one, until the subscription is freed. Values that follow
/// each other faster than `fn` returns are left out; the latest never is. Goes on through lost connections and the session's
/// expiry. Returns a new subscription in `*subscription`, which may be NULL; free with zkcoord_subscription_free(). Until then
/// it keeps the client's session open. See "Callbacks" above for `destroy`.
///
/// `fn` also gets failures: ZKCOORD_STATUS_BAD_DATA when the node holds something else than a counter, and then what comes
/// after; any other, as ZKCOORD_STATUS_CLOSED or ZKCOORD_STATUS_NOT_AUTHORIZED, ends the calls. `error` lives until `fn`
/// returns.
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
        counter.on_change(move |value| complete(function, value, listener.user_data()))
    })
}

/// The values of a counter, one after another. It has at most one watch on the server.
pub struct zkcoord_counter_watch(CounterWatch);

/// Follows the counter, which it borrows for the call. No request is sent. Returns a new watch; free with
/// zkcoord_counter_watch_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_watch_new(
    counter: Option<&zkcoord_counter>,
    out: *mut *mut zkcoord_counter_watch,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let counter = &given("counter", counter)?.0;
        counter.path()?; // FORKED
        Ok(handle(zkcoord_counter_watch(counter.watch())))
    })
}

/// Waits until the value is another one than the call before gave, and stores it in `*out`; the first call gives the
/// current value at once. Values that follow each other faster than they are asked for are left out; the latest never is. A
/// node that is missing has the counter's default. Goes on through lost connections and the session's expiry. Calls of
/// several threads take turns, and each value goes to one of them.
///
/// ZKCOORD_STATUS_TIMEOUT when there was no other value in time: the next call goes on with it.
/// ZKCOORD_STATUS_BAD_DATA when the node holds something else than a counter: the next call waits until that has changed.
/// ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_watch_next(
    watch: Option<&zkcoord_counter_watch>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("watch", watch)?.0.next(), timeout_ms)))
}

/// As zkcoord_counter_watch_next(), but does not wait: `done` gets the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_watch_next_async(
    watch: Option<&zkcoord_counter_watch>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("watch", watch)?.0.next(), timeout_ms)))
}

/// Takes ownership of the watch. NULL is fine. The counter is not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_watch_free(watch: Option<Box<zkcoord_counter_watch>>) {
    free(watch);
}
