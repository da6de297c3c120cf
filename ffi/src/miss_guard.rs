//! Keeping useless lookups of keys that do not exist away from a database.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Error, Lookup, MissGuard, Op};

use crate::boundary::{boundary_out, free, given, handle};
use crate::client::zkcoord_client;
use crate::error::zkcoord_error;
use crate::load_turn::{zkcoord_load_turn, zkcoord_load_turn_fn};
use crate::miss_guard_options::zkcoord_miss_guard_options;
use crate::op::{ForC, begin, wait, wait_done, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::text::{slice, text};
use crate::time::timed;

/// Stops lookups of keys that do not exist. Put it between a cache and the database behind it. Of all who want the same key
/// at the same time, in all processes, one loads it while the others wait for his answer. A key that was missed several
/// times within a window is answered absent for a while, without a load; zkcoord_miss_guard_options has the figures.
///
/// - One load of a key at a time, as long as nobody loses his session while loading.
/// - A load that finds the key clears what was recorded before.
/// - A key that appears is seen at the latest when the hold is over, counted from the beginning of the load that missed last,
///   by the clock of ZooKeeper's leader; or at once, after zkcoord_miss_guard_forget().
///
/// A value that was found is its caller's own: others who waited for it load it themselves, one after another. So a key that
/// is there costs a lock at each lookup; what is found belongs into a cache.
///
/// @code
/// zkcoord_load_turn *turn = NULL;
/// if (zkcoord_miss_guard_begin(users, key, key_len, 5000, &turn, &err)) goto done;
/// if (turn == NULL) goto absent;
/// user = query(key, key_len);
/// if (user ? zkcoord_load_turn_found(turn, 5000, &err) : zkcoord_load_turn_missed(turn, 5000, &err)) goto done;
/// @endcode
pub struct zkcoord_miss_guard(MissGuard);

/// Makes a miss guard at `path`, an absolute znode path below the client's chroot, below which the keys' nodes will be. No
/// request is sent. Borrows both for the call; returns a new miss guard; free with zkcoord_miss_guard_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_new(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    out: *mut *mut zkcoord_miss_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: what the caller promised for this function holds for that one.
    unsafe { zkcoord_miss_guard_new_with_options(client, path, None, out, err) }
}

/// As zkcoord_miss_guard_new(), with options, which it borrows for the call; NULL stands for the defaults.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT also for a threshold, window or hold that cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_new_with_options(
    client: Option<&zkcoord_client>,
    path: *const c_char,
    options: Option<&zkcoord_miss_guard_options>,
    out: *mut *mut zkcoord_miss_guard,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let guard = client.0.miss_guard(unsafe { text("path", path) }?);
        let guard = options.into_iter().fold(guard, |guard, options| options.apply(guard));
        guard.path()?;
        Ok(handle(zkcoord_miss_guard(guard)))
    })
}

/// Asks about a key, which is any `key_len` bytes, also none; waits while others load it. Returns a new turn when the caller
/// is to load the key, and say what came of it; free with zkcoord_load_turn_free(). Or NULL with ZKCOORD_STATUS_OK when the
/// key is absent, and need not be loaded.
///
/// One round trip for a key that is held absent; three or four for one that the caller is to load. Not reentrant: who has a
/// turn and asks for the same key again waits for himself.
///
/// ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first, also while others load. ZKCOORD_STATUS_BAD_DATA when the key's
/// node holds something else, which stays as it is. ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA and
/// ZKCOORD_STATUS_SEQUENCE_EXHAUSTED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_begin(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
    out: *mut *mut zkcoord_load_turn,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || ask(guard, key, key_len, timeout_ms))
}

/// As zkcoord_miss_guard_begin(), but does not wait: `done` gets the new turn, or NULL with ZKCOORD_STATUS_OK when the key
/// is absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_begin_async(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
    done: zkcoord_load_turn_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || ask(guard, key, key_len, timeout_ms))
}

/// Forgets the misses of a key, because it exists now. Whoever asks after this, by whatever client, loads the key again; a
/// load under way will not count as a miss. Two round trips.
///
/// ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes before anything is written, ZKCOORD_STATUS_INDETERMINATE when it passes
/// later: forgetting again does no harm. ZKCOORD_STATUS_BAD_DATA as for zkcoord_miss_guard_begin().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_forget(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || forget(guard, key, key_len, timeout_ms))
}

/// As zkcoord_miss_guard_forget(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_miss_guard_forget_async(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || forget(guard, key, key_len, timeout_ms))
}

/// Takes ownership of the miss guard. NULL is fine. Its turns live on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_free(guard: Option<Box<zkcoord_miss_guard>>) {
    free(guard);
}

fn ask(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
) -> Result<Op<Lookup>, Error> {
    let guard = given("guard", guard)?;
    // SAFETY: borrowed for the call.
    let key = unsafe { slice("key", key, key_len) }?;
    Ok(timed(guard.0.begin(key), timeout_ms))
}

fn forget(
    guard: Option<&zkcoord_miss_guard>,
    key: *const u8,
    key_len: usize,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    let guard = given("guard", guard)?;
    // SAFETY: borrowed for the call.
    let key = unsafe { slice("key", key, key_len) }?;
    Ok(timed(guard.0.forget(key), timeout_ms))
}

impl ForC for Lookup {
    type C = *mut zkcoord_load_turn;

    fn for_c(self) -> *mut zkcoord_load_turn {
        match self {
            Lookup::Absent => std::ptr::null_mut(),
            Lookup::Load(turn) => handle(zkcoord_load_turn::from(turn)),
        }
    }
}
