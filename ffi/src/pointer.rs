//! Pointers to objects: arguments that may be NULL, and the objects that C owns.

use zkcoord_core::{Error, ErrorCode};

use crate::panic::run_infallible;

/// Returns the object that an argument points to, or fails with `INVALID_ARGUMENT` if the argument is NULL.
pub(crate) fn given<T>(argument: &str, object: Option<T>) -> Result<T, Error> {
    object.ok_or_else(|| null(argument))
}

/// As [`given`], for an object that the C signature does not declare `const`.
///
/// # Safety
/// `object` is NULL, or points to an object that is not freed during `'a`. Other threads may use it at the same time.
pub(crate) unsafe fn given_mut<'a, T>(argument: &str, object: *mut T) -> Result<&'a T, Error> {
    // SAFETY: the caller's promise. The reference is shared, because the object is.
    given(argument, unsafe { object.as_ref() })
}

/// The error for an argument that is NULL.
pub(crate) fn null(argument: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, format!("{argument}: must not be NULL"))
}

/// Moves an object to the heap. C owns it until it passes it to [`free`].
pub(crate) fn handle<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Drops an object that C owned.
pub(crate) fn free<T>(object: Option<Box<T>>) {
    run_infallible((), || drop(object));
}
