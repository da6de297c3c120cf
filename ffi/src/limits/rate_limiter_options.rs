//! Options for rate limiters.

use zkcoord_core::RateLimiter;

use crate::exported::exported;
use crate::number::number;
use crate::pointer::{free, given, handle};

/// Options for zkcoord_rate_limiter_new_with_options(). Must not be set by two threads at the same time, nor while they
/// are in use.
#[derive(Default)]
pub struct zkcoord_rate_limiter_options {
    burst: Option<u64>,
}

/// Returns new options with the default values; free them with zkcoord_rate_limiter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_options_new() -> *mut zkcoord_rate_limiter_options {
    handle(zkcoord_rate_limiter_options::default())
}

exported! {
    /// Sets how many permits may be used at once, from 1 to 1000000. Default: the permits of one period.
    ///
    /// A smaller burst makes the rate smoother: with 100 permits per second and a burst of 10, at most 10 permits are
    /// granted in any tenth of a second, and at most 100 in any second. A larger burst makes it coarser: after a pause
    /// more permits may be granted at once, and the long-term rate is the same.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `burst` is negative. zkcoord_rate_limiter_new_with_options()
    /// checks the rest.
    fn zkcoord_rate_limiter_options_set_burst(
        options: Option<&mut zkcoord_rate_limiter_options>,
        burst: i64
    ) {
        given("options", options)?.burst = Some(number("burst", burst)?);
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Rate limiters that were created with them are not
/// affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rate_limiter_options_free(options: Option<Box<zkcoord_rate_limiter_options>>) {
    free(options);
}

impl zkcoord_rate_limiter_options {
    /// Returns the rate limiter with these options, or unchanged for NULL.
    pub(crate) fn apply(options: Option<&Self>, limiter: RateLimiter) -> RateLimiter {
        let burst = options.and_then(|options| options.burst);
        burst.into_iter().fold(limiter, RateLimiter::burst)
    }
}
