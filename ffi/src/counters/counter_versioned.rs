//! A counter's value with the version of its node.

use std::ffi::c_void;

use zkcoord_core::Versioned;

use super::counter::{operation, zkcoord_counter};
use crate::boundary::run_with_out;
use crate::error::zkcoord_error;
use crate::exported::exported;
use crate::into_c::IntoC;
use crate::op::DoneFn;
use crate::pointer::null;
use crate::status::zkcoord_status;

/// Called when zkcoord_counter_versioned_async() has completed. Value and version are 0 after a failure.
pub type zkcoord_versioned_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: i64,
        version: i32,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Reads the value as zkcoord_counter_get() does, and blocks for the server's answer. Stores the value in `*out`, and
/// in `*out_version` the version of the node: how often it was written since its creation, or -1 if it is missing.
/// `*out_version` is 0 after a failure. Neither may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_versioned(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    out_version: *mut i32,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    let mut version = 0;
    let status = run_with_out(out, err, || {
        if out_version.is_null() {
            return Err(null("out_version"));
        }
        let versioned = operation(counter, timeout_ms, |counter| counter.versioned())?.wait()?;
        version = versioned.version;
        Ok(versioned.value)
    });
    if !out_version.is_null() {
        // SAFETY: the caller's pointer to a place for a version.
        unsafe { out_version.write(version) };
    }
    status
}

exported! {
    /// The asynchronous form of zkcoord_counter_versioned(). `done` receives the value and the version.
    async fn zkcoord_counter_versioned_async(
        done: zkcoord_versioned_fn,
        counter: Option<&zkcoord_counter>,
        timeout_ms: i64
    ) {
        operation(counter, timeout_ms, |counter| counter.versioned())?
    }
}

impl IntoC for Versioned {
    type C = (i64, i32);

    fn into_c(self) -> (i64, i32) {
        (self.value, self.version)
    }
}

impl DoneFn<(i64, i32)>
    for unsafe extern "C" fn(zkcoord_status, i64, i32, *const zkcoord_error, *mut c_void)
{
    unsafe fn call(
        self,
        status: zkcoord_status,
        (value, version): (i64, i32),
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self(status, value, version, error, user_data) };
    }
}
