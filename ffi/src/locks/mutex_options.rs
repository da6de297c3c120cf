//! Options for mutexes and for the locks that are built from mutexes.

use std::ffi::c_char;

use zkcoord_core::{Error, Mutex, Scheme};

use crate::exported::exported;
use crate::number::number;
use crate::pointer::{free, given, handle};
use crate::text::text;

/// Options for mutexes, reentrant mutexes, read/write locks and multi mutexes. Must not be set by two threads at the
/// same time, nor while they are in use.
#[derive(Clone, Copy, Default)]
pub struct zkcoord_mutex_options {
    scheme: Scheme,
    handoff: u32,
}

/// Returns new options with the default values; free them with zkcoord_mutex_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_options_new() -> *mut zkcoord_mutex_options {
    handle(zkcoord_mutex_options::default())
}

exported! {
    /// Sets the naming scheme of the nodes that the lock creates: "curator" (the default; go-zookeeper can read them
    /// too) or "kazoo". All clients that share the path must be able to read the names.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
    fn zkcoord_mutex_options_set_scheme(options: Option<&mut zkcoord_mutex_options>, scheme: *const c_char) {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.scheme = Scheme::from_name(unsafe { text("scheme", scheme) }?)?;
    }
}

exported! {
    /// Sets how many times in a row the threads of this client may hand a mutex to each other without any request,
    /// before it is the turn of other clients. With 0, the default, the lock is granted strictly in the order of the
    /// server's queue. More than 0 is for zkcoord_mutex only: the constructors of other locks refuse it.
    ///
    /// All acquires with more than 0, through any mutex of the client with the same path, share one local queue, which
    /// is represented by a single node in the server's queue. Each holder's own `max` decides whether the lock may be
    /// handed on. Consecutive guards of a handed-over lock share its node and token. They never overlap, but a receiver
    /// that checks tokens cannot tell them apart. A lock that was lost, or whose release was requested, is not handed
    /// over.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `max` is not from 0 to 4294967295.
    fn zkcoord_mutex_options_set_handoff(options: Option<&mut zkcoord_mutex_options>, max: i64) {
        given("options", options)?.handoff = number("handoff", max)?;
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Locks that were created with them are not affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_mutex_options_free(options: Option<Box<zkcoord_mutex_options>>) {
    free(options);
}

impl zkcoord_mutex_options {
    /// Returns the mutex with these options, or with the defaults for NULL.
    pub(crate) fn apply(options: Option<&Self>, mutex: Mutex) -> Mutex {
        let Self { scheme, handoff } = options.copied().unwrap_or_default();
        mutex.scheme(scheme).handoff(handoff)
    }

    /// Returns the scheme, or the default for NULL, for locks that cannot be handed over. Fails if handoff is not 0.
    pub(crate) fn scheme(options: Option<&Self>) -> Result<Scheme, Error> {
        let Self { scheme, handoff } = options.copied().unwrap_or_default();
        if handoff > 0 {
            let reason = "must be 0 for all locks except zkcoord_mutex";
            return Err(Error::invalid_argument("handoff", handoff, reason));
        }
        Ok(scheme)
    }
}
