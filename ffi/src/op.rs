//! Calls that do not wait: `zkcoord_..._async()`.
//!
//! Each has a twin that waits. Both make the same operation; the one waits for it with [`wait`], the other gives it to
//! [`begin`]. What a result becomes in C stands in [`ForC`], for both.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use zkcoord_core::{Canceller, Error, ErrorCode, Op, callback};

use crate::boundary::{boundary, boundary_out, free, given, handle, infallible};
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;

/// Destroys what a callback was registered with: see "Callbacks" above. May be NULL.
pub type zkcoord_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Called when an operation without a result is done. See "Asynchronous calls" above, also for the types that follow.
pub type zkcoord_done_fn =
    Option<unsafe extern "C" fn(status: zkcoord_status, error: *const zkcoord_error, user_data: *mut c_void)>;

/// Called when an operation whose result is a number is done; 0 after a failure.
pub type zkcoord_int64_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: i64,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Called when an operation whose result is yes or no is done; false after a failure.
pub type zkcoord_bool_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: bool,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// An operation that an asynchronous call has started.
pub struct zkcoord_op {
    canceller: Canceller,
    end: Arc<End>,
}

/// Cancels the operation: `done` gets ZKCOORD_STATUS_CANCELLED, unless it is called already or on its way, with what came
/// of the operation: a guard that it gets then is still to be freed. What is cancelled leaves nothing behind: a lock granted
/// at that moment is given back. A write that was sent may be applied or not. Does not wait. Can be called again. NULL is
/// fine; without effect in a child of fork().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_op_cancel(op: Option<&zkcoord_op>) {
    infallible((), || op.into_iter().for_each(|op| op.canceller.cancel()));
}

/// Waits until `done` has returned and `user_data` is destroyed: from then on zkcoord uses neither any more.
///
/// ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first; the operation goes on. ZKCOORD_STATUS_WOULD_DEADLOCK in a callback,
/// also in this `done`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_op_wait(
    op: Option<&zkcoord_op>,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let op = given("op", op)?;
        op.canceller.check()?;
        callback::check_may_wait()?;
        let timeout = u64::try_from(timeout_ms).map_or(Duration::MAX, Duration::from_millis);
        match op.end.reached_within(timeout) {
            true => Ok(()),
            false => Err(Error::new(ErrorCode::Timeout, "the operation is still under way")),
        }
    })
}

/// Takes ownership of the op. NULL is fine. The operation goes on: this does not cancel it. May be called in `done`.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_op_free(op: Option<Box<zkcoord_op>>) {
    free(op);
}

/// Runs the body of an exported function that waits for a result.
pub(crate) fn wait<T: ForC + Send + 'static>(
    out: *mut T::C,
    err: *mut *mut zkcoord_error,
    make: impl FnOnce() -> Result<Op<T>, Error>,
) -> zkcoord_status {
    boundary_out(out, err, || make()?.wait().map(T::for_c))
}

/// As [`wait`], for an operation without a result.
pub(crate) fn wait_done(
    err: *mut *mut zkcoord_error,
    make: impl FnOnce() -> Result<Op<()>, Error>,
) -> zkcoord_status {
    boundary(err, || make()?.wait())
}

/// Runs the body of an exported function that does not wait. `done` is called if and only if this returns OK.
pub(crate) fn begin<T, D>(
    done: Option<D>,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    out: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
    make: impl FnOnce() -> Result<Op<T>, Error>,
) -> zkcoord_status
where
    T: ForC + Send + 'static,
    D: Completion<T::C>,
{
    // Before anything can fail: from here on it is destroyed in any case.
    let user_data = UserData::new(user_data, destroy);
    if !out.is_null() {
        // Now, because `*out` may go with what `user_data` points to.
        // SAFETY: the caller's pointer to a place for it.
        unsafe { out.write(std::ptr::null_mut()) };
    }
    boundary(err, move || {
        let user_data = user_data;
        let done = given("done", done)?;
        callback::start()?;
        start(make()?, done, user_data, out)
    })
}

/// The part of [`begin`] that is the same for all functions with the same result. Not inlined: there are dozens of them.
#[inline(never)]
fn start<T, D>(op: Op<T>, done: D, user_data: UserData, out: *mut *mut zkcoord_op) -> Result<(), Error>
where
    T: ForC + Send + 'static,
    D: Completion<T::C>,
{
    let op = op.checked()?;
    let (canceller, end) = (Canceller::new(), Arc::<End>::default());
    if !out.is_null() {
        // Before the start, so that `done` finds it there.
        // SAFETY: the caller's pointer to a place for it; nothing has been started that could have freed it.
        unsafe { out.write(handle(zkcoord_op { canceller: canceller.clone(), end: end.clone() })) };
    }
    let reached = Reached(end);
    op.on_done_unless(&canceller, move |outcome| {
        callback::dispatch(move || {
            let _reached = reached;
            user_data.lend(|user_data| complete(done, outcome, user_data));
        });
    });
    Ok(())
}

/// Calls `done` with an outcome. For the callback thread.
pub(crate) fn complete<T: ForC, D: Completion<T::C>>(
    done: D,
    outcome: Result<T, Error>,
    user_data: *mut c_void,
) {
    let (status, error) = match &outcome {
        Ok(_) => (zkcoord_status::Ok, None),
        Err(error) => (Some(error).into(), Some(zkcoord_error::from(error.clone()))),
    };
    let error = error.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: zero is NULL, 0 or false, as in boundary_out().
    let result = outcome.map_or_else(|_| unsafe { MaybeUninit::zeroed().assume_init() }, T::for_c);
    // SAFETY: the caller gave the function, and the user data for it.
    unsafe { done.call(status, result, error, user_data) };
}

/// What C gets of a result.
pub(crate) trait ForC {
    /// Of which all zeros are a value too.
    type C;
    fn for_c(self) -> Self::C;
}

/// What completion functions have in common.
pub(crate) trait Completion<C>: Send + 'static {
    /// # Safety
    /// What the caller's function asks for.
    unsafe fn call(
        self,
        status: zkcoord_status,
        result: C,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    );
}

impl<C: 'static> Completion<C>
    for unsafe extern "C" fn(zkcoord_status, C, *const zkcoord_error, *mut c_void)
{
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

impl Completion<()> for unsafe extern "C" fn(zkcoord_status, *const zkcoord_error, *mut c_void) {
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

/// What is the same in C.
macro_rules! the_same_for_c {
    ($($type:ty),*) => {$(
        impl ForC for $type {
            type C = $type;
            fn for_c(self) -> $type {
                self
            }
        }
    )*};
}

the_same_for_c!((), bool, i64);

impl ForC for u64 {
    type C = i64;

    fn for_c(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl ForC for RangeInclusive<i64> {
    type C = i64;

    fn for_c(self) -> i64 {
        *self.start()
    }
}

/// Whether an operation is over, its callback and destroy included.
#[derive(Default)]
struct End {
    reached: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn reached_within(&self, timeout: Duration) -> bool {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(reached, timeout, |reached| !*reached);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Reaches the end when it is dropped: also when nobody could be called.
struct Reached(Arc<End>);

impl Drop for Reached {
    fn drop(&mut self) {
        *self.0.reached.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}
