//! Options of rate limiters.

use zkcoord_core::RateLimiter;

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::number::number;
use crate::status::zkcoord_status;

/// Options for zkcoord_rate_limiter_new_with_options(). Must not be set by two threads at the same time, nor while it is in
/// use.
#[derive(Default)]
pub struct zkcoord_rate_limiter_options {
    burst: Option<u64>,
}

/// Returns new options, all at their defaults; free with zkcoord_rate_limiter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_options_new() -> *mut zkcoord_rate_limiter_options {
    handle(zkcoord_rate_limiter_options::default())
}

/// Sets how many permits may be used at once, from 1 to 1000000. Default: as many as in one period.
///
/// With fewer it is smoother: with 100 permits per second and a burst of 10 at most 10 are let through in any tenth of a
/// second, and at most 100 in any second. With more it is coarser: after a pause more may come at once, and the rate in the
/// long run is the same.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative; zkcoord_rate_limiter_new_with_options() checks the rest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rate_limiter_options_set_burst(
    options: Option<&mut zkcoord_rate_limiter_options>,
    burst: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.burst = Some(number("burst", burst)?);
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Rate limiters that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_options_free(options: Option<Box<zkcoord_rate_limiter_options>>) {
    free(options);
}

impl zkcoord_rate_limiter_options {
    /// The rate limiter with what has been set here.
    pub(crate) fn apply(&self, limiter: RateLimiter) -> RateLimiter {
        self.burst.into_iter().fold(limiter, RateLimiter::burst)
    }
}
