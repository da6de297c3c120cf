//! Callbacks from the core into JavaScript.

use napi::Status;
use napi::bindgen_prelude::Unknown;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// A JavaScript function that takes a text. Any thread may call it, and it does not keep the event loop alive: a client
/// that nobody waits for must not keep a process from its end.
pub type Listener = ThreadsafeFunction<String, Unknown<'static>, String, Status, false, true>;

/// Calls `listener`, soon, on its own thread.
pub(crate) fn tell(listener: &Listener, text: impl Into<String>) {
    // It fails when the listener's thread has ended: nobody is there to be told.
    let _ended = listener.call(text.into(), ThreadsafeFunctionCallMode::NonBlocking);
}
