//! A caller's turn to load a key.

use std::ffi::c_void;
use std::sync::Mutex;

use zkcoord_core::{Error, ErrorCode, LoadTurn, Op, callback};

use crate::boundary::{free, given, infallible};
use crate::error::zkcoord_error;
use crate::op::{begin, wait_done, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_op};
use crate::status::zkcoord_status;
use crate::time::timed;

/// The caller's turn to load a key: nobody else loads it meanwhile. It ends with a verdict, zkcoord_load_turn_found() or
/// zkcoord_load_turn_missed(), or without one when it is freed, for a load that failed.
///
/// It can be lost like a lock, when no server has confirmed the session for too long. Its verdict does not count then.
pub struct zkcoord_load_turn(Mutex<Option<LoadTurn>>);

/// Called when zkcoord_miss_guard_begin_async() is done. The turn is the callee's; NULL after a failure, and when the key is
/// absent.
pub type zkcoord_load_turn_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        turn: *mut zkcoord_load_turn,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Whether nobody else can be loading the key at this moment. Costs no round trip. False after the verdict, for NULL and in a
/// child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_load_turn_is_held(turn: Option<&zkcoord_load_turn>) -> bool {
    let held = |turn: &zkcoord_load_turn| {
        let turn = turn.0.try_lock().ok();
        turn.is_some_and(|turn| turn.as_ref().is_some_and(LoadTurn::is_held))
    };
    infallible(false, || turn.is_some_and(held))
}

/// The load found the key: forgets its misses and gives the turn on. One round trip; none when there was nothing to forget.
/// When it returns ZKCOORD_STATUS_OK, nobody will be answered that the key is absent for misses before this.
///
/// The turn is over then, also after a failure, and must still be freed. ZKCOORD_STATUS_INVALID_ARGUMENT when it was over
/// before. ZKCOORD_STATUS_INDETERMINATE when `timeout_ms` passes first: it goes on in the background. With
/// ZKCOORD_STATUS_FORKED there is no verdict; ZKCOORD_STATUS_WOULD_DEADLOCK leaves the turn as it was.
/// ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_load_turn_found(
    turn: *mut zkcoord_load_turn,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || callback::check_may_wait().and_then(|()| conclude(turn, LoadTurn::found, timeout_ms)))
}

/// As zkcoord_load_turn_found(), but does not wait. The turn is over when this returns ZKCOORD_STATUS_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_load_turn_found_async(
    turn: *mut zkcoord_load_turn,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || conclude(turn, LoadTurn::found, timeout_ms))
}

/// The load did not find the key: records that, answers all who wait for it, and gives the turn on. One round trip. It
/// counts only if the turn was held until then, and the key was not forgotten meanwhile, which is no failure.
///
/// What it can answer is that of zkcoord_load_turn_found().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_load_turn_missed(
    turn: *mut zkcoord_load_turn,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || callback::check_may_wait().and_then(|()| conclude(turn, LoadTurn::missed, timeout_ms)))
}

/// As zkcoord_load_turn_missed(), but does not wait. The turn is over when this returns ZKCOORD_STATUS_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_load_turn_missed_async(
    turn: *mut zkcoord_load_turn,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || conclude(turn, LoadTurn::missed, timeout_ms))
}

/// Takes ownership of the turn. NULL is fine. Without a verdict before, the turn is given on, in the background, and counts
/// neither way.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_load_turn_free(turn: Option<Box<zkcoord_load_turn>>) {
    free(turn);
}

impl From<LoadTurn> for zkcoord_load_turn {
    fn from(turn: LoadTurn) -> zkcoord_load_turn {
        zkcoord_load_turn(Mutex::new(Some(turn)))
    }
}

fn conclude(
    turn: *mut zkcoord_load_turn,
    verdict: impl FnOnce(LoadTurn) -> Op<()>,
    timeout_ms: i64,
) -> Result<Op<()>, Error> {
    // SAFETY: borrowed for the call. Not exclusively: other threads may use it too.
    let turn = given("turn", unsafe { turn.as_ref() })?;
    // Who finds it locked finds another thread taking it.
    let turn = turn.0.try_lock().ok().and_then(|mut turn| turn.take());
    let over = || Error::new(ErrorCode::InvalidArgument, "turn: has had its verdict already");
    Ok(timed(verdict(turn.ok_or_else(over)?), timeout_ms))
}
