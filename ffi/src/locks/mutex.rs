//! The mutual exclusion lock.

use std::ffi::c_char;

use zkcoord_core::{Error, Mutex, thread_owner};

use super::guard::{zkcoord_guard, zkcoord_guard_fn};
use super::mutex_options::zkcoord_mutex_options;
use super::queue::{zkcoord_queue, zkcoord_queue_fn};
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::text;
use crate::time::timed;

/// A mutual exclusion lock: at most one holder among all clients of the ensemble, granted in order of arrival. It is
/// not reentrant: a second acquire waits for the first guard, even in the same thread. Its guard does not belong to a
/// thread: any thread may release it. See zkcoord_reentrant_mutex for the reentrant kind.
///
/// The two sides of a read/write lock also have this type; see zkcoord_rw_lock for their differences.
pub struct zkcoord_mutex {
    mutex: Mutex,
    /// Sets the calling thread on core's mutex: `asked_by` for a plain mutex, whose guards have no owner, or
    /// `owned_by` for the sides of a read/write lock, which the thread owns.
    set_thread: fn(Mutex, u64) -> Mutex,
}

exported! {
    /// Creates a mutex at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows both for
    /// the call. Returns a new mutex; free it with zkcoord_mutex_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_mutex_new(client: Option<&zkcoord_client>, path: *const c_char) -> *mut zkcoord_mutex;

    /// Creates a mutex as zkcoord_mutex_new() does, with options, which it borrows for the call; NULL means the
    /// defaults.
    fn zkcoord_mutex_new_with_options(options: Option<&zkcoord_mutex_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let mutex = client.0.mutex(unsafe { text("path", path) }?);
        zkcoord_mutex::new_handle(zkcoord_mutex_options::apply(options, mutex), Mutex::asked_by)?
    }
}

exported! {
    /// Acquires the lock, and blocks until it is held. Returns a new guard; free it with zkcoord_guard_free(), which
    /// releases the lock.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first. No lock is held then, and no node is left
    /// behind. Fails with ZKCOORD_STATUS_WOULD_DEADLOCK also if this thread would wait for a lock that it holds itself,
    /// with the same client, through a zkcoord_reentrant_mutex or a zkcoord_rw_lock. Waits for a lock that the thread
    /// holds through a zkcoord_mutex. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA or
    /// ZKCOORD_STATUS_SEQUENCE_EXHAUSTED if the server refuses.
    fn zkcoord_mutex_acquire(mutex: Option<&zkcoord_mutex>, timeout_ms: i64) -> *mut zkcoord_guard {
        timed(given("mutex", mutex)?.for_calling_thread().acquire(), timeout_ms)
    }
    /// `done` receives the new guard.
    async fn zkcoord_mutex_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Acquires the lock if it is free. Blocks for the server's answer, but does not wait for other holders. Returns a
    /// new guard, to be freed with zkcoord_guard_free(), or NULL with ZKCOORD_STATUS_OK if the lock is taken.
    ///
    /// Fails with ZKCOORD_STATUS_CONNECTION_LOST if there is no connection; otherwise as zkcoord_mutex_acquire().
    fn zkcoord_mutex_try_acquire(mutex: Option<&zkcoord_mutex>) -> *mut zkcoord_guard {
        given("mutex", mutex)?.for_calling_thread().try_acquire()
    }
    /// `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the lock is taken.
    async fn zkcoord_mutex_try_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Reads the holders and the waiters of the lock, and blocks for the server's answer. Returns a new queue; free it
    /// with zkcoord_queue_free().
    ///
    /// Fails with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
    fn zkcoord_mutex_inspect(mutex: Option<&zkcoord_mutex>, timeout_ms: i64) -> *mut zkcoord_queue {
        timed(given("mutex", mutex)?.mutex.inspect(), timeout_ms)
    }
    /// `done` receives the new queue.
    async fn zkcoord_mutex_inspect_async(done: zkcoord_queue_fn);
}

exported! {
    /// Returns new statistics: how long the calls of zkcoord_mutex_acquire() with this mutex took so far, and how long
    /// it was held. Free them with zkcoord_stats_free(). Sends no request.
    fn zkcoord_mutex_stats(mutex: Option<&zkcoord_mutex>) -> *mut zkcoord_stats {
        let mutex = &given("mutex", mutex)?.mutex;
        mutex.path()?; // fails in a child of fork()
        handle(zkcoord_stats(mutex.stats()))
    }
}

/// Takes ownership of the mutex and frees it. NULL is allowed. Its guards stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_free(mutex: Option<Box<zkcoord_mutex>>) {
    free(mutex);
}

impl zkcoord_mutex {
    /// Returns a new object for the caller. Fails if the path is invalid, or in a child of fork().
    pub(crate) fn new_handle(
        mutex: Mutex,
        set_thread: fn(Mutex, u64) -> Mutex,
    ) -> Result<*mut zkcoord_mutex, Error> {
        mutex.path()?;
        Ok(handle(zkcoord_mutex { mutex, set_thread }))
    }

    /// Returns the mutex with the calling thread set.
    fn for_calling_thread(&self) -> Mutex {
        (self.set_thread)(self.mutex.clone(), thread_owner())
    }
}
