//! Panics, which must not unwind into C.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zkcoord_core::{Error, ErrorCode};

/// Runs the body of an exported function that cannot fail. Returns `fallback` if it panics.
pub(crate) fn run_infallible<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Converts the payload of a panic into an `INTERNAL` error.
pub(crate) fn internal_error(panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorCode::Internal, format!("panic: {}", message.unwrap_or("without a message")))
}
