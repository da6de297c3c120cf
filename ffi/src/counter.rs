//! The counter.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Counter, Error, Op};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::counter_options::zkcoord_counter_options;
use crate::error::zkcoord_error;
use crate::op::{
    begin, wait, wait_done, zkcoord_bool_fn, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_int64_fn,
    zkcoord_op,
};
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
    wait(out, err, || on(counter, timeout_ms, |counter| counter.add(delta)))
}

/// As zkcoord_counter_add(), but does not wait: `done` gets the new value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_add_async(
    counter: Option<&zkcoord_counter>,
    delta: i64,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.add(delta)))
}

/// Adds 1 and stores the new value in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_increment(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || on(counter, timeout_ms, |counter| counter.increment()))
}

/// As zkcoord_counter_increment(), but does not wait: `done` gets the new value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_increment_async(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.increment()))
}

/// Subtracts 1 and stores the new value in `*out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_decrement(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || on(counter, timeout_ms, |counter| counter.decrement()))
}

/// As zkcoord_counter_decrement(), but does not wait: `done` gets the new value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_decrement_async(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.decrement()))
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
    wait(out, err, || on(counter, timeout_ms, |counter| counter.get()))
}

/// As zkcoord_counter_get(), but does not wait: `done` gets the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_async(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.get()))
}

/// Stores in `*out` the value as the connected server has it, which may lag behind what others were told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_stale(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || on(counter, timeout_ms, |counter| counter.get_stale()))
}

/// As zkcoord_counter_get_stale(), but does not wait: `done` gets the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_stale_async(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.get_stale()))
}

/// Sets the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_set(
    counter: Option<&zkcoord_counter>,
    value: i64,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || on(counter, timeout_ms, |counter| counter.set(value)))
}

/// As zkcoord_counter_set(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_set_async(
    counter: Option<&zkcoord_counter>,
    value: i64,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.set(value)))
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
    wait(out, err, || on(counter, timeout_ms, |counter| counter.get_and_set(value)))
}

/// As zkcoord_counter_get_and_set(), but does not wait: `done` gets the value before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_get_and_set_async(
    counter: Option<&zkcoord_counter>,
    value: i64,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.get_and_set(value)))
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
    wait(out, err, || on(counter, timeout_ms, |counter| counter.compare_and_set(expected, desired)))
}

/// As zkcoord_counter_compare_and_set(), but does not wait: `done` gets whether the value was `expected`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_compare_and_set_async(
    counter: Option<&zkcoord_counter>,
    expected: i64,
    desired: i64,
    timeout_ms: i64,
    done: zkcoord_bool_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || {
        on(counter, timeout_ms, |counter| counter.compare_and_set(expected, desired))
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
    wait(out, err, || on(counter, timeout_ms, |counter| counter.reserve(n)))
}

/// As zkcoord_counter_reserve(), but does not wait: `done` gets the first of the numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_reserve_async(
    counter: Option<&zkcoord_counter>,
    n: i64,
    timeout_ms: i64,
    done: zkcoord_int64_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.reserve(n)))
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

/// An operation on the counter.
pub(crate) fn on<T: Send + 'static>(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    call: impl FnOnce(&Counter) -> Op<T>,
) -> Result<Op<T>, Error> {
    Ok(timed(call(&given("counter", counter)?.0), timeout_ms))
}
