//! The log.

use std::ffi::{c_char, c_void};

use zkcoord_core::Error;
use zkcoord_core::log::{self, Level};

use crate::boundary::boundary;
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::op::zkcoord_destroy_fn;
use crate::status::zkcoord_status;
use crate::text::owned;

/// How much a line of the log matters.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum zkcoord_log_level {
    /// No line has this level: nothing is logged.
    Off = 0,
    /// Something failed for good.
    Error = 1,
    /// Something went wrong and is dealt with: a session expired, a lock was lost.
    Warn = 2,
    /// What an operator may want to know.
    Info = 3,
    /// What helps to understand zkcoord.
    Debug = 4,
}

/// Called with a line of the log, without a line feed; `message` lives until it returns.
pub type zkcoord_log_fn =
    Option<unsafe extern "C" fn(level: zkcoord_log_level, message: *const c_char, user_data: *mut c_void)>;

/// Has `fn` called with what zkcoord has to say of all clients of the process, down to `level`, a zkcoord_log_level: with
/// ZKCOORD_LOG_LEVEL_WARN, warnings and errors. In place of whom was called before; nobody is at first. With NULL, or
/// ZKCOORD_LOG_LEVEL_OFF, nobody is called any more. See "Callbacks" above for `destroy`: so a slow `fn` holds up other
/// callbacks, but no client. When more than 1000 lines wait for it, others are left out, and the next one is preceded by a line
/// that says how many.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a level that is none. ZKCOORD_STATUS_UNSUPPORTED when the library is linked statically
/// into a program in Rust that has a subscriber of its own, which gets the log.
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
    boundary(err, move || {
        let level = level_of(level)?;
        let (Some(level), Some(function)) = (level, r#fn) else {
            log::unset();
            return Ok(());
        };
        log::set(level, move |level, line| {
            // SAFETY: the caller gave both, to be called like this on the callback thread.
            unsafe { function(level.into(), owned(line).as_ptr(), user_data.pointer()) };
        })
    })
}

/// Core's level; none for OFF.
fn level_of(level: i32) -> Result<Option<Level>, Error> {
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
