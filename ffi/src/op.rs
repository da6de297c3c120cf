//! Operations: the blocking functions wait for one with [`wait`], and their asynchronous forms start one with
//! [`start`].

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use zkcoord_core::{Canceller, Error, ErrorCode, Op, callback};

use crate::boundary::run;
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::into_c::IntoC;
use crate::panic::run_infallible;
use crate::pointer::{free, given, handle};
use crate::status::zkcoord_status;
use crate::time::timeout;

/// Destroys the user data of a callback; see "Callbacks" above. May be NULL.
pub type zkcoord_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Called when an operation without a result has completed. See "Async" above, also for the other types like this.
pub type zkcoord_done_fn =
    Option<unsafe extern "C" fn(status: zkcoord_status, error: *const zkcoord_error, user_data: *mut c_void)>;

/// Called when an operation whose result is a number has completed. The number is 0 after a failure.
pub type zkcoord_int64_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: i64,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Called when an operation whose result is true or false has completed. The result is false after a failure.
pub type zkcoord_bool_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: bool,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// An operation that an asynchronous function has started.
pub struct zkcoord_op {
    canceller: Canceller,
    completed: Arc<Latch>,
}

/// Cancels the operation. `done` then receives ZKCOORD_STATUS_CANCELLED, unless it has been called already or is about
/// to be called with the outcome of the operation. A guard that it receives in this case must still be freed.
///
/// A cancelled operation leaves nothing behind: a lock granted at the same moment is released. A write that was already
/// sent may or may not be applied. Does not block. May be called more than once. NULL is allowed. Has no effect in a
/// child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_op_cancel(op: Option<&zkcoord_op>) {
    run_infallible((), || op.into_iter().for_each(|op| op.canceller.cancel()));
}

/// Blocks until `done` has returned and `user_data` has been destroyed. zkcoord does not use either of them after that.
///
/// Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first; the operation continues. Fails with
/// ZKCOORD_STATUS_WOULD_DEADLOCK in a callback, including this `done`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_op_wait(
    op: Option<&zkcoord_op>,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    run(err, || {
        let op = given("op", op)?;
        op.canceller.check()?;
        callback::check_may_wait()?;
        match op.completed.wait_open(timeout(timeout_ms)) {
            true => Ok(()),
            false => Err(Error::new(ErrorCode::Timeout, "the operation is still in progress")),
        }
    })
}

/// Takes ownership of the op and frees it. NULL is allowed. The operation continues: this does not cancel it. May be
/// called in `done`.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_op_free(op: Option<Box<zkcoord_op>>) {
    free(op);
}

/// Waits for the result of an operation.
pub(crate) fn wait<T: IntoC + Send + 'static>(op: Op<T>) -> Result<T::C, Error> {
    op.wait().map(T::into_c)
}

/// Runs the body of an asynchronous function: starts the operation that `make` returns. `done` is called if and only if
/// this returns OK.
pub(crate) fn start<T, D>(
    done: Option<D>,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    out: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
    make: impl FnOnce() -> Result<Op<T>, Error>,
) -> zkcoord_status
where
    T: IntoC + Send + 'static,
    D: DoneFn<T::C>,
{
    // Before anything can fail: from here on it is destroyed in any case.
    let user_data = UserData::new(user_data, destroy);
    if !out.is_null() {
        // Not later, because destroying `user_data` may free the memory that contains `*out`.
        // SAFETY: the caller's pointer to a place for an op.
        unsafe { out.write(std::ptr::null_mut()) };
    }
    run(err, move || {
        let user_data = user_data;
        let done = given("done", done)?;
        callback::start()?;
        start_op(make()?, done, user_data, out)
    })
}

/// The part of [`start`] that is the same for all functions with the same result. Not inlined, because there are dozens
/// of them.
#[inline(never)]
fn start_op<T, D>(op: Op<T>, done: D, user_data: UserData, out: *mut *mut zkcoord_op) -> Result<(), Error>
where
    T: IntoC + Send + 'static,
    D: DoneFn<T::C>,
{
    let op = op.checked()?;
    let (canceller, completed) = (Canceller::new(), Arc::<Latch>::default());
    if !out.is_null() {
        let started = zkcoord_op { canceller: canceller.clone(), completed: completed.clone() };
        // Before the start, so that `done` finds it there.
        // SAFETY: the caller's pointer to a place for an op; nothing that could have freed it has been started.
        unsafe { out.write(handle(started)) };
    }
    let open_latch = OpenOnDrop(completed);
    op.on_done_unless(&canceller, move |outcome| {
        callback::dispatch(move || {
            let _open_latch = open_latch;
            user_data.with_pointer(|user_data| call_done(done, outcome, user_data));
        });
    });
    Ok(())
}

/// Calls `done` with an outcome. For the callback thread.
pub(crate) fn call_done<T: IntoC, D: DoneFn<T::C>>(
    done: D,
    outcome: Result<T, Error>,
    user_data: *mut c_void,
) {
    let (status, error) = match &outcome {
        Ok(_) => (zkcoord_status::Ok, None),
        Err(error) => (Some(error).into(), Some(zkcoord_error::from(error.clone()))),
    };
    let error = error.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: IntoC requires that zero is a value of the type.
    let result = outcome.map_or_else(|_| unsafe { MaybeUninit::zeroed().assume_init() }, T::into_c);
    // SAFETY: the caller passed the function, and the user data for it.
    unsafe { done.call(status, result, error, user_data) };
}

/// A function of the caller that receives the outcome of an operation whose result is a `C`.
pub(crate) trait DoneFn<C>: Send + 'static {
    /// Calls the function.
    ///
    /// # Safety
    /// Whatever the caller's function requires.
    unsafe fn call(
        self,
        status: zkcoord_status,
        result: C,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    );
}

impl<C: 'static> DoneFn<C> for unsafe extern "C" fn(zkcoord_status, C, *const zkcoord_error, *mut c_void) {
    unsafe fn call(
        self,
        status: zkcoord_status,
        result: C,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self(status, result, error, user_data) };
    }
}

impl DoneFn<()> for unsafe extern "C" fn(zkcoord_status, *const zkcoord_error, *mut c_void) {
    unsafe fn call(
        self,
        status: zkcoord_status,
        _result: (),
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self(status, error, user_data) };
    }
}

/// Opens once, when an operation has completed, including its callback and `destroy`.
#[derive(Default)]
struct Latch {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Latch {
    /// Blocks until the latch is open, but no longer than `timeout`. Returns whether it is open.
    fn wait_open(&self, timeout: Duration) -> bool {
        let is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.opened.wait_timeout_while(is_open, timeout, |is_open| !*is_open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Opens a latch when it is dropped, even if `done` could not be called.
struct OpenOnDrop(Arc<Latch>);

impl Drop for OpenOnDrop {
    fn drop(&mut self) {
        *self.0.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.opened.notify_all();
    }
}
