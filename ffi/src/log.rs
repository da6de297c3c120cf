//! The log.

use std::ffi::{c_char, c_void};

use zkcoord_core::Error;
use zkcoord_core::log::{self, Level};

use crate::boundary::run;
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::op::zkcoord_destroy_fn;
use crate::status::zkcoord_status;
use crate::text::owned;

/// The severity of a log line.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum zkcoord_log_level {
    /// Turns the log off; no line has this level.
    Off = 0,
    /// Something failed permanently.
    Error = 1,
    /// Something went wrong and is being handled, such as an expired session or a lost lock.
    Warn = 2,
    /// Information for operators.
    Info = 3,
    /// Details for debugging zkcoord.
    Debug = 4,
}

/// Called with a line of the log, without a line feed. `message` is valid until the callback returns.
pub type zkcoord_log_fn =
    Option<unsafe extern "C" fn(level: zkcoord_log_level, message: *const c_char, user_data: *mut c_void)>;

/// Sets the callback that receives the log lines of all clients in the process, down to `level`, a zkcoord_log_level:
/// with ZKCOORD_LOG_LEVEL_WARN, warnings and errors. Replaces the previous callback; initially there is none. With NULL
/// as `fn`, or with ZKCOORD_LOG_LEVEL_OFF, no callback is called any more.
///
/// See "Callbacks" above for `destroy`. As `fn` runs on the callback thread, a slow `fn` delays other callbacks, but no
/// client. If more than 1000 lines are waiting for it, further lines are dropped, and the next line is preceded by one
/// that says how many.
///
/// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `level` is not a zkcoord_log_level, and with
/// ZKCOORD_STATUS_UNSUPPORTED if the library is linked statically into a Rust program that has a subscriber of its own,
/// which then receives the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_set_log(
    level: i32,
    r#fn: zkcoord_log_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // Before anything can fail: from here on it is destroyed in any case.
    let user_data = UserData::new(user_data, destroy);
    run(err, move || {
        let level = level_from_c(level)?;
        let (Some(level), Some(function)) = (level, r#fn) else {
            log::unset();
            return Ok(());
        };
        log::set(level, move |level, line| {
            // SAFETY: the caller passed both, to be called like this on the callback thread.
            unsafe { function(level.into(), owned(line).as_ptr(), user_data.pointer()) };
        })
    })
}

/// Returns core's level; `None` for OFF.
fn level_from_c(level: i32) -> Result<Option<Level>, Error> {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug];
    match levels.into_iter().find(|known| *known as i32 == level) {
        None if level != zkcoord_log_level::Off as i32 => {
            Err(Error::invalid_argument("level", level, "must be a zkcoord_log_level"))
        }
        level => Ok(level),
    }
}

impl From<Level> for zkcoord_log_level {
    fn from(level: Level) -> zkcoord_log_level {
        match level {
            Level::Error => zkcoord_log_level::Error,
            Level::Warn => zkcoord_log_level::Warn,
            Level::Info => zkcoord_log_level::Info,
            Level::Debug => zkcoord_log_level::Debug,
        }
    }
}
