//! The rate limiter.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, Op, RateLimiter};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::number::number;
use crate::op::{begin, wait, wait_done, zkcoord_bool_fn, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_op};
use crate::rate_limiter_options::zkcoord_rate_limiter_options;
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::{duration, timed};

/// A rate limiter for all clients together: never more than so many permits are let through in any stretch of time as long
/// as the period, wherever that begins. Time is that of the ensemble's leader; no two machines' clocks are compared.
///
/// At full load about 2 % of the permits are not used, and those that a client had reserved when it died are lost; none is
/// ever let through twice. A permit that is free costs one round trip, or none when this client has one in advance. Within
/// a client it is the order of arrival that counts, between clients the order of their writes; nobody overtakes somebody
/// who waits for many.
///
/// All who share a path must give the same permits, period and burst; they stand in the node, and others are refused. To
/// change them, delete the node: that forgets what was used lately.
pub struct zkcoord_rate_limiter(RateLimiter);

/// Makes a rate limiter of so many permits, from 1 to 1000000, per `per_ms` milliseconds, from 1 ms to 31 days, at `path`, an
/// absolute znode path below the client's chroot. No request is sent. Borrows both for the call; returns a new rate
/// limiter; free with zkcoord_rate_limiter_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for permits or a period that cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    permits: i64,
    per_ms: i64,
    out: *mut *mut zkcoord_rate_limiter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_rate_limiter_new_with_options(client, path, permits, per_ms, None, out, err) }
}

/// As zkcoord_rate_limiter_new(), with options, which it borrows for the call; NULL stands for the defaults.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT also for a burst that cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    permits: i64,
    per_ms: i64,
    options: Option<&zkcoord_rate_limiter_options>,
    out: *mut *mut zkcoord_rate_limiter,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let limiter = client.0.rate_limiter(path, number("permits", permits)?, duration("per", per_ms)?);
        let limiter = options.into_iter().fold(limiter, |limiter, options| options.apply(limiter));
        limiter.path()?;
        Ok(handle(zkcoord_rate_limiter(limiter)))
    })
}

/// Waits until so many permits may be used, all at once. They are used up then: there is nothing to give back.
///
/// ZKCOORD_STATUS_TIMEOUT when they do not come free within `timeout_ms`, as soon as that is known, which may be at once; none
/// were taken. ZKCOORD_STATUS_INVALID_ARGUMENT for 0 and for more than can ever be used at once, and when the node was made
/// for other permits, another period or burst. ZKCOORD_STATUS_BAD_DATA when the node holds something else than a limiter;
/// ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_acquire(
    limiter: Option<&zkcoord_rate_limiter>,
    permits: i64,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || acquire(limiter, permits, timeout_ms))
}

/// As zkcoord_rate_limiter_acquire(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_acquire_async(
    limiter: Option<&zkcoord_rate_limiter>,
    permits: i64,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || acquire(limiter, permits, timeout_ms))
}

/// Takes so many permits if they are free now, all or none, and stores in `*out` whether they were. Does not wait for
/// others.
///
/// ZKCOORD_STATUS_CONNECTION_LOST when the server has to be asked and there is no connection; otherwise as
/// zkcoord_rate_limiter_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_try_acquire(
    limiter: Option<&zkcoord_rate_limiter>,
    permits: i64,
    out: *mut bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || try_acquire(limiter, permits))
}

/// As zkcoord_rate_limiter_try_acquire(), but does not wait: `done` gets whether the permits were free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_try_acquire_async(
    limiter: Option<&zkcoord_rate_limiter>,
    permits: i64,
    done: zkcoord_bool_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || try_acquire(limiter, permits))
}

/// Returns new figures: how long the calls of zkcoord_rate_limiter_acquire() with this limiter took so far; free with
/// zkcoord_stats_free(). Costs no round trip.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_stats(
    limiter: Option<&zkcoord_rate_limiter>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let limiter = given("limiter", limiter)?;
        limiter.0.path()?; // FORKED
        Ok(handle(zkcoord_stats(limiter.0.stats())))
    })
}

/// Takes ownership of the rate limiter. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_free(limiter: Option<Box<zkcoord_rate_limiter>>) {
    free(limiter);
}

fn acquire(limiter: Option<&zkcoord_rate_limiter>, permits: i64, timeout_ms: i64) -> Result<Op<()>, Error> {
    let limiter = given("limiter", limiter)?;
    Ok(timed(limiter.0.acquire(number("permits", permits)?), timeout_ms))
}

fn try_acquire(limiter: Option<&zkcoord_rate_limiter>, permits: i64) -> Result<Op<bool>, Error> {
    Ok(given("limiter", limiter)?.0.try_acquire(number("permits", permits)?))
}
