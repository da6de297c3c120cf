//! A lock that is held.

use std::ffi::{CString, c_char, c_void};

use zkcoord_core::Guard;

use crate::boundary::{boundary, free, given, infallible};
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::text::owned;
use crate::time::timed;

/// A lock that is held, until it is released, freed, or lost.
///
/// It can be lost while it is held: when no server has confirmed the session for too long, when the session is over,
/// when somebody deletes the lock's node. The guard knows before the server can give the lock to anybody else.
pub struct zkcoord_guard {
    guard: Guard,
    node: CString,
}

/// The fencing token: larger than that of every holder before. Pass it along with what you write, and let the receiver
/// refuse a token smaller than one that it has seen. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token(guard: Option<&zkcoord_guard>) -> u64 {
    guard.map_or(0, |guard| guard.guard.token())
}

/// The path of the lock's node, below the client's chroot. Lives as long as the guard; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_node(guard: Option<&zkcoord_guard>) -> *const c_char {
    guard.map_or(std::ptr::null(), |guard| guard.node.as_ptr())
}

/// Whether the lock is held for certain at this moment. Costs no round trip. False for NULL and in a child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_is_held(guard: Option<&zkcoord_guard>) -> bool {
    infallible(false, || guard.is_some_and(|guard| guard.guard.is_held()))
}

/// Checks that the lock is held for certain at this moment. Costs no round trip.
///
/// ZKCOORD_STATUS_LOCK_LOST when it is not held any more or cannot be known to be; the message says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_check(
    guard: Option<&zkcoord_guard>,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || given("guard", guard)?.guard.check())
}

/// Calls `fn(user_data)` once when the lock is lost: soon, if that has happened already; never, if it is released or
/// freed first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_on_lost(
    guard: Option<&zkcoord_guard>,
    r#fn: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
    destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        // Before anything can fail: from here on it is destroyed in any case.
        let user_data = UserData::new(user_data, destroy);
        let guard = given("guard", guard)?;
        let function = given("fn", r#fn)?;
        guard.guard.on_lost(move |_loss| user_data.call(function))
    })
}

/// Gives the lock back and waits until the server has confirmed it. Can be called again, and after a loss. The guard
/// must still be freed.
///
/// ZKCOORD_STATUS_TIMEOUT when the server does not confirm it in time; it goes on in the background. Never
/// ZKCOORD_STATUS_LOCK_LOST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_release(
    guard: *mut zkcoord_guard,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        // SAFETY: borrowed for the call. Not exclusively: other threads may use it too.
        let guard = given("guard", unsafe { guard.as_ref() })?;
        timed(guard.guard.release(), timeout_ms).wait()
    })
}

/// Takes ownership of the guard and gives its lock back, in the background. NULL is fine. In a child of fork() the lock
/// stays with the parent.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_free(guard: Option<Box<zkcoord_guard>>) {
    free(guard);
}

impl From<Guard> for zkcoord_guard {
    fn from(guard: Guard) -> zkcoord_guard {
        zkcoord_guard { node: owned(guard.node()), guard }
    }
}
