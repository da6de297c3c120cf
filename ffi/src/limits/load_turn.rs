//! A caller's turn to load a key.

use std::ffi::c_void;
use std::sync::Mutex;

use zkcoord_core::{Error, ErrorCode, LoadTurn, Op, callback};

use crate::error::zkcoord_error;
use crate::exported::exported;
use crate::op::zkcoord_done_fn;
use crate::panic::run_infallible;
use crate::pointer::{free, given_mut};
use crate::status::zkcoord_status;
use crate::time::timed;

/// The caller's turn to load a key; no other caller loads it meanwhile. It ends with a verdict, which the caller gives
/// with zkcoord_load_turn_found() or zkcoord_load_turn_missed(). If the load failed, the caller frees the turn without
/// a verdict.
///
/// It can be lost like a lock, if no server has confirmed the session for too long. Its verdict does not count then.
pub struct zkcoord_load_turn(Mutex<Option<LoadTurn>>);

/// Called when zkcoord_miss_guard_begin_async() has completed. The callee owns the turn, which is NULL after a failure
/// and if the key is absent.
pub type zkcoord_load_turn_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        turn: *mut zkcoord_load_turn,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Returns whether it is certain that no other caller is loading the key at this moment; false after the turn has
/// ended, for NULL and in a child of fork(). Sends no request.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_load_turn_is_held(turn: Option<&zkcoord_load_turn>) -> bool {
    let is_held = |turn: &zkcoord_load_turn| {
        let turn = turn.0.try_lock().ok();
        turn.is_some_and(|turn| turn.as_ref().is_some_and(LoadTurn::is_held))
    };
    run_infallible(false, || turn.is_some_and(is_held))
}

// The blocking functions below check first that they may block: once `end` has taken the turn, it is over.

exported! {
    /// Reports that the load found the key: forgets its misses and passes the turn on. Blocks until the server has
    /// answered. Takes one round trip, or none if there is nothing to forget. After ZKCOORD_STATUS_OK, no caller will
    /// get the answer that the key is absent because of earlier misses.
    ///
    /// The turn is over then, even after a failure, and must still be freed. Fails with ZKCOORD_STATUS_INVALID_ARGUMENT
    /// if it was over before. Fails with ZKCOORD_STATUS_INDETERMINATE if `timeout_ms` expires first; the operation
    /// continues in the background. After ZKCOORD_STATUS_FORKED no verdict is given, and
    /// ZKCOORD_STATUS_WOULD_DEADLOCK leaves the turn unchanged. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED or
    /// ZKCOORD_STATUS_QUOTA if the server refuses.
    fn zkcoord_load_turn_found(turn: *mut zkcoord_load_turn, timeout_ms: i64) {
        callback::check_may_wait()?;
        end(turn, LoadTurn::found, timeout_ms)?.wait()?;
    }
}

exported! {
    /// The asynchronous form of zkcoord_load_turn_found(). The turn is over when this returns ZKCOORD_STATUS_OK.
    async fn zkcoord_load_turn_found_async(done: zkcoord_done_fn, turn: *mut zkcoord_load_turn, timeout_ms: i64) {
        end(turn, LoadTurn::found, timeout_ms)?
    }
}

exported! {
    /// Reports that the load did not find the key: records the miss, answers all callers that wait for the key, and
    /// passes the turn on. Blocks until the server has answered. Takes one round trip. The miss counts only if the turn
    /// was held until then and the key was not forgotten meanwhile; otherwise this does not fail either.
    ///
    /// Fails as zkcoord_load_turn_found() does.
    fn zkcoord_load_turn_missed(turn: *mut zkcoord_load_turn, timeout_ms: i64) {
        callback::check_may_wait()?;
        end(turn, LoadTurn::missed, timeout_ms)?.wait()?;
    }
}

exported! {
    /// The asynchronous form of zkcoord_load_turn_missed(). The turn is over when this returns ZKCOORD_STATUS_OK.
    async fn zkcoord_load_turn_missed_async(done: zkcoord_done_fn, turn: *mut zkcoord_load_turn, timeout_ms: i64) {
        end(turn, LoadTurn::missed, timeout_ms)?
    }
}

/// Takes ownership of the turn and frees it. NULL is allowed. Without a verdict, the turn is passed on in the
/// background, and the load counts neither way.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_load_turn_free(turn: Option<Box<zkcoord_load_turn>>) {
    free(turn);
}

impl From<LoadTurn> for zkcoord_load_turn {
    fn from(turn: LoadTurn) -> zkcoord_load_turn {
        zkcoord_load_turn(Mutex::new(Some(turn)))
    }
}

/// Ends the turn with a verdict.
fn end(
    turn: *mut zkcoord_load_turn,
    verdict: impl FnOnce(LoadTurn) -> Op<()>,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    // SAFETY: borrowed for the call.
    let turn = unsafe { given_mut("turn", turn) }?;
    // If it is locked, another thread is taking it.
    let turn = turn.0.try_lock().ok().and_then(|mut turn| turn.take());
    let over = || {
        let message = "turn: its verdict has already been given; begin a new turn";
        Error::new(ErrorCode::InvalidArgument, message)
    };
    Ok(timed(verdict(turn.ok_or_else(over)?), timeout_ms))
}
