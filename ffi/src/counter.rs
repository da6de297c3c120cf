//! The counter.

use std::ffi::c_char;

use zkcoord_core::Counter;

use crate::boundary::{boundary, boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A counter that all clients of the ensemble share: 8 bytes, big-endian, as Curator's DistributedAtomicLong. A node
/// that is missing counts as 0 and is made by the first change.
///
/// Every change is applied exactly once, also when the server's reply is lost. What a change answers:
/// ZKCOORD_STATUS_OVERFLOW when the result is no int64_t, ZKCOORD_STATUS_BAD_DATA when the node holds something else;
/// nothing is written then. ZKCOORD_STATUS_TIMEOUT: not applied, and will not be. ZKCOORD_STATUS_INDETERMINATE: sent,
/// and the outcome cannot be learned. ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server refuses.
pub struct zkcoord_counter(Counter);

/// Makes a counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for
/// the call; returns a new counter; free with zkcoord_counter_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_counter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let counter = client.0.counter(unsafe { text("path", path) }?);
        counter.path()?;
        Ok(handle(zkcoord_counter(counter)))
    })
}

/// Adds `delta` and stores the new value in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_add(
    counter: Option<&zkcoord_counter>,
    delta: i64,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.add(delta), timeout_ms).wait())
}

/// Adds 1 and stores the new value in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_increment(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.increment(), timeout_ms).wait())
}

/// Subtracts 1 and stores the new value in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_decrement(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.decrement(), timeout_ms).wait())
}

/// Stores the value in `*out`. Every change acknowledged before the call is in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.get(), timeout_ms).wait())
}

/// Sets the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_set(
    counter: Option<&zkcoord_counter>,
    value: i64,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || timed(given("counter", counter)?.0.set(value), timeout_ms).wait())
}

/// Sets the value and stores the one before in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_and_set(
    counter: Option<&zkcoord_counter>,
    value: i64,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.get_and_set(value), timeout_ms).wait())
}

/// Sets the value to `desired` if it is `expected`, and stores in `*out` whether it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_compare_and_set(
    counter: Option<&zkcoord_counter>,
    expected: i64,
    desired: i64,
    timeout_ms: i64,
    out: *mut bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let counter = given("counter", counter)?;
        timed(counter.0.compare_and_set(expected, desired), timeout_ms).wait()
    })
}

/// Takes ownership of the counter. NULL is fine. What is under way goes on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_free(counter: Option<Box<zkcoord_counter>>) {
    free(counter);
}
