//! The mutex that its owner may take several times.

use std::ffi::{c_char, c_void};

use zkcoord_core::ReentrantMutex;

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::guard::{zkcoord_guard, zkcoord_guard_fn};
use crate::mutex_options::{scheme, zkcoord_mutex_options};
use crate::op::{begin, wait, zkcoord_destroy_fn, zkcoord_op};
use crate::queue::{zkcoord_queue, zkcoord_queue_fn};
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A mutual exclusion lock that its owner may take several times. The owner is the thread that calls
/// zkcoord_reentrant_mutex_acquire(). Once it has the lock it gets it again at once, without any request, through any
/// zkcoord_reentrant_mutex of the same client and path: the guards share one node and one token. The lock is given back when
/// the last of them is released or freed, by whatever thread; until then the owner stays the owner.
///
/// A lost lock does not count as held: its guards stay lost, and an acquire queues anew. For everybody else it is a lock
/// like that of a zkcoord_mutex.
pub struct zkcoord_reentrant_mutex(ReentrantMutex);

/// Makes a reentrant mutex at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both
/// for the call; returns a new reentrant mutex; free with zkcoord_reentrant_mutex_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_reentrant_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_reentrant_mutex_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_reentrant_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_mutex_options>,
    out: *mut *mut zkcoord_reentrant_mutex,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let mutex = client.0.reentrant_mutex(unsafe { text("path", path) }?).scheme(scheme(options)?);
        mutex.path()?;
        Ok(handle(zkcoord_reentrant_mutex(mutex)))
    })
}

/// Waits until this thread holds the lock; at once when it does already. Returns a new guard; free with
/// zkcoord_guard_free(), which gives it back.
///
/// ZKCOORD_STATUS_WOULD_DEADLOCK also when this thread holds what is at the path through a zkcoord_rw_lock of the same
/// client. What it holds through a zkcoord_mutex it waits for: that is nobody's. Otherwise as zkcoord_mutex_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_acquire(
    mutex: Option<&zkcoord_reentrant_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("mutex", mutex)?.0.acquire(), timeout_ms)))
}

/// As zkcoord_reentrant_mutex_acquire(), but does not wait: `done` gets the new guard.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_acquire_async(
    mutex: Option<&zkcoord_reentrant_mutex>,
    timeout_ms: i64,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("mutex", mutex)?.0.acquire(), timeout_ms)))
}

/// Takes the lock if it is free, or this thread holds it already. Returns a new guard, free with zkcoord_guard_free(); or
/// NULL with ZKCOORD_STATUS_OK when somebody else holds it.
///
/// What it can answer is that of zkcoord_mutex_try_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_try_acquire(
    mutex: Option<&zkcoord_reentrant_mutex>,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(given("mutex", mutex)?.0.try_acquire()))
}

/// As zkcoord_reentrant_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK
/// when somebody else holds it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_try_acquire_async(
    mutex: Option<&zkcoord_reentrant_mutex>,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(given("mutex", mutex)?.0.try_acquire()))
}

/// As zkcoord_mutex_inspect(). What a thread holds several times shows once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_inspect(
    mutex: Option<&zkcoord_reentrant_mutex>,
    timeout_ms: i64,
    out: *mut *mut zkcoord_queue,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || Ok(timed(given("mutex", mutex)?.0.inspect(), timeout_ms)))
}

/// As zkcoord_reentrant_mutex_inspect(), but does not wait: `done` gets the new queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_inspect_async(
    mutex: Option<&zkcoord_reentrant_mutex>,
    timeout_ms: i64,
    done: zkcoord_queue_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || Ok(timed(given("mutex", mutex)?.0.inspect(), timeout_ms)))
}

/// As zkcoord_mutex_stats().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_reentrant_mutex_stats(
    mutex: Option<&zkcoord_reentrant_mutex>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let mutex = given("mutex", mutex)?;
        mutex.0.path()?; // FORKED
        Ok(handle(zkcoord_stats(mutex.0.stats())))
    })
}

/// Takes ownership of the reentrant mutex. NULL is fine. Its guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_reentrant_mutex_free(mutex: Option<Box<zkcoord_reentrant_mutex>>) {
    free(mutex);
}
