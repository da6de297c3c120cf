//! The mutual exclusion lock.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, Mutex, thread_owner};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::guard::{zkcoord_guard, zkcoord_guard_fn};
use crate::mutex_options::{apply, zkcoord_mutex_options};
use crate::op::{begin, wait, zkcoord_destroy_fn, zkcoord_op};
use crate::queue::{zkcoord_queue, zkcoord_queue_fn};
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival. Not
/// reentrant: a second acquire waits for the first guard, also in the same thread. Its guard is nobody's: any thread may
/// release it. See zkcoord_reentrant_mutex for the other kind.
///
/// The two sides of a read/write lock are of this type too; see zkcoord_rw_lock for how they differ.
pub struct zkcoord_mutex {
    mutex: Mutex,
    /// What the thread that asks for it is: somebody who asks, or, for the sides of a read/write lock, the owner.
    told_by: fn(Mutex, u64) -> Mutex,
}

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
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_mutex_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_mutex_options>,
    out: *mut *mut zkcoord_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let mutex = client.0.mutex(unsafe { text("path", path) }?);
        zkcoord_mutex::checked(apply(options, mutex), Mutex::asked_by)
    })
}

/// Waits until the lock is held. Returns a new guard; free with zkcoord_guard_free(), which gives the lock back.
///
/// ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first: nothing is held then, no node is left.
/// ZKCOORD_STATUS_WOULD_DEADLOCK also when this thread would wait for what it holds itself, with the same client, through a
/// zkcoord_reentrant_mutex or a zkcoord_rw_lock; what it holds through a zkcoord_mutex it waits for.
/// ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA and ZKCOORD_STATUS_SEQUENCE_EXHAUSTED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_acquire(
    mutex: Option<&zkcoord_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("mutex", mutex)?.of_this_thread().acquire(), timeout_ms)))
}

/// As zkcoord_mutex_acquire(), but does not wait: `done` gets the new guard.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_acquire_async(
    mutex: Option<&zkcoord_mutex>,
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
    wait(out, err, || Ok(given("mutex", mutex)?.of_this_thread().try_acquire()))
}

/// As zkcoord_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when the
/// lock is taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_try_acquire_async(
    mutex: Option<&zkcoord_mutex>,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(given("mutex", mutex)?.of_this_thread().try_acquire()))
}

/// Looks who holds the lock and who waits for it. Returns a new queue; free with zkcoord_queue_free().
///
/// ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_inspect(
    mutex: Option<&zkcoord_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_queue,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("mutex", mutex)?.mutex.inspect(), timeout_ms)))
}

/// As zkcoord_mutex_inspect(), but does not wait: `done` gets the new queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_inspect_async(
    mutex: Option<&zkcoord_mutex>,
    timeout_ms: i64,
    done: zkcoord_queue_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("mutex", mutex)?.mutex.inspect(), timeout_ms)))
}

/// Returns new figures: how long the calls of zkcoord_mutex_acquire() with this mutex took so far, and how long it was held;
/// free with zkcoord_stats_free(). Costs no round trip.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_stats(
    mutex: Option<&zkcoord_mutex>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let mutex = &given("mutex", mutex)?.mutex;
        mutex.path()?; // FORKED
        Ok(handle(zkcoord_stats(mutex.stats())))
    })
}

/// Takes ownership of the mutex. NULL is fine. Its guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_free(mutex: Option<Box<zkcoord_mutex>>) {
    free(mutex);
}

impl zkcoord_mutex {
    /// A new object for the caller, unless the mutex can be of no use to him.
    pub(crate) fn checked(
        mutex: Mutex,
        told_by: fn(Mutex, u64) -> Mutex,
    ) -> Result<*mut zkcoord_mutex, Error> {
        mutex.path()?;
        Ok(handle(zkcoord_mutex { mutex, told_by }))
    }

    /// The mutex, told that it is the calling thread who asks.
    fn of_this_thread(&self) -> Mutex {
        (self.told_by)(self.mutex.clone(), thread_owner())
    }
}
