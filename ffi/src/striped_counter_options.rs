//! Options of striped counters.

use std::time::Duration;

use zkcoord_core::StripedCounter;

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::time::duration;

/// Options for zkcoord_striped_counter_new_with_options(). Must not be set by two threads at the same time, nor while it
/// is in use.
#[derive(Default)]
pub struct zkcoord_striped_counter_options {
    flush_interval: Option<Duration>,
}

/// Returns new options, all at their defaults; free with zkcoord_striped_counter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_options_new() -> *mut zkcoord_striped_counter_options {
    handle(zkcoord_striped_counter_options::default())
}

/// Sets how many milliseconds an add may wait to be written. Default 100. 0 has it written at once; adds that come in while
/// a write is under way share the next one.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_striped_counter_options_set_flush_interval(
    options: Option<&mut zkcoord_striped_counter_options>,
    interval_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.flush_interval = Some(duration("flush_interval", interval_ms)?);
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Counters that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_options_free(
    options: Option<Box<zkcoord_striped_counter_options>>,
) {
    free(options);
}

impl zkcoord_striped_counter_options {
    /// The counter with what has been set here.
    pub(crate) fn apply(&self, counter: StripedCounter) -> StripedCounter {
        self.flush_interval.into_iter().fold(counter, StripedCounter::flush_interval)
    }
}
