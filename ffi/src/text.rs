//! Text, bytes and arrays from C and for C.

use std::ffi::{CStr, CString, c_char};

use zkcoord_core::{Error, ErrorCode};

use crate::pointer::null;

/// Returns a text argument, or fails with `INVALID_ARGUMENT` if it is NULL or not UTF-8.
///
/// # Safety
/// `text` is NULL or ends with NUL, and does not change during `'a`.
pub(crate) unsafe fn text<'a>(argument: &str, text: *const c_char) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::invalid_argument(argument, text.to_string_lossy(), "must be UTF-8"))
}

/// Returns an argument of `len` elements, mostly bytes. NULL with a length of 0 is an empty slice.
///
/// # Safety
/// `data` is NULL or points to `len` elements, which do not change during `'a`.
pub(crate) unsafe fn slice<'a, T>(argument: &str, data: *const T, len: usize) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(argument));
    }
    if len > isize::MAX as usize / size_of::<T>() {
        // No object is that large, so this must be a negative number that was converted.
        let message =
            format!("{argument}: length {len} is too large; was a negative number converted to size_t?");
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// Converts text for C. Cuts it at the first NUL, because C could not see the rest.
pub(crate) fn owned(text: &str) -> CString {
    let visible = text.split('\0').next().unwrap_or_default();
    CString::new(visible).unwrap_or_default()
}
