//! The semaphore.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, Guard, Op, Semaphore};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::guard::{zkcoord_guard, zkcoord_guard_fn};
use crate::number::number;
use crate::op::{begin, wait, zkcoord_destroy_fn, zkcoord_op};
use crate::stats::zkcoord_stats;
use crate::status::zkcoord_status;
use crate::text::text;
use crate::time::timed;

/// A semaphore: so many permits, shared by all clients of the ensemble, had in order of arrival. Who wants many is not
/// overtaken by those who want few.
///
/// Everyone who shares the path must give the same number of permits: it is not stored anywhere. The nodes are those of
/// Curator's InterProcessSemaphoreV2.
pub struct zkcoord_semaphore(Semaphore);

/// Makes a semaphore with so many permits at `path`, an absolute znode path below the client's chroot. No request is
/// sent. Borrows both for the call; returns a new semaphore; free with zkcoord_semaphore_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for permits that are not from 1 to 2147483647.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    permits: i64,
    out: *mut *mut zkcoord_semaphore,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let semaphore = client.0.semaphore(path, number("permits", permits)?);
        semaphore.path()?;
        Ok(handle(zkcoord_semaphore(semaphore)))
    })
}

/// Waits for so many permits, all at once. Returns a new guard; free with zkcoord_guard_free(), which gives them back.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when there are not so many, for none, and for more than 500; otherwise as
/// zkcoord_mutex_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_acquire(
    semaphore: Option<&zkcoord_semaphore>,
    permits: i64,
    timeout_ms: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || acquire(semaphore, permits, timeout_ms))
}

/// As zkcoord_semaphore_acquire(), but does not wait: `done` gets the new guard.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_acquire_async(
    semaphore: Option<&zkcoord_semaphore>,
    permits: i64,
    timeout_ms: i64,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || acquire(semaphore, permits, timeout_ms))
}

/// Takes so many permits if they are free and nobody waits. Returns a new guard, free with zkcoord_guard_free(); or NULL
/// with ZKCOORD_STATUS_OK when they are not to be had.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT as for zkcoord_semaphore_acquire(); otherwise as zkcoord_mutex_try_acquire().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_try_acquire(
    semaphore: Option<&zkcoord_semaphore>,
    permits: i64,
    out: *mut *mut zkcoord_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || try_acquire(semaphore, permits))
}

/// As zkcoord_semaphore_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when the
/// permits are not to be had.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_try_acquire_async(
    semaphore: Option<&zkcoord_semaphore>,
    permits: i64,
    done: zkcoord_guard_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || try_acquire(semaphore, permits))
}

/// As zkcoord_mutex_stats().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_semaphore_stats(
    semaphore: Option<&zkcoord_semaphore>,
    out: *mut *mut zkcoord_stats,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let semaphore = given("semaphore", semaphore)?;
        semaphore.0.path()?; // FORKED
        Ok(handle(zkcoord_stats(semaphore.0.stats())))
    })
}

/// Takes ownership of the semaphore. NULL is fine. Its guards live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_semaphore_free(semaphore: Option<Box<zkcoord_semaphore>>) {
    free(semaphore);
}

fn acquire(semaphore: Option<&zkcoord_semaphore>, permits: i64, timeout_ms: i64) -> Result<Op<Guard>, Error> {
    let semaphore = given("semaphore", semaphore)?;
    Ok(timed(semaphore.0.acquire(number("permits", permits)?), timeout_ms))
}

fn try_acquire(semaphore: Option<&zkcoord_semaphore>, permits: i64) -> Result<Op<Option<Guard>>, Error> {
    Ok(given("semaphore", semaphore)?.0.try_acquire(number("permits", permits)?))
}
