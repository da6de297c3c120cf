//! Callbacks into the caller's code, and the destruction of their user data.
//!
//! Both run on core's callback thread. So the caller may hold any lock while registering, releasing or freeing, and a
//! slow callback cannot hold up the connections.

use std::ffi::c_void;

/// A function of the caller that takes its user data.
pub(crate) type Function = unsafe extern "C" fn(*mut c_void);

/// The pointer that the caller's callback receives. Destroyed exactly once, whether the callback is called or not.
pub(crate) struct UserData(Option<Owned>);

impl UserData {
    /// Takes ownership of the pointer: from here on it is destroyed in any case.
    pub(crate) fn new(pointer: *mut c_void, destroy: Option<Function>) -> UserData {
        UserData(Some(Owned { pointer, destroy }))
    }

    /// Calls `function` with the pointer and destroys it. For the callback thread.
    pub(crate) fn call(self, function: Function) {
        // SAFETY: the caller passed both, to be called like this on another thread.
        self.with_pointer(|pointer| unsafe { function(pointer) });
    }

    /// Calls `body` with the pointer and destroys it. For the callback thread.
    pub(crate) fn with_pointer(mut self, body: impl FnOnce(*mut c_void)) {
        if let Some(owned) = self.0.take() {
            body(owned.pointer);
        }
    }

    /// Returns the pointer, for a callback that is called repeatedly.
    pub(crate) fn pointer(&self) -> *mut c_void {
        self.0.as_ref().map_or(std::ptr::null_mut(), |owned| owned.pointer)
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        let unused = self.0.take().filter(|owned| owned.destroy.is_some());
        if let Some(owned) = unused {
            zkcoord_core::callback::dispatch(move || drop(owned));
        }
    }
}

struct Owned {
    pointer: *mut c_void,
    destroy: Option<Function>,
}

// SAFETY: the caller passed the pointer for use on the callback thread.
unsafe impl Send for Owned {}
// SAFETY: as above; it is used on that thread only.
unsafe impl Sync for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller passed both for this purpose; a drop happens once.
            unsafe { destroy(self.pointer) };
        }
    }
}
