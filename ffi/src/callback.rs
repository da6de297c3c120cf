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
    pub(crate) fn call(mut self, function: Function) {
        if let Some(owned) = self.0.take() {
            // SAFETY: the caller gave both, to be called like this on another thread.
            unsafe { function(owned.pointer) };
        }
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

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller gave both for this; a drop happens once.
            unsafe { destroy(self.pointer) };
        }
    }
}
