//! Options of miss guards.

use std::time::Duration;

use zkcoord_core::MissGuard;

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::number::number;
use crate::status::zkcoord_status;
use crate::time::duration;

/// Options for zkcoord_miss_guard_new_with_options(). All who share a path should give the same. Must not be set by two
/// threads at the same time, nor while it is in use.
#[derive(Default)]
pub struct zkcoord_miss_guard_options {
    threshold: Option<u32>,
    window: Option<Duration>,
    hold: Option<Duration>,
}

/// Returns new options, all at their defaults; free with zkcoord_miss_guard_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_options_new() -> *mut zkcoord_miss_guard_options {
    handle(zkcoord_miss_guard_options::default())
}

/// Sets how many misses within the window make a key absent, from 1 to 1000. Default 3.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a number that is negative or huge; zkcoord_miss_guard_new_with_options() checks the
/// rest, here and below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_options_set_threshold(
    options: Option<&mut zkcoord_miss_guard_options>,
    threshold: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.threshold = Some(number("threshold", threshold)?);
        Ok(())
    })
}

/// Sets the time in which misses count together, from 1 ms to 24 h. Default 60000 ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_options_set_window(
    options: Option<&mut zkcoord_miss_guard_options>,
    window_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.window = Some(duration("window", window_ms)?);
        Ok(())
    })
}

/// Sets how long a key is then answered absent, from 1 ms to 24 h. Default 30000 ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_options_set_hold(
    options: Option<&mut zkcoord_miss_guard_options>,
    hold_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.hold = Some(duration("hold", hold_ms)?);
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Miss guards that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_options_free(options: Option<Box<zkcoord_miss_guard_options>>) {
    free(options);
}

impl zkcoord_miss_guard_options {
    /// The miss guard with what has been set here.
    pub(crate) fn apply(&self, guard: MissGuard) -> MissGuard {
        let guard = self.threshold.into_iter().fold(guard, MissGuard::threshold);
        let guard = self.window.into_iter().fold(guard, MissGuard::window);
        self.hold.into_iter().fold(guard, MissGuard::hold)
    }
}
