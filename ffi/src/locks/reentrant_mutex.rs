//! The mutex that its owner may acquire several times.

use std::ffi::c_char;

use zkcoord_core::ReentrantMutex;

use super::guard::{zkcoord_guard, zkcoord_guard_fn};
use super::mutex_options::zkcoord_mutex_options;
use super::queue::{zkcoord_queue, zkcoord_queue_fn};
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::text;
use crate::time::timed;

/// A mutual exclusion lock that its owner may acquire several times. The owner is the thread that calls
/// zkcoord_reentrant_mutex_acquire(). While it holds the lock it can acquire it again at once, without any request,
/// through any zkcoord_reentrant_mutex of the same client and path. These guards share one node and one token. The lock
/// is released when the last of them is released or freed, by any thread; until then the owner stays the owner.
///
/// A lost lock does not count as held: its guards stay lost, and an acquire queues again. For other owners it behaves
/// like a zkcoord_mutex.
pub struct zkcoord_reentrant_mutex(ReentrantMutex);

exported! {
    /// Creates a reentrant mutex at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
    /// both for the call. Returns a new reentrant mutex; free it with zkcoord_reentrant_mutex_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_reentrant_mutex_new(
        client: Option<&zkcoord_client>,
        path: *const c_char
    ) -> *mut zkcoord_reentrant_mutex;

    /// Creates a reentrant mutex as zkcoord_reentrant_mutex_new() does, with options, which it borrows for the call;
    /// NULL means the defaults.
    fn zkcoord_reentrant_mutex_new_with_options(options: Option<&zkcoord_mutex_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let mutex = client.0.reentrant_mutex(unsafe { text("path", path) }?);
        let mutex = mutex.scheme(zkcoord_mutex_options::scheme(options)?);
        mutex.path()?;
        handle(zkcoord_reentrant_mutex(mutex))
    }
}

exported! {
    /// Acquires the lock, and blocks until this thread holds it. Returns at once if the thread already holds it.
    /// Returns a new guard; free it with zkcoord_guard_free(), which releases this acquisition of the lock.
    ///
    /// Fails with ZKCOORD_STATUS_WOULD_DEADLOCK also if this thread holds a lock at the path through a zkcoord_rw_lock
    /// of the same client. Waits for a lock that the thread holds through a zkcoord_mutex, because that has no owner.
    /// Otherwise as zkcoord_mutex_acquire().
    fn zkcoord_reentrant_mutex_acquire(
        mutex: Option<&zkcoord_reentrant_mutex>,
        timeout_ms: i64
    ) -> *mut zkcoord_guard {
        timed(given("mutex", mutex)?.0.acquire(), timeout_ms)
    }
    /// `done` receives the new guard.
    async fn zkcoord_reentrant_mutex_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Acquires the lock if it is free, or if this thread already holds it. Blocks for the server's answer, but does
    /// not wait for other holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with
    /// ZKCOORD_STATUS_OK if the lock is held by another owner.
    ///
    /// Fails as zkcoord_mutex_try_acquire() does.
    fn zkcoord_reentrant_mutex_try_acquire(mutex: Option<&zkcoord_reentrant_mutex>) -> *mut zkcoord_guard {
        given("mutex", mutex)?.0.try_acquire()
    }
    /// `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the lock is held by another owner.
    async fn zkcoord_reentrant_mutex_try_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Reads the queue of the lock as zkcoord_mutex_inspect() does. A lock that a thread has acquired several times
    /// appears once.
    fn zkcoord_reentrant_mutex_inspect(
        mutex: Option<&zkcoord_reentrant_mutex>,
        timeout_ms: i64
    ) -> *mut zkcoord_queue {
        timed(given("mutex", mutex)?.0.inspect(), timeout_ms)
    }
    /// `done` receives the new queue.
    async fn zkcoord_reentrant_mutex_inspect_async(done: zkcoord_queue_fn);
}

exported! {
    /// Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
    fn zkcoord_reentrant_mutex_stats(mutex: Option<&zkcoord_reentrant_mutex>) -> *mut zkcoord_stats {
        let mutex = &given("mutex", mutex)?.0;
        mutex.path()?; // fails in a child of fork()
        handle(zkcoord_stats(mutex.stats()))
    }
}

/// Takes ownership of the reentrant mutex and frees it. NULL is allowed. Its guards stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_reentrant_mutex_free(mutex: Option<Box<zkcoord_reentrant_mutex>>) {
    free(mutex);
}
