//! Following a counter's value.

use zkcoord_core::CounterWatch;

use crate::boundary::{boundary_out, free, given, handle};
use crate::counter::zkcoord_counter;
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::time::timed;

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
    boundary_out(out, err, || timed(given("watch", watch)?.0.next(), timeout_ms).wait())
}

/// Takes ownership of the watch. NULL is fine. The counter is not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_watch_free(watch: Option<Box<zkcoord_counter_watch>>) {
    free(watch);
}
