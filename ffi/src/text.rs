//! Text, bytes and arrays across the boundary.

use std::ffi::{CStr, CString, c_char};

use zkcoord_core::{Error, ErrorCode};

use crate::boundary::null;

/// A text argument: must be there and be UTF-8.
///
/// # Safety
/// `text` is NULL or ends with NUL, and stays as it is for `'a`.
pub(crate) unsafe fn text<'a>(argument: &str, text: *const c_char) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::invalid_argument(argument, text.to_string_lossy(), "must be UTF-8"))
}

/// An argument of several, bytes mostly; NULL with a length of 0 is an empty one.
///
/// # Safety
/// `data` is NULL or has `len` elements, which stay as they are for `'a`.
pub(crate) unsafe fn slice<'a, T>(argument: &str, data: *const T, len: usize) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(argument));
    }
    if len > isize::MAX as usize / size_of::<T>() {
        // No object is that large: a negative number has been converted.
        let message = format!("{argument}: a length of {len} cannot be");
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// Text for the caller, cut at a NUL within it: C could not see what follows.
pub(crate) fn owned(text: &str) -> CString {
    let seen = text.split('\0').next().unwrap_or_default();
    CString::new(seen).unwrap_or_default()
}
