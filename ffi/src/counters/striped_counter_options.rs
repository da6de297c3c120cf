//! Options for striped counters.

use std::time::Duration;

use zkcoord_core::StripedCounter;

use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::time::duration;

/// Options for zkcoord_striped_counter_new_with_options(). Must not be set by two threads at the same time, nor while
/// they are in use.
#[derive(Default)]
pub struct zkcoord_striped_counter_options {
    flush_interval: Option<Duration>,
}

/// Returns new options with the default values; free them with zkcoord_striped_counter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_options_new() -> *mut zkcoord_striped_counter_options {
    handle(zkcoord_striped_counter_options::default())
}

exported! {
    /// Sets how many milliseconds an add may wait until it is written. Default: 100. With 0 it is written at once; adds
    /// that are made during a write share the next one.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `interval_ms` is negative.
    fn zkcoord_striped_counter_options_set_flush_interval(
        options: Option<&mut zkcoord_striped_counter_options>,
        interval_ms: i64
    ) {
        given("options", options)?.flush_interval = Some(duration("flush_interval", interval_ms)?);
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Counters that were created with them are not
/// affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_options_free(
    options: Option<Box<zkcoord_striped_counter_options>>,
) {
    free(options);
}

impl zkcoord_striped_counter_options {
    /// Returns the counter with these options, or unchanged for NULL.
    pub(crate) fn apply(options: Option<&Self>, counter: StripedCounter) -> StripedCounter {
        let flush_interval = options.and_then(|options| options.flush_interval);
        flush_interval.into_iter().fold(counter, StripedCounter::flush_interval)
    }
}
