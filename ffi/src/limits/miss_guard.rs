//! The miss guard, which keeps lookups of absent keys away from a database.

use std::ffi::c_char;

use zkcoord_core::{Lookup, MissGuard};

use super::load_turn::{zkcoord_load_turn, zkcoord_load_turn_fn};
use super::miss_guard_options::zkcoord_miss_guard_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::into_c::IntoC;
use crate::op::zkcoord_done_fn;
use crate::pointer::{free, given, handle};
use crate::text::{slice, text};
use crate::time::timed;

/// Stops lookups of absent keys. Put it between a cache and the database behind it. If several callers, in any process,
/// ask for the same key at the same time, one of them loads it while the others wait for the outcome. A key that was
/// missed several times within a window is answered absent for some time, the hold, without a load;
/// zkcoord_miss_guard_options has the numbers.
///
/// - A key is loaded by one caller at a time, as long as no caller loses its session while loading.
/// - A load that finds the key clears the misses recorded before.
/// - A key that comes into existence is seen when the hold is over at the latest, counted from the beginning of the
///   last load that missed, by the clock of ZooKeeper's leader; or at once, after zkcoord_miss_guard_forget().
///
/// A value that was found is not shared: the other callers that waited for it load it themselves, one after another. So
/// each lookup of an existing key costs a lock, and values that were found belong in a cache.
///
/// @code
/// zkcoord_load_turn *turn = NULL;
/// if (zkcoord_miss_guard_begin(users, key, key_len, 5000, &turn, &err)) goto done;
/// if (turn == NULL) goto absent;
/// user = query(key, key_len);
/// if (user ? zkcoord_load_turn_found(turn, 5000, &err) : zkcoord_load_turn_missed(turn, 5000, &err)) goto done;
/// @endcode
pub struct zkcoord_miss_guard(MissGuard);

exported! {
    /// Creates a miss guard at `path`, an absolute znode path below the client's chroot, below which the nodes of the
    /// keys are created. Sends no request. Borrows both for the call. Returns a new miss guard; free it with
    /// zkcoord_miss_guard_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_miss_guard_new(client: Option<&zkcoord_client>, path: *const c_char) -> *mut zkcoord_miss_guard;

    /// Creates a miss guard as zkcoord_miss_guard_new() does, with options, which it borrows for the call; NULL means
    /// the defaults.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the threshold, window or hold is out of range.
    fn zkcoord_miss_guard_new_with_options(options: Option<&zkcoord_miss_guard_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let guard = client.0.miss_guard(unsafe { text("path", path) }?);
        let guard = zkcoord_miss_guard_options::apply(options, guard);
        guard.path()?;
        handle(zkcoord_miss_guard(guard))
    }
}

exported! {
    /// Asks for a key, which is any sequence of `key_len` bytes and may be empty. Blocks for the server's answer, and
    /// while other callers load the key. Returns a new turn if the caller must load the key, and then give the turn its
    /// verdict; free it with zkcoord_load_turn_free(). Returns NULL with ZKCOORD_STATUS_OK if the key is absent and
    /// need not be loaded.
    ///
    /// Takes one round trip for a key that is held absent, and three or four for a key that the caller must load. Not
    /// reentrant: a caller that has a turn and asks for the same key again deadlocks.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first, including the time in which others load. Fails
    /// with ZKCOORD_STATUS_BAD_DATA if the key's node has another format; the node is left unchanged. Fails with
    /// ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA or ZKCOORD_STATUS_SEQUENCE_EXHAUSTED if the server refuses.
    fn zkcoord_miss_guard_begin(
        guard: Option<&zkcoord_miss_guard>,
        key: *const u8,
        key_len: usize,
        timeout_ms: i64
    ) -> *mut zkcoord_load_turn {
        let guard = &given("guard", guard)?.0;
        // SAFETY: borrowed for the call.
        timed(guard.begin(unsafe { slice("key", key, key_len) }?), timeout_ms)
    }
    /// `done` receives the new turn, or NULL with ZKCOORD_STATUS_OK if the key is absent.
    async fn zkcoord_miss_guard_begin_async(done: zkcoord_load_turn_fn);
}

exported! {
    /// Forgets the misses of a key, because it exists now, and blocks until the server has confirmed it. Every caller
    /// that asks for the key after this, with any client, loads it again. A load in progress will not count as a miss.
    /// Takes two round trips.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires before anything is written, and with
    /// ZKCOORD_STATUS_INDETERMINATE if it expires later; it is safe to call it again. Fails with
    /// ZKCOORD_STATUS_BAD_DATA as zkcoord_miss_guard_begin() does.
    fn zkcoord_miss_guard_forget(
        guard: Option<&zkcoord_miss_guard>,
        key: *const u8,
        key_len: usize,
        timeout_ms: i64
    ) {
        let guard = &given("guard", guard)?.0;
        // SAFETY: borrowed for the call.
        timed(guard.forget(unsafe { slice("key", key, key_len) }?), timeout_ms)
    }
    async fn zkcoord_miss_guard_forget_async(done: zkcoord_done_fn);
}

/// Takes ownership of the miss guard and frees it. NULL is allowed. Its turns stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_miss_guard_free(guard: Option<Box<zkcoord_miss_guard>>) {
    free(guard);
}

impl IntoC for Lookup {
    type C = *mut zkcoord_load_turn;

    fn into_c(self) -> *mut zkcoord_load_turn {
        match self {
            Lookup::Absent => std::ptr::null_mut(),
            Lookup::Load(turn) => handle(zkcoord_load_turn::from(turn)),
        }
    }
}
