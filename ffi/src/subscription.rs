//! Callbacks that are called again and again.

use std::ffi::c_void;

use zkcoord_core::{Error, Subscription};

use crate::boundary::{boundary, free, given, handle};
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::op::zkcoord_destroy_fn;
use crate::status::zkcoord_status;

/// A callback that is called again and again, until this is freed or there is nothing more to tell.
pub struct zkcoord_subscription {
    _calls: Subscription,
}

/// Takes ownership of the subscription and ends the calls: none begins after this, and `user_data` is destroyed. Does not
/// wait for a call that is under way. NULL is fine. May be called in the callback.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_subscription_free(subscription: Option<Box<zkcoord_subscription>>) {
    free(subscription);
}

/// Runs the body of an exported function that registers a callback for many calls: `make` is given the function and what to
/// call it with.
pub(crate) fn subscribe<F>(
    function: Option<F>,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    out: *mut *mut zkcoord_subscription,
    err: *mut *mut zkcoord_error,
    make: impl FnOnce(F, UserData) -> Result<Subscription, Error>,
) -> zkcoord_status {
    // Before anything can fail: from here on it is destroyed in any case.
    let user_data = UserData::new(user_data, destroy);
    if !out.is_null() {
        // SAFETY: the caller's pointer to a place for it.
        unsafe { out.write(std::ptr::null_mut()) };
    }
    boundary(err, move || {
        let subscription = make(given("fn", function)?, user_data)?;
        if out.is_null() {
            subscription.detach();
        } else {
            // SAFETY: as above.
            unsafe { out.write(handle(zkcoord_subscription { _calls: subscription })) };
        }
        Ok(())
    })
}
