//! Callbacks into the caller's code: when they run, and when their user data goes.
//!
//! All of it runs on core's callback thread: the caller may hold any lock of his own while he registers, releases or
//! frees, and what he does in a callback cannot hold up the connections.

use std::ffi::c_void;

/// A function of the caller.
pub(crate) type Function = unsafe extern "C" fn(*mut c_void);

/// The pointer that the caller wants to see in his callback. Destroyed exactly once, called or not.
pub(crate) struct UserData(Option<Owned>);

impl UserData {
    /// Takes ownership of the pointer, whatever happens next.
    pub(crate) fn new(pointer: *mut c_void, destroy: Option<Function>) -> UserData {
        UserData(Some(Owned { pointer, destroy }))
    }

    /// Calls `function` with it and destroys it. For the callback thread.
    pub(crate) fn call(self, function: Function) {
        // SAFETY: the caller gave both, to be called like this on another thread.
        self.lend(|pointer| unsafe { function(pointer) });
    }

    /// Lends the pointer to `body` and destroys it. For the callback thread.
    pub(crate) fn lend(mut self, body: impl FnOnce(*mut c_void)) {
        if let Some(owned) = self.0.take() {
            body(owned.pointer);
        }
    }

    /// The pointer, for a callback that is called again and again.
    pub(crate) fn pointer(&self) -> *mut c_void {
        self.0.as_ref().map_or(std::ptr::null_mut(), |owned| owned.pointer)
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        let uncalled = self.0.take().filter(|owned| owned.destroy.is_some());
        if let Some(owned) = uncalled {
            zkcoord_core::callback::dispatch(move || drop(owned));
        }
    }
}

struct Owned {
    pointer: *mut c_void,
    destroy: Option<Function>,
}

// SAFETY: the caller gave the pointer for use on the callback thread.
unsafe impl Send for Owned {}
// SAFETY: as above; it is used on that thread only.
unsafe impl Sync for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller gave both for this; a drop happens once.
            unsafe { destroy(self.pointer) };
        }
    }
}
