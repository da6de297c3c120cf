//! A lock that is held.

use std::ffi::{CString, c_char, c_void};

use zkcoord_core::{Error, Guard, Op};

use crate::boundary::{boundary, free, given, handle, infallible};
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::op::{ForC, begin, wait_done, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::text::{owned, slice, text};
use crate::time::{milliseconds, timed};

/// A lock that is held, until it is released, freed, or lost. Or several locks, or a semaphore's permits.
///
/// It can be lost while it is held: when no server has confirmed the session for too long, when the session is over,
/// when somebody deletes the lock's node. The guard knows before the server can give the lock to anybody else.
pub struct zkcoord_guard {
    guard: Guard,
    /// Every node with its token.
    tokens: Vec<(CString, u64)>,
}

/// Called when an operation that asks for a lock or permits is done. The guard is the callee's; NULL after a failure, and where
/// a try has found the lock taken.
pub type zkcoord_guard_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        guard: *mut zkcoord_guard,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// The fencing token: larger than that of every holder before. Pass it along with what you write, and let the receiver
/// refuse a token smaller than one that it has seen. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token(guard: Option<&zkcoord_guard>) -> u64 {
    guard.map_or(0, |guard| guard.guard.token())
}

/// The path of the lock's node, below the client's chroot; that of the first one when there are several. Lives as long as
/// the guard; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_node(guard: Option<&zkcoord_guard>) -> *const c_char {
    zkcoord_guard_node_at(guard, 0)
}

/// How many nodes the guard has, each with a token: as many as locks of a multi-mutex, in the order of their paths; as many as
/// permits of a semaphore; otherwise 1. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token_count(guard: Option<&zkcoord_guard>) -> usize {
    guard.map_or(0, |guard| guard.tokens.len())
}

/// The fencing token of the guard's node at `index`. Each fences what its own lock protects: compare tokens of one path only. 0
/// for NULL and beyond the last one.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_token_at(guard: Option<&zkcoord_guard>, index: usize) -> u64 {
    guard.and_then(|guard| guard.tokens.get(index)).map_or(0, |(_, token)| *token)
}

/// The path of the guard's node at `index`, below the client's chroot. Lives as long as the guard; NULL for NULL and beyond the
/// last one.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_node_at(guard: Option<&zkcoord_guard>, index: usize) -> *const c_char {
    guard.and_then(|guard| guard.tokens.get(index)).map_or(std::ptr::null(), |(node, _)| node.as_ptr())
}

/// Whether the lock is held for certain at this moment. Costs no round trip. False for NULL and in a child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_is_held(guard: Option<&zkcoord_guard>) -> bool {
    infallible(false, || guard.is_some_and(|guard| guard.guard.is_held()))
}

/// Checks that the lock is held for certain at this moment. Costs no round trip.
///
/// ZKCOORD_STATUS_LOCK_LOST when it is not held any more or cannot be known to be; the message says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_check(
    guard: Option<&zkcoord_guard>,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || given("guard", guard)?.guard.check())
}

/// For how many more milliseconds the lock is held for certain if no server answers from now on; 0 when it is not held any more,
/// for NULL and in a child of fork(). Costs no round trip. While servers answer it stays between 3/8 and 5/8 of the session
/// timeout; when it runs out the lock is lost. Who deletes the lock's node takes it without such a warning.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_lease_remaining(guard: Option<&zkcoord_guard>) -> i64 {
    let remaining = |guard: &zkcoord_guard| guard.guard.lease_remaining().map_or(0, milliseconds);
    infallible(0, || guard.map_or(0, remaining))
}

/// Calls `fn(user_data)` once when the lock is lost: soon, if that has happened already; never, if it is released or
/// freed first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_on_lost(
    guard: Option<&zkcoord_guard>,
    r#fn: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
    destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        // Before anything can fail: from here on it is destroyed in any case.
        let user_data = UserData::new(user_data, destroy);
        let guard = given("guard", guard)?;
        let function = given("fn", r#fn)?;
        guard.guard.on_lost(move |_loss| user_data.call(function))
    })
}

/// Whether somebody has asked for the lock, with zkcoord_client_request_revoke() or Curator's Revoker. It stays held; the
/// holder decides. False for NULL and in a child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_is_revoke_requested(guard: Option<&zkcoord_guard>) -> bool {
    infallible(false, || guard.is_some_and(|guard| guard.guard.is_revoke_requested().unwrap_or(false)))
}

/// Calls `fn(user_data)` once when somebody asks for the lock: soon, if that has happened already; never, if it is
/// released, freed or lost first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_on_revoke(
    guard: Option<&zkcoord_guard>,
    r#fn: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
    destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        // Before anything can fail: from here on it is destroyed in any case.
        let user_data = UserData::new(user_data, destroy);
        let guard = given("guard", guard)?;
        let function = given("fn", r#fn)?;
        guard.guard.on_revoke(move || user_data.call(function))
    })
}

/// Sets the data of the node at `path`, below the client's chroot, on condition that the lock is still held, which the
/// server itself checks; and that the node is at `version`, unless that is -1. `data` is copied.
///
/// ZKCOORD_STATUS_LOCK_LOST when the lock's node is gone, ZKCOORD_STATUS_INVALID_ARGUMENT when there is no such node or
/// it is at another version: nothing was written. ZKCOORD_STATUS_INDETERMINATE when the connection was lost, or the
/// timeout passed, after the write was sent. ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server
/// refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_set_data(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    version: i32,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || set_data(guard, path, data, len, version, timeout_ms))
}

/// As zkcoord_guard_set_data(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_set_data_async(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    version: i32,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || set_data(guard, path, data, len, version, timeout_ms))
}

/// Creates a persistent node at `path` on condition that the lock is still held. ZKCOORD_STATUS_INVALID_ARGUMENT when
/// there is such a node already, or no parent for it. See zkcoord_guard_set_data() for the rest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_create(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || create(guard, path, data, len, timeout_ms))
}

/// As zkcoord_guard_create(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_create_async(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || create(guard, path, data, len, timeout_ms))
}

/// Deletes the node at `path` on condition that the lock is still held, and that the node is at `version`, unless that
/// is -1. ZKCOORD_STATUS_INVALID_ARGUMENT also when it has children. See zkcoord_guard_set_data() for the rest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_delete(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    version: i32,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || delete(guard, path, version, timeout_ms))
}

/// As zkcoord_guard_delete(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_delete_async(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    version: i32,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || delete(guard, path, version, timeout_ms))
}

/// Gives the lock back and waits until the server has confirmed it. Can be called again, and after a loss. The guard
/// must still be freed.
///
/// ZKCOORD_STATUS_TIMEOUT when the server does not confirm it in time; it goes on in the background. Never
/// ZKCOORD_STATUS_LOCK_LOST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_release(
    guard: *mut zkcoord_guard,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || release(guard, timeout_ms))
}

/// As zkcoord_guard_release(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_guard_release_async(
    guard: *mut zkcoord_guard,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || release(guard, timeout_ms))
}

/// Takes ownership of the guard and gives its lock back, in the background. NULL is fine. In a child of fork() the lock
/// stays with the parent.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_guard_free(guard: Option<Box<zkcoord_guard>>) {
    free(guard);
}

impl From<Guard> for zkcoord_guard {
    fn from(guard: Guard) -> zkcoord_guard {
        // Just acquired, so in the process that may ask.
        let tokens = guard.tokens().unwrap_or_default();
        zkcoord_guard { tokens: tokens.iter().map(|(node, token)| (owned(node), *token)).collect(), guard }
    }
}

impl ForC for Guard {
    type C = *mut zkcoord_guard;

    fn for_c(self) -> *mut zkcoord_guard {
        handle(zkcoord_guard::from(self))
    }
}

impl ForC for Option<Guard> {
    type C = *mut zkcoord_guard;

    fn for_c(self) -> *mut zkcoord_guard {
        self.map_or(std::ptr::null_mut(), Guard::for_c)
    }
}

fn set_data(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    version: i32,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    let guard = given("guard", guard)?;
    // SAFETY: borrowed for the call.
    let path = unsafe { text("path", path) }?;
    // SAFETY: borrowed for the call.
    let data = unsafe { slice("data", data, len) }?;
    Ok(timed(guard.guard.set_data(path, data, unless_any(version)), timeout_ms))
}

fn create(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    data: *const u8,
    len: usize,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    let guard = given("guard", guard)?;
    // SAFETY: borrowed for the call.
    let path = unsafe { text("path", path) }?;
    // SAFETY: borrowed for the call.
    let data = unsafe { slice("data", data, len) }?;
    Ok(timed(guard.guard.create(path, data), timeout_ms))
}

fn delete(
    guard: Option<&zkcoord_guard>,
    path: *const c_char,
    version: i32,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    let guard = given("guard", guard)?;
    // SAFETY: borrowed for the call.
    let path = unsafe { text("path", path) }?;
    Ok(timed(guard.guard.delete(path, unless_any(version)), timeout_ms))
}

fn release(guard: *mut zkcoord_guard, timeout_ms: i64) -> Result<Op<()>, Error> {
    // SAFETY: borrowed for the call. Not exclusively: other threads may use it too.
    let guard = given("guard", unsafe { guard.as_ref() })?;
    Ok(timed(guard.guard.release(), timeout_ms))
}

/// C's way to say that any version will do.
fn unless_any(version: i32) -> Option<i32> {
    Some(version).filter(|version| *version != -1)
}
