//! Several mutexes taken as one.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, MultiMutex, thread_owner};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::guard::{zkcoord_guard, zkcoord_guard_fn};
use crate::mutex_options::{scheme, zkcoord_mutex_options};
use crate::op::{begin, wait, zkcoord_destroy_fn, zkcoord_op};
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::{slice, text};
use crate::time::timed;

/// Several mutexes taken as one: all or none, in the same order by everybody, so that nobody waits in a circle. On each
/// path it excludes whoever takes that path alone.
///
/// Its guard holds all of them, and is lost when one of them is. The guard's token is that of the first path in
/// sorted order, and fences what belongs to that path.
pub struct zkcoord_multi_mutex(MultiMutex);

/// Makes a multi mutex of `count` paths, in any order. No request is sent. Borrows all for the call; returns a new multi
/// mutex; free with zkcoord_multi_mutex_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for no path.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_new(
    client: Option<&zkcoord_client>,
    paths: *const *const c_char,
    count: usize,
    out: *mut *mut zkcoord_multi_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_multi_mutex_new_with_options(client, paths, count, None, out, err) }
}

/// As zkcoord_multi_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_new_with_options(
    client: Option<&zkcoord_client>,
    paths: *const *const c_char,
    count: usize,
    options: Option<&zkcoord_mutex_options>,
    out: *mut *mut zkcoord_multi_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let paths = unsafe { slice("paths", paths, count) }?;
        // SAFETY: borrowed for the call, as the array is.
        let path =
            |(index, path): (usize, &*const c_char)| unsafe { text(&format!("paths[{index}]"), *path) };
        let paths = paths.iter().enumerate().map(path).collect::<Result<Vec<_>, Error>>()?;
        let mutex = client.0.multi_mutex(paths).scheme(scheme(options)?);
        mutex.paths()?;
        Ok(handle(zkcoord_multi_mutex(mutex)))
    })
}

/// Waits until all the locks are held. Returns a new guard; free with zkcoord_guard_free(), which gives them back.
///
/// What it can answer is that of zkcoord_mutex_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_acquire(
    mutex: Option<&zkcoord_multi_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("mutex", mutex)?.of_this_thread().acquire(), timeout_ms)))
}

/// As zkcoord_multi_mutex_acquire(), but does not wait: `done` gets the new guard.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_acquire_async(
    mutex: Option<&zkcoord_multi_mutex>,
    timeout_ms: i64,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || {
        Ok(timed(given("mutex", mutex)?.of_this_thread().acquire(), timeout_ms))
    })
}

/// Takes all the locks if all are free. Returns a new guard, free with zkcoord_guard_free(); or NULL with
/// ZKCOORD_STATUS_OK when one of them is taken.
///
/// What it can answer is that of zkcoord_mutex_try_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_try_acquire(
    mutex: Option<&zkcoord_multi_mutex>,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(given("mutex", mutex)?.of_this_thread().try_acquire()))
}

/// As zkcoord_multi_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when
/// one of the locks is taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_try_acquire_async(
    mutex: Option<&zkcoord_multi_mutex>,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(given("mutex", mutex)?.of_this_thread().try_acquire()))
}

/// As zkcoord_mutex_stats().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_multi_mutex_stats(
    mutex: Option<&zkcoord_multi_mutex>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let mutex = given("mutex", mutex)?;
        mutex.0.paths()?; // FORKED
        Ok(handle(zkcoord_stats(mutex.0.stats())))
    })
}

/// Takes ownership of the multi mutex. NULL is fine. Its guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_multi_mutex_free(mutex: Option<Box<zkcoord_multi_mutex>>) {
    free(mutex);
}

impl zkcoord_multi_mutex {
    /// The mutexes, told that it is the calling thread who asks.
    fn of_this_thread(&self) -> MultiMutex {
        self.0.clone().asked_by(thread_owner())
    }
}
