//! The read/write lock.

use std::ffi::c_char;

use zkcoord_core::{Mutex, RwLock};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::mutex::zkcoord_mutex;
use crate::mutex_options::{scheme, zkcoord_mutex_options};
use crate::status::zkcoord_status;
use crate::text::text;

/// A read/write lock: any number of readers, or one writer, served in order of arrival. A writer is not starved:
/// readers that come after it wait for it.
///
/// The thread that acquires a side owns what it gets, until the guard is released, by whatever thread. With the same client
/// - it gets a side again that it holds already: at once, without any request, with the same token. The side is given back
///   when the last of its guards is;
/// - while it writes, it gets the read side too, and may then release the write side: nobody writes in between. That guard
///   has the token of the write side;
/// - while it only reads, to acquire the write side fails with ZKCOORD_STATUS_WOULD_DEADLOCK at once, and
///   zkcoord_mutex_try_acquire() gives NULL: two threads that did so would wait for each other.
pub struct zkcoord_rw_lock(RwLock);

/// Makes a read/write lock at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows
/// both for the call; returns a new lock; free with zkcoord_rw_lock_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rw_lock_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_rw_lock,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_rw_lock_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_rw_lock_new(), with options, which it borrows for the call; NULL stands for the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rw_lock_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_mutex_options>,
    out: *mut *mut zkcoord_rw_lock,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let lock = client.0.rw_lock(unsafe { text("path", path) }?).scheme(scheme(options)?);
        lock.read().path()?;
        Ok(handle(zkcoord_rw_lock(lock)))
    })
}

/// Returns a new mutex that any number may hold at once, while nobody holds that of zkcoord_rw_lock_write(); free with
/// zkcoord_mutex_free(). It lives on without the lock. What zkcoord_mutex_stats() tells is of all that this returned for
/// the lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rw_lock_read(
    lock: Option<&zkcoord_rw_lock>,
    out: *mut *mut zkcoord_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || zkcoord_mutex::checked(given("lock", lock)?.0.read().clone(), Mutex::owned_by))
}

/// Returns a new mutex that one holds alone; free with zkcoord_mutex_free(). See zkcoord_rw_lock_read().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_rw_lock_write(
    lock: Option<&zkcoord_rw_lock>,
    out: *mut *mut zkcoord_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || zkcoord_mutex::checked(given("lock", lock)?.0.write().clone(), Mutex::owned_by))
}

/// Takes ownership of the lock. NULL is fine. Its mutexes and guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rw_lock_free(lock: Option<Box<zkcoord_rw_lock>>) {
    free(lock);
}
