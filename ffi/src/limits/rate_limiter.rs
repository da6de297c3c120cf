//! The rate limiter.

use std::ffi::c_char;

use zkcoord_core::RateLimiter;

use super::rate_limiter_options::zkcoord_rate_limiter_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::number::number;
use crate::op::{zkcoord_bool_fn, zkcoord_done_fn};
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::text;
use crate::time::{duration, timed};

/// A rate limiter for all clients together: it never grants more than the given number of permits in any interval as
/// long as the period, wherever the interval begins. The time is that of the ensemble's leader; the clocks of different
/// machines are never compared.
///
/// At full load about 2 % of the permits are not used, and permits that a client had reserved are lost if it dies; none
/// is ever granted twice. A free permit costs one round trip, or none if this client has one in advance. Permits are
/// granted in order of arrival within a client, and in the order of their writes between clients. A request for many
/// permits is not overtaken.
///
/// All clients that share a path must use the same permits, period and burst, which are stored in the node; other
/// values are refused. To change them, delete the node, which also forgets the recent use.
pub struct zkcoord_rate_limiter(RateLimiter);

exported! {
    /// Creates a rate limiter of `permits` permits, from 1 to 1000000, per `per_ms` milliseconds, from 1 ms to 31 days,
    /// at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows client and path for the
    /// call. Returns a new rate limiter; free it with zkcoord_rate_limiter_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid, or `permits` or `per_ms` is out of range.
    fn zkcoord_rate_limiter_new(
        client: Option<&zkcoord_client>,
        path: *const c_char,
        permits: i64,
        per_ms: i64
    ) -> *mut zkcoord_rate_limiter;

    /// Creates a rate limiter as zkcoord_rate_limiter_new() does, with options, which it borrows for the call; NULL
    /// means the defaults.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the burst is out of range.
    fn zkcoord_rate_limiter_new_with_options(options: Option<&zkcoord_rate_limiter_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let limiter = client.0.rate_limiter(path, number("permits", permits)?, duration("per", per_ms)?);
        let limiter = zkcoord_rate_limiter_options::apply(options, limiter);
        limiter.path()?;
        handle(zkcoord_rate_limiter(limiter))
    }
}

exported! {
    /// Acquires `permits` permits, all at once, and blocks until they may be used. They are used up then and cannot be
    /// released.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if they do not become free within `timeout_ms`, as soon as that is known,
    /// which may be at once; no permits are used up then. Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `permits` is 0
    /// or more than can ever be used at once, and if the node was created with other permits, another period or another
    /// burst. Fails with ZKCOORD_STATUS_BAD_DATA if the node contains something other than a rate limiter, and with
    /// ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
    fn zkcoord_rate_limiter_acquire(limiter: Option<&zkcoord_rate_limiter>, permits: i64, timeout_ms: i64) {
        timed(given("limiter", limiter)?.0.acquire(number("permits", permits)?), timeout_ms)
    }
    async fn zkcoord_rate_limiter_acquire_async(done: zkcoord_done_fn);
}

exported! {
    /// Acquires `permits` permits, all or none, if they are free now, and stores in `*out` whether they were. May block
    /// for the server's answer, but does not wait for permits.
    ///
    /// Fails with ZKCOORD_STATUS_CONNECTION_LOST if a request is needed and there is no connection; otherwise as
    /// zkcoord_rate_limiter_acquire().
    fn zkcoord_rate_limiter_try_acquire(limiter: Option<&zkcoord_rate_limiter>, permits: i64) -> bool {
        given("limiter", limiter)?.0.try_acquire(number("permits", permits)?)
    }
    /// `done` receives whether the permits were free.
    async fn zkcoord_rate_limiter_try_acquire_async(done: zkcoord_bool_fn);
}

exported! {
    /// Returns new statistics: how long the calls of zkcoord_rate_limiter_acquire() with this limiter took so far. Free
    /// them with zkcoord_stats_free(). Sends no request.
    fn zkcoord_rate_limiter_stats(limiter: Option<&zkcoord_rate_limiter>) -> *mut zkcoord_stats {
        let limiter = &given("limiter", limiter)?.0;
        limiter.path()?; // fails in a child of fork()
        handle(zkcoord_stats(limiter.stats()))
    }
}

/// Takes ownership of the rate limiter and frees it. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_free(limiter: Option<Box<zkcoord_rate_limiter>>) {
    free(limiter);
}
