//! Options of what is made of mutexes.

use std::ffi::c_char;

use zkcoord_core::Scheme;

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::text::text;

/// Options for mutexes, read/write locks and multi mutexes. Must not be set by two threads at the same time, nor while
/// it is in use.
#[derive(Default)]
pub struct zkcoord_mutex_options {
    scheme: Scheme,
}

/// Returns new options, all at their defaults; free with zkcoord_mutex_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_options_new() -> *mut zkcoord_mutex_options {
    handle(zkcoord_mutex_options::default())
}

/// Sets whose node names the lock writes: "curator" (the default; go-zookeeper reads them too) or "kazoo". Everyone who
/// shares the path must be able to read them.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_options_set_scheme(
    options: Option<&mut zkcoord_mutex_options>,
    scheme: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.scheme = Scheme::from_name(unsafe { text("scheme", scheme) }?)?;
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Locks that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_options_free(options: Option<Box<zkcoord_mutex_options>>) {
    free(options);
}

/// The scheme to use; the default for NULL.
pub(crate) fn scheme(options: Option<&zkcoord_mutex_options>) -> Scheme {
    options.map_or_else(Scheme::default, |options| options.scheme)
}
