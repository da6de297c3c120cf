//! The boundary between C and Rust, which no panic crosses.
//!
//! These functions take raw pointers and are not `unsafe`: only exported functions call them, with the pointers of
//! their own callers, which satisfy preamble.h.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use zkcoord_core::Error;

use crate::error::zkcoord_error;
use crate::panic::internal_error;
use crate::pointer::{handle, null};
use crate::status::zkcoord_status;

/// Runs the body of an exported function. Stores its error in `*err`; a panic becomes an `INTERNAL` error.
pub(crate) fn run(err: *mut *mut zkcoord_error, body: impl FnOnce() -> Result<(), Error>) -> zkcoord_status {
    store_outcome(catch_unwind(AssertUnwindSafe(body)), err)
}

/// The part of [`run`] that does not depend on the body. Not inlined, because every exported function has a copy of
/// `run`.
#[inline(never)]
fn store_outcome(outcome: thread::Result<Result<(), Error>>, err: *mut *mut zkcoord_error) -> zkcoord_status {
    let outcome = outcome.unwrap_or_else(|panic| Err(internal_error(&*panic)));
    let status = outcome.as_ref().err().into();
    if !err.is_null() {
        let error =
            outcome.map_or_else(|error| handle(zkcoord_error::from(error)), |()| std::ptr::null_mut());
        // SAFETY: the caller's pointer to a place for an error.
        unsafe { err.write(error) };
    }
    status
}

/// As [`run`], for a body with a result, which is stored in `*out`. `*out` is zero after a failure.
pub(crate) fn run_with_out<T>(
    out: *mut T,
    err: *mut *mut zkcoord_error,
    body: impl FnOnce() -> Result<T, Error>,
) -> zkcoord_status {
    run(err, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // Before the body, so that `*out` is defined after every failure. Zero is NULL, 0, false or
        // ZKCOORD_STATE_CLOSED. SAFETY: the caller's pointer to a place for a T.
        unsafe { out.write_bytes(0, 1) };
        let result = body()?;
        // SAFETY: as above.
        unsafe { out.write(result) };
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panic::run_infallible;

    #[test]
    fn a_panic_becomes_an_error() {
        let mut err = std::ptr::null_mut();
        let status = run(&raw mut err, || panic!("this panic is part of the {}", "test"));
        assert_eq!(status, zkcoord_status::Internal);
        // SAFETY: written by run() with handle().
        let error = unsafe { Box::from_raw(err) };
        assert_eq!(error.message.to_str(), Ok("panic: this panic is part of the test"));
        assert!(!run_infallible(false, || panic!("this one too")));
    }

    #[test]
    fn results_and_errors_are_always_written() {
        let (mut out, mut err) = (7_i64, std::ptr::dangling_mut());
        assert_eq!(run_with_out(&raw mut out, &raw mut err, || Ok(8)), zkcoord_status::Ok);
        assert_eq!((out, err), (8, std::ptr::null_mut()));
        let failed = run_with_out(&raw mut out, std::ptr::null_mut(), || Err(null("x")));
        assert_eq!((failed, out), (zkcoord_status::InvalidArgument, 0));
        let without_out = run_with_out(std::ptr::null_mut(), std::ptr::null_mut(), || Ok(8));
        assert_eq!(without_out, zkcoord_status::InvalidArgument);
    }
}
