//! Milliseconds across the boundary.

use std::time::Duration;

use zkcoord_core::{Error, Op};

use crate::number::number;

/// The operation with C's timeout: for ever when that is negative, one try when it is 0.
pub(crate) fn timed<T: Send + 'static>(op: Op<T>, timeout_ms: i64) -> Op<T> {
    match u64::try_from(timeout_ms) {
        Ok(timeout) => op.timeout(Duration::from_millis(timeout)),
        Err(_negative) => op,
    }
}

/// An argument that is a stretch of time, which cannot be negative.
pub(crate) fn duration(argument: &str, ms: i64) -> Result<Duration, Error> {
    number(argument, ms).map(Duration::from_millis)
}

/// A duration in C's milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
