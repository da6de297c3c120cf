//! The counter.

use std::ffi::c_char;

use zkcoord_core::Counter;

use crate::boundary::{boundary, boundary_out, free, given, handle, null};
use crate::client::zkcoord_client;
use crate::counter_options::zkcoord_counter_options;
use crate::error::zkcoord_error;
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A counter that all clients of the ensemble share: an integer in a node, by default of 8 bytes as Curator's
/// DistributedAtomicLong has it. A node that is missing counts as 0, or the default set, and is made by the first change.
///
/// Every change is applied exactly once, also when the server's reply is lost. Changes that come in while a write is under
/// way share the next one, and each caller still gets the value of its own. What a change answers:
/// ZKCOORD_STATUS_OVERFLOW when the result is out of bounds or more than the format can be, ZKCOORD_STATUS_BAD_DATA when the
/// node holds something else; nothing is written then. ZKCOORD_STATUS_TIMEOUT: not applied, and will not be.
/// ZKCOORD_STATUS_INDETERMINATE: sent, and the outcome cannot be learned. ZKCOORD_STATUS_NOT_AUTHORIZED and
/// ZKCOORD_STATUS_QUOTA when the server refuses.
pub struct zkcoord_counter(pub(crate) Counter);

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
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_counter_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_counter_new(), with options, which it borrows for the call; NULL stands for the defaults.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT also for a least value above the greatest, and for a default that is out of bounds or
/// that the format cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_counter_options>,
    out: *mut *mut zkcoord_counter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let counter = client.0.counter(unsafe { text("path", path) }?);
        let counter = options.into_iter().fold(counter, |counter, options| options.apply(counter));
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

/// Stores the value in `*out`. Every change acknowledged before the call is in it: the connected server asks the leader
/// first.
///
/// ZKCOORD_STATUS_BAD_DATA when the node holds something else, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses. So
/// do the other calls that only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.get(), timeout_ms).wait())
}

/// Stores in `*out` the value as the connected server has it, which may lag behind what others were told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_stale(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || timed(given("counter", counter)?.0.get_stale(), timeout_ms).wait())
}

/// Stores the value in `*out`, as zkcoord_counter_get(), and in `*out_version` the version of its node: how often that was
/// written since it was made, -1 when it is missing. `*out_version` is 0 after a failure. Neither may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_versioned(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    out_version: *mut i32,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    let mut version = 0;
    let status = boundary_out(out, err, || {
        if out_version.is_null() {
            return Err(null("out_version"));
        }
        let versioned = timed(given("counter", counter)?.0.versioned(), timeout_ms).wait()?;
        version = versioned.version;
        Ok(versioned.value)
    });
    if !out_version.is_null() {
        // SAFETY: the caller's pointer to a place for it.
        unsafe { out_version.write(version) };
    }
    status
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

/// Takes `n` consecutive numbers that nobody else gets, neither by this nor by zkcoord_counter_increment(), and stores the
/// first of them in `*out`: they are `*out` to `*out + n - 1`. The value goes up by `n`, to the last of them. They are
/// unique as long as nobody lowers or sets the counter. Numbers of a call that did not end well may be lost.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when `n` is less than 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_reserve(
    counter: Option<&zkcoord_counter>,
    n: i64,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let numbers = timed(given("counter", counter)?.0.reserve(n), timeout_ms).wait()?;
        Ok(*numbers.start())
    })
}

/// Returns new figures: how long the changes through this counter took so far; free with zkcoord_stats_free(). Costs no
/// round trip.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_stats(
    counter: Option<&zkcoord_counter>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let counter = given("counter", counter)?;
        counter.0.path()?; // FORKED
        Ok(handle(zkcoord_stats(counter.0.stats())))
    })
}

/// Takes ownership of the counter. NULL is fine. What is under way goes on, and its watches live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_free(counter: Option<Box<zkcoord_counter>>) {
    free(counter);
}
