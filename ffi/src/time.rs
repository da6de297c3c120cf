//! Durations in C's milliseconds.

use std::time::Duration;

use zkcoord_core::{Error, Op};

use crate::number::number;

/// Returns the operation with C's timeout: none if it is negative, one attempt if it is 0.
pub(crate) fn timed<T: Send + 'static>(op: Op<T>, timeout_ms: i64) -> Op<T> {
    match u64::try_from(timeout_ms) {
        Ok(timeout) => op.timeout(Duration::from_millis(timeout)),
        Err(_negative) => op,
    }
}

/// Converts a timeout outside of operations. A negative one never expires.
pub(crate) fn timeout(timeout_ms: i64) -> Duration {
    u64::try_from(timeout_ms).map_or(Duration::MAX, Duration::from_millis)
}

/// Converts a duration argument, and fails with `INVALID_ARGUMENT` if it is negative.
pub(crate) fn duration(argument: &str, ms: i64) -> Result<Duration, Error> {
    number(argument, ms).map(Duration::from_millis)
}

/// Converts a duration to milliseconds; one that is too long becomes `i64::MAX`.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
