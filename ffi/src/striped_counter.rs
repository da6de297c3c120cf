//! A sum to which many clients add often.

use std::ffi::{c_char, c_void};

use zkcoord_core::StripedCounter;

use crate::boundary::{boundary, boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::op::{begin, wait, wait_done, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_int64_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::striped_counter_options::zkcoord_striped_counter_options;
use crate::text::text;
use crate::time::timed;

/// A sum to which many clients add often. An add is only made in memory; what has come together is written now and then, into
/// a node of this client's own, so that clients do not compete. The price: an add does not tell the value,
/// zkcoord_striped_counter_sum() does; and what was not flushed when a process dies is lost.
///
/// What zkcoord_striped_counter_flush() acknowledged is in every later sum, exactly once. zkcoord_client_close() flushes
/// first, and freeing the counter flushes in the background. What clients that are gone have added is folded into the node
/// at the path, which a zkcoord_counter can read.
pub struct zkcoord_striped_counter(StripedCounter);

/// Makes a striped counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both
/// for the call; returns a new striped counter; free with zkcoord_striped_counter_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_striped_counter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_striped_counter_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_striped_counter_new(), with options, which it borrows for the call; NULL stands for the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_striped_counter_options>,
    out: *mut *mut zkcoord_striped_counter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let counter = client.0.striped_counter(unsafe { text("path", path) }?);
        let counter = options.into_iter().fold(counter, |counter, options| options.apply(counter));
        counter.path()?;
        Ok(handle(zkcoord_striped_counter(counter)))
    })
}

/// Adds `n`, which may be negative, and has it written within the flush interval. Does not wait and makes no request. What
/// cannot be written is tried again until it can; zkcoord_striped_counter_flush() tells.
///
/// ZKCOORD_STATUS_OVERFLOW when what is waiting to be written would be no int64_t: nothing is added.
/// ZKCOORD_STATUS_CLOSED after zkcoord_client_close().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_add(
    counter: Option<&zkcoord_striped_counter>,
    n: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || given("counter", counter)?.0.add(n))
}

/// Has everything written that this client has added so far, and waits until the server has confirmed it. One round trip;
/// none when nothing is waiting.
///
/// ZKCOORD_STATUS_INDETERMINATE when the session died while a write was in flight, and its outcome cannot be learned: it is
/// not tried again, and is told once, by the next flush if the write was in the background. All others leave what was added
/// waiting, to be tried again: ZKCOORD_STATUS_TIMEOUT, ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_BAD_DATA when the node
/// holds something else, ZKCOORD_STATUS_OVERFLOW when this client's part of the sum would be no int64_t,
/// ZKCOORD_STATUS_INVALID_ARGUMENT when the node is empty and has children, ZKCOORD_STATUS_NOT_AUTHORIZED and
/// ZKCOORD_STATUS_QUOTA when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_flush(
    counter: Option<&zkcoord_striped_counter>,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || Ok(timed(given("counter", counter)?.0.flush(), timeout_ms)))
}

/// As zkcoord_striped_counter_flush(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_flush_async(
    counter: Option<&zkcoord_striped_counter>,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("counter", counter)?.0.flush(), timeout_ms)))
}

/// Stores in `*out` the sum of all that was flushed, by all clients. What was acknowledged before the call is in it; what
/// this client has added and not flushed is not. One round trip, in which the server reads a node per client; some more when
/// clients have come or gone.
///
/// ZKCOORD_STATUS_OVERFLOW when the sum is no int64_t, ZKCOORD_STATUS_BAD_DATA when a node holds something else,
/// ZKCOORD_STATUS_UNSUPPORTED by servers before 3.6, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_sum(
    counter: Option<&zkcoord_striped_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("counter", counter)?.0.sum(), timeout_ms)))
}

/// As zkcoord_striped_counter_sum(), but does not wait: `done` gets the sum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_sum_async(
    counter: Option<&zkcoord_striped_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("counter", counter)?.0.sum(), timeout_ms)))
}

/// Takes ownership of the counter. NULL is fine. What was added is written in the background.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_free(counter: Option<Box<zkcoord_striped_counter>>) {
    free(counter);
}
