//! Options for miss guards.

use std::time::Duration;

use zkcoord_core::MissGuard;

use crate::exported::exported;
use crate::number::number;
use crate::pointer::{free, given, handle};
use crate::time::duration;

/// Options for zkcoord_miss_guard_new_with_options(). All clients that share a path should use the same values. Must
/// not be set by two threads at the same time, nor while they are in use.
#[derive(Default)]
pub struct zkcoord_miss_guard_options {
    threshold: Option<u32>,
    window: Option<Duration>,
    hold: Option<Duration>,
}

/// Returns new options with the default values; free them with zkcoord_miss_guard_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_options_new() -> *mut zkcoord_miss_guard_options {
    handle(zkcoord_miss_guard_options::default())
}

exported! {
    /// Sets the number of misses within the window after which a key is held absent, from 1 to 1000. Default: 3.
    ///
    /// This and the functions below fail with ZKCOORD_STATUS_INVALID_ARGUMENT if the number is negative or too large to
    /// represent. zkcoord_miss_guard_new_with_options() checks the rest.
    fn zkcoord_miss_guard_options_set_threshold(
        options: Option<&mut zkcoord_miss_guard_options>,
        threshold: i64
    ) {
        given("options", options)?.threshold = Some(number("threshold", threshold)?);
    }
}

exported! {
    /// Sets the window in which misses are counted together, in milliseconds, from 1 ms to 24 h. Default: 60000.
    fn zkcoord_miss_guard_options_set_window(
        options: Option<&mut zkcoord_miss_guard_options>,
        window_ms: i64
    ) {
        given("options", options)?.window = Some(duration("window", window_ms)?);
    }
}

exported! {
    /// Sets the hold: for how many milliseconds a key is then answered absent, from 1 ms to 24 h. Default: 30000.
    fn zkcoord_miss_guard_options_set_hold(options: Option<&mut zkcoord_miss_guard_options>, hold_ms: i64) {
        given("options", options)?.hold = Some(duration("hold", hold_ms)?);
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Miss guards that were created with them are not
/// affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_options_free(options: Option<Box<zkcoord_miss_guard_options>>) {
    free(options);
}

impl zkcoord_miss_guard_options {
    /// Returns the miss guard with these options, or unchanged for NULL.
    pub(crate) fn apply(options: Option<&Self>, guard: MissGuard) -> MissGuard {
        let Some(options) = options else { return guard };
        let guard = options.threshold.into_iter().fold(guard, MissGuard::threshold);
        let guard = options.window.into_iter().fold(guard, MissGuard::window);
        options.hold.into_iter().fold(guard, MissGuard::hold)
    }
}
