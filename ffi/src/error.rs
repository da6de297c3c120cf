//! The error object, which holds the details of a failure.

use std::ffi::{CString, c_char};

use zkcoord_core::Error;

use crate::pointer::free;
use crate::status::zkcoord_status;
use crate::text::owned;

/// The details of a failure. Functions that can fail return it through their last argument; free it with
/// zkcoord_error_free().
pub struct zkcoord_error {
    pub(crate) status: zkcoord_status,
    pub(crate) message: CString,
}

/// Returns the status that the failed call returned; ZKCOORD_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_status(error: Option<&zkcoord_error>) -> zkcoord_status {
    error.map_or(zkcoord_status::Ok, |error| error.status)
}

/// Returns a message for people that says what happened; "" for NULL. Valid until the error is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_message(error: Option<&zkcoord_error>) -> *const c_char {
    error.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Takes ownership of the error and frees it. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_free(error: Option<Box<zkcoord_error>>) {
    free(error);
}

impl From<Error> for zkcoord_error {
    fn from(error: Error) -> zkcoord_error {
        zkcoord_error { status: error.code().into(), message: owned(error.message()) }
    }
}
