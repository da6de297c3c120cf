//! A counter's value with the version of its node.

use std::ffi::c_void;

use zkcoord_core::Versioned;

use crate::boundary::{boundary_out, null};
use crate::counter::{on, zkcoord_counter};
use crate::error::zkcoord_error;
use crate::op::{Completion, ForC, begin, zkcoord_destroy_fn, zkcoord_op};
use crate::status::zkcoord_status;

/// Called when zkcoord_counter_versioned_async() is done.
pub type zkcoord_versioned_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        value: i64,
        version: i32,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Stores the value in `*out`, as zkcoord_counter_get(), and in `*out_version` the version of its node: how often that was
/// written since it was made, -1 when it is missing. `*out_version` is 0 after a failure. Neither may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_versioned(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    out: *mut i64,
    out_version: *mut i32,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    let mut version = 0;
    let status = boundary_out(out, err, || {
        if out_version.is_null() {
            return Err(null("out_version"));
        }
        let versioned = on(counter, timeout_ms, |counter| counter.versioned())?.wait()?;
        version = versioned.version;
        Ok(versioned.value)
    });
    if !out_version.is_null() {
        // SAFETY: the caller's pointer to a place for it.
        unsafe { out_version.write(version) };
    }
    status
}

/// As zkcoord_counter_versioned(), but does not wait: `done` gets the value and the version.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_versioned_async(
    counter: Option<&zkcoord_counter>,
    timeout_ms: i64,
    done: zkcoord_versioned_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || on(counter, timeout_ms, |counter| counter.versioned()))
}

impl ForC for Versioned {
    type C = (i64, i32);

    fn for_c(self) -> (i64, i32) {
        (self.value, self.version)
    }
}

impl Completion<(i64, i32)>
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
