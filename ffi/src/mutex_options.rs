//! Options of what is made of mutexes.

use std::ffi::c_char;

use zkcoord_core::{Error, Mutex, Scheme};

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::number::number;
use crate::status::zkcoord_status;
use crate::text::text;

/// Options for mutexes, reentrant mutexes, read/write locks and multi mutexes. Must not be set by two threads at the same
/// time, nor while it is in use.
#[derive(Clone, Copy, Default)]
pub struct zkcoord_mutex_options {
    scheme: Scheme,
    handoff: u32,
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

/// Lets the threads of this client hand a mutex to each other, up to `most` times in a row without any request; then it is
/// the others' turn. 0, the default, is strict: everybody in the order of the server's queue. For zkcoord_mutex only:
/// the functions that make other locks refuse more than 0.
///
/// Those who ask with more than 0, through any mutex of the client at the same path, stand in one line, and one node stands
/// in the server's queue for all of them. How often a lock is handed over is decided by who gives it. Guards that were
/// handed over one after the other share the node and the token: they never overlap, but whoever checks tokens cannot tell
/// them apart. A lock that is lost, or that somebody asked for, is not handed over.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when it is not from 0 to 4294967295.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_mutex_options_set_handoff(
    options: Option<&mut zkcoord_mutex_options>,
    most: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.handoff = number("handoff", most)?;
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Locks that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_options_free(options: Option<Box<zkcoord_mutex_options>>) {
    free(options);
}

/// The mutex with what has been set; as it is for NULL.
pub(crate) fn apply(options: Option<&zkcoord_mutex_options>, mutex: Mutex) -> Mutex {
    let zkcoord_mutex_options { scheme, handoff } = options.copied().unwrap_or_default();
    mutex.scheme(scheme).handoff(handoff)
}

/// The scheme, for locks that are not handed over; the default for NULL.
pub(crate) fn scheme(options: Option<&zkcoord_mutex_options>) -> Result<Scheme, Error> {
    match options.copied().unwrap_or_default() {
        zkcoord_mutex_options { scheme, handoff: 0 } => Ok(scheme),
        zkcoord_mutex_options { handoff, .. } => {
            Err(Error::invalid_argument("handoff", handoff, "must be 0 for all but a plain mutex"))
        }
    }
}
