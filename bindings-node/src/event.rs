//! Callbacks from the core into JavaScript.

use napi::Status;
use napi::bindgen_prelude::Unknown;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// A JavaScript function that takes a string. Any thread may call it. It does not keep the event loop alive, because an
/// idle client must not keep a process from ending.
pub type Listener = ThreadsafeFunction<String, Unknown<'static>, String, Status, false, true>;

/// Has `listener` called on its own thread, soon. Does nothing if that thread has ended.
pub(crate) fn notify(listener: &Listener, text: impl Into<String>) {
    let _ended = listener.call(text.into(), ThreadsafeFunctionCallMode::NonBlocking);
}
