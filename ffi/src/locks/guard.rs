//! The guard, which holds a lock.

use std::ffi::{CString, c_char, c_void};

use zkcoord_core::Guard;

use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::exported::exported;
use crate::into_c::IntoC;
use crate::op::zkcoord_done_fn;
use crate::panic::run_infallible;
use crate::pointer::{free, given, given_mut, handle};
use crate::status::zkcoord_status;
use crate::text::{owned, slice, text};
use crate::time::{milliseconds, timed};

/// A held lock, until it is released, freed or lost. A guard can also hold several locks, or permits of a semaphore.
///
/// A lock can be lost while it is held: if no server has confirmed the session for too long, if the session is over, or
/// if someone deletes the lock's node. Except in the last case, the guard knows of the loss before the server can grant
/// the lock to another client.
pub struct zkcoord_guard {
    guard: Guard,
    /// Every node with its token.
    tokens: Vec<(CString, u64)>,
}

/// Called when an operation that acquires a lock or permits has completed. The callee owns the guard, which is NULL
/// after a failure and if a try found the lock taken.
pub type zkcoord_guard_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        guard: *mut zkcoord_guard,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Returns the fencing token, which is larger than those of all earlier holders; 0 for NULL. Pass it along with every
/// write, and let the receiver refuse a token that is smaller than one it has already seen.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token(guard: Option<&zkcoord_guard>) -> u64 {
    guard.map_or(0, |guard| guard.guard.token())
}

/// Returns the path of the lock's node, below the client's chroot, or of the first one if there are several; NULL for
/// NULL. Valid until the guard is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_node(guard: Option<&zkcoord_guard>) -> *const c_char {
    zkcoord_guard_node_at(guard, 0)
}

/// Returns the number of nodes of the guard, each of which has a token: one per lock of a multi mutex, in the order of
/// the paths; one per permit of a semaphore; otherwise 1. Returns 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token_count(guard: Option<&zkcoord_guard>) -> usize {
    guard.map_or(0, |guard| guard.tokens.len())
}

/// Returns the fencing token of the guard's node at `index`; 0 for NULL and if `index` is out of range. A token fences
/// only what its own lock protects, so compare only tokens of the same path.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token_at(guard: Option<&zkcoord_guard>, index: usize) -> u64 {
    guard.and_then(|guard| guard.tokens.get(index)).map_or(0, |(_, token)| *token)
}

/// Returns the path of the guard's node at `index`, below the client's chroot; NULL for NULL and if `index` is out of
/// range. Valid until the guard is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_node_at(guard: Option<&zkcoord_guard>, index: usize) -> *const c_char {
    guard.and_then(|guard| guard.tokens.get(index)).map_or(std::ptr::null(), |(node, _)| node.as_ptr())
}

/// Returns whether the lock is certainly held at this moment; false for NULL and in a child of fork(). Sends no
/// request.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_is_held(guard: Option<&zkcoord_guard>) -> bool {
    run_infallible(false, || guard.is_some_and(|guard| guard.guard.is_held()))
}

exported! {
    /// Checks that the lock is certainly held at this moment. Sends no request.
    ///
    /// Fails with ZKCOORD_STATUS_LOCK_LOST if the lock is no longer held, or may no longer be; the message gives the
    /// reason.
    fn zkcoord_guard_check(guard: Option<&zkcoord_guard>) {
        given("guard", guard)?.guard.check()?;
    }
}

/// Returns for how many more milliseconds the lock is certainly held if no server answers from now on; 0 if it is no
/// longer held, for NULL and in a child of fork(). Sends no request.
///
/// While servers answer, it stays between 3/8 and 5/8 of the session timeout. When it reaches 0, the lock is lost. The
/// deletion of the lock's node by someone else is not announced in this way.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_lease_remaining(guard: Option<&zkcoord_guard>) -> i64 {
    let remaining = |guard: &zkcoord_guard| guard.guard.lease_remaining().map_or(0, milliseconds);
    run_infallible(0, || guard.map_or(0, remaining))
}

exported! {
    /// Calls `fn(user_data)` once when the lock is lost: soon, if it is lost already; never, if it is released or freed
    /// first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
    fn zkcoord_guard_on_lost(
        guard: Option<&zkcoord_guard>,
        r#fn: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
        user_data: *mut c_void,
        destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>
    ) {
        // Before anything can fail: from here on it is destroyed in any case.
        let user_data = UserData::new(user_data, destroy);
        let guard = given("guard", guard)?;
        let function = given("fn", r#fn)?;
        guard.guard.on_lost(move |_loss| user_data.call(function))?;
    }
}

/// Returns whether another client has asked for the release of the lock, with zkcoord_client_request_revoke() or
/// Curator's Revoker; false for NULL and in a child of fork(). The lock stays held, and the holder decides.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_is_revoke_requested(guard: Option<&zkcoord_guard>) -> bool {
    run_infallible(false, || guard.is_some_and(|guard| guard.guard.is_revoke_requested().unwrap_or(false)))
}

exported! {
    /// Calls `fn(user_data)` once when another client asks for the release of the lock: soon, if that has happened
    /// already; never, if the lock is released, freed or lost first. May be called several times. See "Callbacks" above
    /// for `destroy`, which may be NULL.
    fn zkcoord_guard_on_revoke(
        guard: Option<&zkcoord_guard>,
        r#fn: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
        user_data: *mut c_void,
        destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>
    ) {
        // Before anything can fail: from here on it is destroyed in any case.
        let user_data = UserData::new(user_data, destroy);
        let guard = given("guard", guard)?;
        let function = given("fn", r#fn)?;
        guard.guard.on_revoke(move || user_data.call(function))?;
    }
}

exported! {
    /// Sets the data of the node at `path`, below the client's chroot, on two conditions, which the server itself
    /// checks: the lock is still held, and the node is at `version`, unless that is -1. Copies `data`. Blocks until the
    /// server has answered.
    ///
    /// Fails with ZKCOORD_STATUS_LOCK_LOST if the lock's node is gone, and with ZKCOORD_STATUS_INVALID_ARGUMENT if
    /// there is no node at `path` or it is at another version; nothing is written then. Fails with
    /// ZKCOORD_STATUS_INDETERMINATE if the connection was lost or the timeout expired after the write was sent, and
    /// with ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
    fn zkcoord_guard_set_data(
        guard: Option<&zkcoord_guard>,
        path: *const c_char,
        data: *const u8,
        len: usize,
        version: i32,
        timeout_ms: i64
    ) {
        let guard = &given("guard", guard)?.guard;
        // SAFETY: borrowed for the call.
        let (path, data) = unsafe { (text("path", path)?, slice("data", data, len)?) };
        timed(guard.set_data(path, data, unless_any(version)), timeout_ms)
    }
    async fn zkcoord_guard_set_data_async(done: zkcoord_done_fn);
}

exported! {
    /// Creates a persistent node at `path` with `data`, on condition that the lock is still held.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if the node already exists or its parent does not exist. Otherwise as
    /// zkcoord_guard_set_data().
    fn zkcoord_guard_create(
        guard: Option<&zkcoord_guard>,
        path: *const c_char,
        data: *const u8,
        len: usize,
        timeout_ms: i64
    ) {
        let guard = &given("guard", guard)?.guard;
        // SAFETY: borrowed for the call.
        let (path, data) = unsafe { (text("path", path)?, slice("data", data, len)?) };
        timed(guard.create(path, data), timeout_ms)
    }
    async fn zkcoord_guard_create_async(done: zkcoord_done_fn);
}

exported! {
    /// Deletes the node at `path`, on condition that the lock is still held, and that the node is at `version`, unless
    /// that is -1.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the node has children. Otherwise as zkcoord_guard_set_data().
    fn zkcoord_guard_delete(
        guard: Option<&zkcoord_guard>,
        path: *const c_char,
        version: i32,
        timeout_ms: i64
    ) {
        let guard = &given("guard", guard)?.guard;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        timed(guard.delete(path, unless_any(version)), timeout_ms)
    }
    async fn zkcoord_guard_delete_async(done: zkcoord_done_fn);
}

exported! {
    /// Releases the lock, and blocks until the server has confirmed it. May be called more than once, and after a loss.
    /// The guard must still be freed.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if the server does not confirm it in time; the release continues in the
    /// background. Never fails with ZKCOORD_STATUS_LOCK_LOST.
    fn zkcoord_guard_release(guard: *mut zkcoord_guard, timeout_ms: i64) {
        // SAFETY: borrowed for the call.
        timed(unsafe { given_mut("guard", guard) }?.guard.release(), timeout_ms)
    }
    async fn zkcoord_guard_release_async(done: zkcoord_done_fn);
}

/// Takes ownership of the guard, frees it, and releases its lock in the background. NULL is allowed. In a child of
/// fork(), the lock stays with the parent.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_free(guard: Option<Box<zkcoord_guard>>) {
    free(guard);
}

impl From<Guard> for zkcoord_guard {
    fn from(guard: Guard) -> zkcoord_guard {
        // This fails only in a child of fork(), where nothing is acquired.
        let tokens = guard.tokens().unwrap_or_default();
        zkcoord_guard { tokens: tokens.iter().map(|(node, token)| (owned(node), *token)).collect(), guard }
    }
}

impl IntoC for Guard {
    type C = *mut zkcoord_guard;

    fn into_c(self) -> *mut zkcoord_guard {
        handle(zkcoord_guard::from(self))
    }
}

impl IntoC for Option<Guard> {
    type C = *mut zkcoord_guard;

    fn into_c(self) -> *mut zkcoord_guard {
        self.map_or(std::ptr::null_mut(), Guard::into_c)
    }
}

/// Converts a version argument: in C, -1 means any version.
fn unless_any(version: i32) -> Option<i32> {
    Some(version).filter(|version| *version != -1)
}
