//! The semaphore.

use std::ffi::c_char;

use zkcoord_core::Semaphore;

use super::guard::{zkcoord_guard, zkcoord_guard_fn};
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::number::number;
use crate::pointer::{free, given, handle};
use crate::stats::zkcoord_stats;
use crate::text::text;
use crate::time::timed;

/// A semaphore: a number of permits that all clients of the ensemble share, granted in order of arrival. A request for
/// many permits is not overtaken by requests for few.
///
/// All clients that share the path must use the same number of permits, which is not stored anywhere. The nodes are
/// those of Curator's InterProcessSemaphoreV2.
pub struct zkcoord_semaphore(Semaphore);

exported! {
    /// Creates a semaphore with `permits` permits at `path`, an absolute znode path below the client's chroot. Sends no
    /// request. Borrows both for the call. Returns a new semaphore; free it with zkcoord_semaphore_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid or `permits` is not from 1 to 2147483647.
    fn zkcoord_semaphore_new(
        client: Option<&zkcoord_client>,
        path: *const c_char,
        permits: i64
    ) -> *mut zkcoord_semaphore {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let semaphore = client.0.semaphore(path, number("permits", permits)?);
        semaphore.path()?;
        handle(zkcoord_semaphore(semaphore))
    }
}

exported! {
    /// Acquires `permits` permits, all at once, and blocks until they are held. Returns a new guard; free it with
    /// zkcoord_guard_free(), which releases them.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `permits` is 0, more than 500, or more than the semaphore has.
    /// Otherwise as zkcoord_mutex_acquire().
    fn zkcoord_semaphore_acquire(
        semaphore: Option<&zkcoord_semaphore>,
        permits: i64,
        timeout_ms: i64
    ) -> *mut zkcoord_guard {
        timed(given("semaphore", semaphore)?.0.acquire(number("permits", permits)?), timeout_ms)
    }
    /// `done` receives the new guard.
    async fn zkcoord_semaphore_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Acquires `permits` permits if they are free and no one waits for permits. Blocks for the server's answer, but
    /// does not wait for other holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with
    /// ZKCOORD_STATUS_OK if the permits are not available.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT as zkcoord_semaphore_acquire() does; otherwise as
    /// zkcoord_mutex_try_acquire().
    fn zkcoord_semaphore_try_acquire(semaphore: Option<&zkcoord_semaphore>, permits: i64) -> *mut zkcoord_guard {
        given("semaphore", semaphore)?.0.try_acquire(number("permits", permits)?)
    }
    /// `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the permits are not available.
    async fn zkcoord_semaphore_try_acquire_async(done: zkcoord_guard_fn);
}

exported! {
    /// Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
    fn zkcoord_semaphore_stats(semaphore: Option<&zkcoord_semaphore>) -> *mut zkcoord_stats {
        let semaphore = &given("semaphore", semaphore)?.0;
        semaphore.path()?; // fails in a child of fork()
        handle(zkcoord_stats(semaphore.stats()))
    }
}

/// Takes ownership of the semaphore and frees it. NULL is allowed. Its guards stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_semaphore_free(semaphore: Option<Box<zkcoord_semaphore>>) {
    free(semaphore);
}
