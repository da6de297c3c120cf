//! The mutual exclusion lock.

use std::ffi::c_char;

use zkcoord_core::Mutex;

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::guard::zkcoord_guard;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival. Not
/// reentrant: a second acquire waits for the first guard, also in the same thread.
pub struct zkcoord_mutex(Mutex);

/// Makes a mutex at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for the
/// call; returns a new mutex; free with zkcoord_mutex_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let mutex = client.0.mutex(unsafe { text("path", path) }?);
        mutex.path()?;
        Ok(handle(zkcoord_mutex(mutex)))
    })
}

/// Waits until the lock is held. Returns a new guard; free with zkcoord_guard_free(), which gives the lock back.
///
/// ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first: nothing is held then, no node is left.
/// ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA and ZKCOORD_STATUS_SEQUENCE_EXHAUSTED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_acquire(
    mutex: Option<&zkcoord_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let mutex = given("mutex", mutex)?;
        let guard = timed(mutex.0.acquire(), timeout_ms).wait()?;
        Ok(handle(zkcoord_guard::from(guard)))
    })
}

/// Takes the lock if it is free. Returns a new guard, free with zkcoord_guard_free(); or NULL with ZKCOORD_STATUS_OK
/// when the lock is taken.
///
/// ZKCOORD_STATUS_CONNECTION_LOST when there is no connection; otherwise as zkcoord_mutex_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_try_acquire(
    mutex: Option<&zkcoord_mutex>,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let guard = given("mutex", mutex)?.0.try_acquire().wait()?;
        Ok(guard.map_or_else(std::ptr::null_mut, |guard| handle(zkcoord_guard::from(guard))))
    })
}

/// Takes ownership of the mutex. NULL is fine. Its guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_free(mutex: Option<Box<zkcoord_mutex>>) {
    free(mutex);
}
