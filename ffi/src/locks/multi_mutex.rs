//! Several mutexes that are acquired together.

use std::ffi::c_char;

use zkcoord_core::{Error, MultiMutex, thread_owner};

use super::guard::{zkcoord_guard, zkcoord_guard_fn};
use super::mutex_options::zkcoord_mutex_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::{slice, text};
use crate::time::timed;

/// Several mutexes that are acquired together: all or none, and by all clients in the same order, so that they cannot
/// deadlock. On each path it excludes every other lock that is acquired on that path.
///
/// The guard holds all the locks, and is lost when one of them is lost. Its token is that of the first path in sorted
/// order, and fences only what belongs to that path.
pub struct zkcoord_multi_mutex(MultiMutex);

exported! {
    /// Creates a multi mutex for `count` paths, in any order. Sends no request. Borrows all arguments for the call.
    /// Returns a new multi mutex; free it with zkcoord_multi_mutex_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if a path is invalid or `count` is 0.
    fn zkcoord_multi_mutex_new(
        client: Option<&zkcoord_client>,
        paths: *const *const c_char,
        count: usize
    ) -> *mut zkcoord_multi_mutex;

    /// Creates a multi mutex as zkcoord_multi_mutex_new() does, with options, which it borrows for the call; NULL means
    /// the defaults.
    fn zkcoord_multi_mutex_new_with_options(options: Option<&zkcoord_mutex_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let paths = unsafe { slice("paths", paths, count) }?;
        let path = |(index, path): (usize, &*const c_char)| {
            // SAFETY: borrowed for the call, as the array is.
            unsafe { text(&format!("paths[{index}]"), *path) }
        };
        let paths = paths.iter().enumerate().map(path).collect::<Result<Vec<_>, Error>>()?;
        let mutex = client.0.multi_mutex(paths).scheme(zkcoord_mutex_options::scheme(options)?);
        mutex.paths()?;
        handle(zkcoord_multi_mutex(mutex))
    }
}

exported! {
    /// Acquires all the locks, and blocks until they are held. Returns a new guard; free it with zkcoord_guard_free(),
    /// which releases them.
    ///
    /// Fails as zkcoord_mutex_acquire() does.
    fn zkcoord_multi_mutex_acquire(mutex: Option<&zkcoord_multi_mutex>, timeout_ms: i64) -> *mut zkcoord_guard {
        timed(given("mutex", mutex)?.for_calling_thread().acquire(), timeout_ms)
    }
    /// `done` receives the new guard.
    async fn zkcoord_multi_mutex_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Acquires all the locks if all of them are free. Blocks for the server's answers, but does not wait for other
    /// holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with ZKCOORD_STATUS_OK if one of
    /// the locks is taken.
    ///
    /// Fails as zkcoord_mutex_try_acquire() does.
    fn zkcoord_multi_mutex_try_acquire(mutex: Option<&zkcoord_multi_mutex>) -> *mut zkcoord_guard {
        given("mutex", mutex)?.for_calling_thread().try_acquire()
    }
    /// `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if one of the locks is taken.
    async fn zkcoord_multi_mutex_try_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
    fn zkcoord_multi_mutex_stats(mutex: Option<&zkcoord_multi_mutex>) -> *mut zkcoord_stats {
        let mutex = &given("mutex", mutex)?.0;
        mutex.paths()?; // fails in a child of fork()
        handle(zkcoord_stats(mutex.stats()))
    }
}

/// Takes ownership of the multi mutex and frees it. NULL is allowed. Its guards stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_multi_mutex_free(mutex: Option<Box<zkcoord_multi_mutex>>) {
    free(mutex);
}

impl zkcoord_multi_mutex {
    /// Returns the mutexes with the calling thread set, by which they detect deadlocks.
    fn for_calling_thread(&self) -> MultiMutex {
        self.0.clone().asked_by(thread_owner())
    }
}
