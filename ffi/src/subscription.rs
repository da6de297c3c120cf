//! Callbacks that are called repeatedly.

use std::ffi::c_void;
use std::sync::{Arc, Mutex};

use zkcoord_core::{Error, Subscription};

use crate::boundary::run;
use crate::callback::UserData;
use crate::error::zkcoord_error;
use crate::op::zkcoord_destroy_fn;
use crate::pointer::{free, given, handle};
use crate::status::zkcoord_status;

/// The registration of a callback that is called repeatedly, until the subscription is freed or there is nothing more
/// to report.
pub struct zkcoord_subscription {
    _calls: Subscription,
}

/// Takes ownership of the subscription, ends its calls and frees it. No call begins after this, and `user_data` is
/// destroyed. Does not wait for a call in progress. NULL is allowed. May be called in the callback.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_subscription_free(subscription: Option<Box<zkcoord_subscription>>) {
    free(subscription);
}

/// The user data of a callback that is called repeatedly.
pub(crate) struct Listener {
    user_data: UserData,
    /// Locked until the caller has the subscription.
    registering: Arc<Mutex<()>>,
}

impl Listener {
    /// Returns the user data. Waits until the registration is over, because the callback may free its own subscription.
    pub(crate) fn user_data(&self) -> *mut c_void {
        drop(self.registering.lock());
        self.user_data.pointer()
    }
}

/// Runs the body of an exported function that registers a callback for repeated calls.
pub(crate) fn subscribe<F>(
    function: Option<F>,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    out: *mut *mut zkcoord_subscription,
    err: *mut *mut zkcoord_error,
    make: impl FnOnce(F, Listener) -> Result<Subscription, Error>,
) -> zkcoord_status {
    // Before anything can fail: from here on it is destroyed in any case.
    let user_data = UserData::new(user_data, destroy);
    if !out.is_null() {
        // SAFETY: the caller's pointer to a place for a subscription.
        unsafe { out.write(std::ptr::null_mut()) };
    }
    run(err, move || {
        let registering = Arc::new(Mutex::new(()));
        let _registering = registering.lock();
        let listener = Listener { user_data, registering: registering.clone() };
        let subscription = make(given("fn", function)?, listener)?;
        if out.is_null() {
            subscription.detach();
        } else {
            // SAFETY: as above.
            unsafe { out.write(handle(zkcoord_subscription { _calls: subscription })) };
        }
        Ok(())
    })
}
