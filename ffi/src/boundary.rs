//! Where C meets Rust: no panic gets out, no NULL gets in.
//!
//! These functions take raw pointers and are not `unsafe`: only exported functions call them, with the pointers of
//! their own callers, who have promised what preamble.h asks for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use zkcoord_core::{Error, ErrorCode};

use crate::error::zkcoord_error;
use crate::status::zkcoord_status;

/// Runs the body of an exported function. Its failure, or its panic, is stored in `*err`.
pub(crate) fn boundary(
    err: *mut *mut zkcoord_error,
    body: impl FnOnce() -> Result<(), Error>,
) -> zkcoord_status {
    conclude(catch_unwind(AssertUnwindSafe(body)), err)
}

/// The part of [`boundary`] that is the same for all bodies. Not inlined: there is one in every function.
#[inline(never)]
fn conclude(outcome: thread::Result<Result<(), Error>>, err: *mut *mut zkcoord_error) -> zkcoord_status {
    let outcome = outcome.unwrap_or_else(|panic| Err(internal(&*panic)));
    let status = outcome.as_ref().err().into();
    if !err.is_null() {
        let error =
            outcome.map_or_else(|error| handle(zkcoord_error::from(error)), |()| std::ptr::null_mut());
        // SAFETY: the caller's pointer to a place for an error.
        unsafe { err.write(error) };
    }
    status
}

/// As [`boundary`], for a body with a result: `*out` gets that, or zero when there is none.
pub(crate) fn boundary_out<T>(
    out: *mut T,
    err: *mut *mut zkcoord_error,
    body: impl FnOnce() -> Result<T, Error>,
) -> zkcoord_status {
    boundary(err, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // First, so that no failure leaves it as it was. Zero is NULL, 0, false or ZKCOORD_STATE_CLOSED.
        // SAFETY: the caller's pointer to a place for a T.
        unsafe { out.write_bytes(0, 1) };
        let result = body()?;
        // SAFETY: as above.
        unsafe { out.write(result) };
        Ok(())
    })
}

/// Runs the body of an exported function that cannot fail.
pub(crate) fn infallible<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// The object behind a pointer argument.
pub(crate) fn given<T>(argument: &str, object: Option<T>) -> Result<T, Error> {
    object.ok_or_else(|| null(argument))
}

/// A new object for the caller.
pub(crate) fn handle<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Takes an object back.
pub(crate) fn free<T>(object: Option<Box<T>>) {
    infallible((), || drop(object));
}

pub(crate) fn null(argument: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, format!("{argument}: must not be NULL"))
}

fn internal(panic: &(dyn Any + Send)) -> Error {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorCode::Internal, format!("panic: {}", said.unwrap_or("without a message")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let mut err = std::ptr::null_mut();
        let status = boundary(&raw mut err, || panic!("this panic is part of the {}", "test"));
        assert_eq!(status, zkcoord_status::Internal);
        // SAFETY: written by boundary() with handle().
        let error = unsafe { Box::from_raw(err) };
        assert_eq!(error.message.to_str(), Ok("panic: this panic is part of the test"));
        assert!(!infallible(false, || panic!("this one too")));
    }

    #[test]
    fn the_places_for_results_are_always_written() {
        let (mut out, mut err) = (7_i64, std::ptr::dangling_mut());
        assert_eq!(boundary_out(&raw mut out, &raw mut err, || Ok(8)), zkcoord_status::Ok);
        assert_eq!((out, err), (8, std::ptr::null_mut()));
        let failed = boundary_out(&raw mut out, std::ptr::null_mut(), || Err(null("x")));
        assert_eq!((failed, out), (zkcoord_status::InvalidArgument, 0));
        let nowhere = boundary_out(std::ptr::null_mut(), std::ptr::null_mut(), || Ok(8));
        assert_eq!(nowhere, zkcoord_status::InvalidArgument);
    }
}
