//! Runs the callbacks of callers, one after another, on a thread of their own.
//!
//! They do not run on the runtime's worker, where a callback that blocks would stop every client of the process, heartbeats
//! included. The thread starts with the first callback.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use arc_swap::ArcSwapOption;

use super::Process;
use crate::error::{Error, ErrorCode, Result};

type Callback = Box<dyn FnOnce() + Send>;

struct Queue {
    process: Process,
    callbacks: Sender<Callback>,
}

static QUEUE: ArcSwapOption<Queue> = ArcSwapOption::const_empty();

thread_local! {
    static NO_WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `callback` on the callback thread, after the callbacks dispatched before it. A panic in it is logged and goes no
/// further.
///
/// # Examples
/// ```
/// let (sender, receiver) = std::sync::mpsc::channel();
/// zkcoord::callback::dispatch(move || sender.send("called").unwrap());
/// assert_eq!(receiver.recv(), Ok("called"));
/// ```
pub fn dispatch(callback: impl FnOnce() + Send + 'static) {
    if !try_dispatch(callback) {
        tracing::error!("cannot start a thread for callbacks; a callback was dropped");
    }
}

/// Runs `callback` as [`dispatch`] does. Returns whether there is a thread for it.
pub(crate) fn try_dispatch(callback: impl FnOnce() + Send + 'static) -> bool {
    queue().is_some_and(|queue| queue.callbacks.send(Box::new(callback)).is_ok())
}

/// Starts the callback thread unless it runs already, for code that promises a callback.
///
/// # Errors
/// `UNSUPPORTED` if the system cannot start a thread.
///
/// # Examples
/// ```
/// zkcoord::callback::start().unwrap();
/// ```
pub fn start() -> Result<()> {
    let none = || Error::new(ErrorCode::Unsupported, "cannot start a thread for callbacks");
    queue().map(drop).ok_or_else(none)
}

/// Marks the current thread as one on which no call may wait, because operations need it to finish.
pub(crate) fn forbid_waiting() {
    NO_WAITING.set(true);
}

/// Checks that a call may wait on this thread.
///
/// # Errors
/// `WOULD_DEADLOCK` on a thread that operations need to finish, such as the one that runs callbacks.
///
/// # Examples
/// ```
/// assert!(zkcoord::callback::check_may_wait().is_ok());
/// zkcoord::callback::dispatch(|| assert!(zkcoord::callback::check_may_wait().is_err()));
/// ```
pub fn check_may_wait() -> Result<()> {
    if NO_WAITING.get() {
        let message = "a waiting call from a callback would deadlock; do the work on another thread";
        return Err(Error::new(ErrorCode::WouldDeadlock, message));
    }
    Ok(())
}

fn queue() -> Option<Arc<Queue>> {
    let current = QUEUE.load();
    if let Some(queue) = current.as_ref().filter(|queue| queue.process.is_current()) {
        return Some(queue.clone());
    }
    let (callbacks, waiting) = channel::<Callback>();
    let thread = std::thread::Builder::new().name("zkcoord-callback".into()).spawn(move || {
        forbid_waiting();
        for callback in waiting {
            if catch_unwind(AssertUnwindSafe(callback)).is_err() {
                tracing::error!("a callback panicked");
            }
        }
    });
    thread.ok()?;
    let made = Arc::new(Queue { process: Process::current(), callbacks });
    let before = QUEUE.compare_and_swap(&current, Some(made.clone()));
    match before.as_ref().filter(|winner| winner.process.is_current()) {
        // Our thread ends when `made` is dropped, before it has run anything.
        Some(winner) => Some(winner.clone()),
        None => {
            // The queue of a parent process must not be dropped in its child.
            std::mem::forget(before.as_ref().cloned());
            Some(made)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_run_in_order_must_not_wait_and_may_panic() {
        let (sender, receiver) = channel();
        for number in 0..3 {
            let sender = sender.clone();
            dispatch(move || {
                let refused = check_may_wait().unwrap_err().code();
                sender.send((number, refused)).unwrap();
                assert_ne!(number, 1, "this panic is part of the test");
            });
        }
        let seen: Vec<_> = receiver.iter().take(3).collect();
        assert_eq!(seen, [0, 1, 2].map(|number| (number, ErrorCode::WouldDeadlock)));
        assert!(check_may_wait().is_ok());
    }
}
