//! The counter.

use std::ffi::c_char;

use zkcoord_core::{Counter, Error, Op};

use super::counter_options::zkcoord_counter_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::op::{zkcoord_bool_fn, zkcoord_done_fn, zkcoord_int64_fn};
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::text;
use crate::time::timed;

/// A counter that all clients of the ensemble share: an integer in a node, by default of 8 bytes as in Curator's
/// DistributedAtomicLong. A missing node counts as 0, or as the default value set in the options, and is created by the
/// first change.
///
/// Every change is applied exactly once, even if the server's reply is lost. Changes that are requested while a write
/// is in progress share the next write, and each caller still gets the value after its own change. The functions that
/// change the value block until the server has answered.
///
/// They fail with ZKCOORD_STATUS_OVERFLOW if the result would exceed the bounds or the range of the format, and with
/// ZKCOORD_STATUS_BAD_DATA if the node contains something other than a counter; nothing is written then. After
/// ZKCOORD_STATUS_TIMEOUT the change was not applied and will not be. They fail with ZKCOORD_STATUS_INDETERMINATE if
/// the change was sent and its outcome cannot be found out, and with ZKCOORD_STATUS_NOT_AUTHORIZED or
/// ZKCOORD_STATUS_QUOTA if the server refuses.
pub struct zkcoord_counter(pub(super) Counter);

exported! {
    /// Creates a counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows both
    /// for the call. Returns a new counter; free it with zkcoord_counter_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_counter_new(client: Option<&zkcoord_client>, path: *const c_char) -> *mut zkcoord_counter;

    /// Creates a counter as zkcoord_counter_new() does, with options, which it borrows for the call; NULL means the
    /// defaults.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the minimum is greater than the maximum, and if the default
    /// value is out of bounds or out of the range of the format.
    fn zkcoord_counter_new_with_options(options: Option<&zkcoord_counter_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let counter = client.0.counter(unsafe { text("path", path) }?);
        let counter = zkcoord_counter_options::apply(options, counter);
        counter.path()?;
        handle(zkcoord_counter(counter))
    }
}

exported! {
    /// Adds `delta`, which may be negative, and stores the new value in `*out`.
    fn zkcoord_counter_add(counter: Option<&zkcoord_counter>, delta: i64, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, |counter| counter.add(delta))?
    }
    /// `done` receives the new value.
    async fn zkcoord_counter_add_async(done: zkcoord_int64_fn);
}

exported! {
    /// Adds 1 and stores the new value in `*out`.
    fn zkcoord_counter_increment(counter: Option<&zkcoord_counter>, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, Counter::increment)?
    }
    /// `done` receives the new value.
    async fn zkcoord_counter_increment_async(done: zkcoord_int64_fn);
}

exported! {
    /// Subtracts 1 and stores the new value in `*out`.
    fn zkcoord_counter_decrement(counter: Option<&zkcoord_counter>, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, Counter::decrement)?
    }
    /// `done` receives the new value.
    async fn zkcoord_counter_decrement_async(done: zkcoord_int64_fn);
}

exported! {
    /// Reads the value, and blocks for the server's answer. Stores it in `*out`. It includes every change acknowledged
    /// before the call, because the connected server synchronizes with the leader first.
    ///
    /// This and the other functions that only read fail with ZKCOORD_STATUS_BAD_DATA if the node contains something
    /// other than a counter, and with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
    fn zkcoord_counter_get(counter: Option<&zkcoord_counter>, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, Counter::get)?
    }
    /// `done` receives the value.
    async fn zkcoord_counter_get_async(done: zkcoord_int64_fn);
}

exported! {
    /// Reads the value that the connected server has, and stores it in `*out`. It may lag behind values that other
    /// callers have already received. Blocks for the server's answer.
    fn zkcoord_counter_get_stale(counter: Option<&zkcoord_counter>, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, Counter::get_stale)?
    }
    /// `done` receives the value.
    async fn zkcoord_counter_get_stale_async(done: zkcoord_int64_fn);
}

exported! {
    /// Sets the value.
    fn zkcoord_counter_set(counter: Option<&zkcoord_counter>, value: i64, timeout_ms: i64) {
        operation(counter, timeout_ms, |counter| counter.set(value))?
    }
    async fn zkcoord_counter_set_async(done: zkcoord_done_fn);
}

exported! {
    /// Sets the value and stores the previous one in `*out`.
    fn zkcoord_counter_get_and_set(counter: Option<&zkcoord_counter>, value: i64, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, |counter| counter.get_and_set(value))?
    }
    /// `done` receives the previous value.
    async fn zkcoord_counter_get_and_set_async(done: zkcoord_int64_fn);
}

exported! {
    /// Sets the value to `desired` if it is `expected`, and stores in `*out` whether it was.
    fn zkcoord_counter_compare_and_set(
        counter: Option<&zkcoord_counter>,
        expected: i64,
        desired: i64,
        timeout_ms: i64
    ) -> bool {
        operation(counter, timeout_ms, |counter| counter.compare_and_set(expected, desired))?
    }
    /// `done` receives whether the value was `expected`.
    async fn zkcoord_counter_compare_and_set_async(done: zkcoord_bool_fn);
}

exported! {
    /// Reserves `n` consecutive numbers, `*out` to `*out + n - 1`, and stores the first of them in `*out`. The value
    /// increases by `n`, to the last of them. No other call of this function or of zkcoord_counter_increment() returns
    /// any of them, as long as no one decreases or sets the counter. The numbers of a call that fails may be lost.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `n` is less than 1.
    fn zkcoord_counter_reserve(counter: Option<&zkcoord_counter>, n: i64, timeout_ms: i64) -> i64 {
        operation(counter, timeout_ms, |counter| counter.reserve(n))?
    }
    /// `done` receives the first of the numbers.
    async fn zkcoord_counter_reserve_async(done: zkcoord_int64_fn);
}

exported! {
    /// Returns new statistics: how long the changes through this counter took so far. Free them with
    /// zkcoord_stats_free(). Sends no request.
    fn zkcoord_counter_stats(counter: Option<&zkcoord_counter>) -> *mut zkcoord_stats {
        let counter = &given("counter", counter)?.0;
        counter.path()?; // fails in a child of fork()
        handle(zkcoord_stats(counter.stats()))
    }
}

/// Takes ownership of the counter and frees it. NULL is allowed. Operations in progress continue, and its watches stay
/// valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_free(counter: Option<Box<zkcoord_counter>>) {
    free(counter);
}

/// Makes an operation on the counter.
pub(super) fn operation<T: Send + 'static>(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    make: impl FnOnce(&Counter) -> Op<T>,
) -> Result<Op<T>, Error> {
    Ok(timed(make(&given("counter", counter)?.0), timeout_ms))
}
