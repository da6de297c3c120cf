//! Counting the events of the last so many seconds.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, Op, WindowCounter};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::number::number;
use crate::op::{begin, wait, zkcoord_destroy_fn, zkcoord_int64_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::{duration, timed};

/// Counts the events of the last so many milliseconds, the window. A node that is missing counts as no events and is made by
/// the first add.
///
/// The window is divided into buckets, and events are forgotten a bucket at a time: an event counts for at least the window
/// from the call of its add on, and at most a bucket and some round trips longer. The time is that of the ensemble's leader;
/// the clocks of the machines that run clients do not matter. Adds are exact, as those of a zkcoord_counter.
///
/// All buckets are written by each add: 60 are cheap, 10000 are not. Everyone who shares the path must give the same window
/// and buckets; they are written in the node.
pub struct zkcoord_window_counter(WindowCounter);

/// Makes a window counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for
/// the call; returns a new window counter; free with zkcoord_window_counter_free(). A minute in 60 buckets is a good start.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, for a window that is not from 1 ms to 100 years, and for buckets
/// that are not from 1 to 10000, or are shorter than 1 ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_window_counter_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    window_ms: i64,
    buckets: i64,
    out: *mut *mut zkcoord_window_counter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let (window, buckets) = (duration("window", window_ms)?, number("buckets", buckets)?);
        let counter = client.0.window_counter(path, window, buckets);
        counter.path()?;
        Ok(handle(zkcoord_window_counter(counter)))
    })
}

/// Records `n` events that happen now, and stores in `*out` how many count with them; INT64_MAX stands for that and more. With
/// 0 it only counts. One round trip when nobody else writes; one more when this client has to learn the time first.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when `n` is negative, and when the node was made with another window or other buckets.
/// Otherwise as zkcoord_counter_add().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_window_counter_add(
    counter: Option<&zkcoord_window_counter>,
    n: i64,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || add(counter, n, timeout_ms))
}

/// As zkcoord_window_counter_add(), but does not wait: `done` gets how many events count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_window_counter_add_async(
    counter: Option<&zkcoord_window_counter>,
    n: i64,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || add(counter, n, timeout_ms))
}

/// Stores in `*out` how many events count now. Every add acknowledged before the call is seen. One round trip; two more when
/// this client has to learn the time first. For that it writes a node of its own below the counter's, and needs the right to.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when the node was made with another window or other buckets, ZKCOORD_STATUS_BAD_DATA when
/// it holds something else, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_window_counter_count(
    counter: Option<&zkcoord_window_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("counter", counter)?.0.count(), timeout_ms)))
}

/// As zkcoord_window_counter_count(), but does not wait: `done` gets how many events count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_window_counter_count_async(
    counter: Option<&zkcoord_window_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("counter", counter)?.0.count(), timeout_ms)))
}

/// Takes ownership of the counter. NULL is fine. What is under way goes on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_window_counter_free(counter: Option<Box<zkcoord_window_counter>>) {
    free(counter);
}

fn add(counter: Option<&zkcoord_window_counter>, n: i64, timeout_ms: i64) -> Result<Op<u64>, Error> {
    let counter = given("counter", counter)?;
    Ok(timed(counter.0.add(number("n", n)?), timeout_ms))
}
