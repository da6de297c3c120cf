//! The read/write lock.

use std::ffi::c_char;

use zkcoord_core::{Mutex, RwLock};

use super::mutex::zkcoord_mutex;
use super::mutex_options::zkcoord_mutex_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::text::text;

/// A read/write lock: any number of readers, or one writer, granted in order of arrival. Readers cannot starve a
/// writer: readers that arrive after it wait for it.
///
/// The thread that acquires a side owns the lock it gets until the guard is released, by any thread. With the same
/// client
/// - the owner can acquire a side that it already holds again: at once, without any request, and with the same token.
///   The side is released when its last guard is released;
/// - the owner of the write side can acquire the read side too, and may then release the write side: no other writer
///   gets in between. The guard of the read side has the token of the write side;
/// - if the owner holds only the read side, acquiring the write side fails at once with ZKCOORD_STATUS_WOULD_DEADLOCK,
///   and zkcoord_mutex_try_acquire() returns NULL, because two threads that did this would wait for each other.
pub struct zkcoord_rw_lock(RwLock);

exported! {
    /// Creates a read/write lock at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
    /// both for the call. Returns a new lock; free it with zkcoord_rw_lock_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_rw_lock_new(client: Option<&zkcoord_client>, path: *const c_char) -> *mut zkcoord_rw_lock;

    /// Creates a read/write lock as zkcoord_rw_lock_new() does, with options, which it borrows for the call; NULL means
    /// the defaults.
    fn zkcoord_rw_lock_new_with_options(options: Option<&zkcoord_mutex_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let lock = client.0.rw_lock(unsafe { text("path", path) }?);
        let lock = lock.scheme(zkcoord_mutex_options::scheme(options)?);
        lock.read().path()?;
        handle(zkcoord_rw_lock(lock))
    }
}

exported! {
    /// Returns the read side as a new mutex, which any number may hold at once while no one holds that of
    /// zkcoord_rw_lock_write(); free it with zkcoord_mutex_free(). It stays valid after the lock is freed.
    /// zkcoord_mutex_stats() covers all mutexes that this function has returned for the lock.
    fn zkcoord_rw_lock_read(lock: Option<&zkcoord_rw_lock>) -> *mut zkcoord_mutex {
        zkcoord_mutex::new_handle(given("lock", lock)?.0.read().clone(), Mutex::owned_by)?
    }
}

exported! {
    /// Returns the write side as a new mutex, which only one may hold at a time; free it with zkcoord_mutex_free().
    /// Otherwise as zkcoord_rw_lock_read().
    fn zkcoord_rw_lock_write(lock: Option<&zkcoord_rw_lock>) -> *mut zkcoord_mutex {
        zkcoord_mutex::new_handle(given("lock", lock)?.0.write().clone(), Mutex::owned_by)?
    }
}

/// Takes ownership of the lock and frees it. NULL is allowed. Its mutexes and guards stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_rw_lock_free(lock: Option<Box<zkcoord_rw_lock>>) {
    free(lock);
}
