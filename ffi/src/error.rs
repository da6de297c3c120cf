//! The error object: the details behind a status.

use std::ffi::{CString, c_char};

use zkcoord_core::Error;

use crate::boundary::free;
use crate::status::zkcoord_status;
use crate::text::owned;

/// Why a call failed. Given by the last argument of the functions that can fail; free with zkcoord_error_free().
pub struct zkcoord_error {
    pub(crate) status: zkcoord_status,
    pub(crate) message: CString,
}

/// The status that the failed call returned; ZKCOORD_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_status(error: Option<&zkcoord_error>) -> zkcoord_status {
    error.map_or(zkcoord_status::Ok, |error| error.status)
}

/// What happened, for people. Lives as long as the error; "" for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_message(error: Option<&zkcoord_error>) -> *const c_char {
    error.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Takes ownership of the error. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_error_free(error: Option<Box<zkcoord_error>>) {
    free(error);
}

impl From<Error> for zkcoord_error {
    fn from(error: Error) -> zkcoord_error {
        zkcoord_error { status: error.code().into(), message: owned(error.message()) }
    }
}
