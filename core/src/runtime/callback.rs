//! Runs callers' callbacks: one after another, on one thread of their own.
//!
//! Not on the runtime's worker, where one that blocks would stop every client of the process, heartbeats included. The
//! thread starts with the first callback.

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

/// Runs `callback` on the callback thread, soon, after those before it. A panic in it is logged and goes no further.
pub fn dispatch(callback: impl FnOnce() + Send + 'static) {
    if !try_dispatch(callback) {
        tracing::error!("no thread for callbacks; one was dropped");
    }
}

/// As [`dispatch`], and says whether there is a thread for it.
pub(crate) fn try_dispatch(callback: impl FnOnce() + Send + 'static) -> bool {
    queue().is_some_and(|queue| queue.callbacks.send(Box::new(callback)).is_ok())
}

/// Sees to it that there is a callback thread, for those who promise a callback.
///
/// # Errors
/// `UNSUPPORTED` when the system has no thread for it.
pub fn start() -> Result<()> {
    let none = || Error::new(ErrorCode::Unsupported, "no thread for callbacks");
    queue().map(drop).ok_or_else(none)
}

/// Marks the current thread as one that operations need in order to finish.
pub(crate) fn forbid_waiting() {
    NO_WAITING.set(true);
}

/// Whether a call may wait on this thread.
///
/// # Errors
/// `WOULD_DEADLOCK` on a thread that operations need in order to finish, as on the one that runs callbacks.
pub fn check_may_wait() -> Result<()> {
    if NO_WAITING.get() {
        let message = "a waiting call from a callback would wait for itself; hand the work to another thread";
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
        // Our thread ends when `made` goes, with nothing run.
        Some(winner) => Some(winner.clone()),
        None => {
            // A parent's queue must not be dropped in its child.
            std::mem::forget(before.as_ref().cloned());
            Some(made)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_run_in_order_and_may_not_wait_and_may_panic() {
        let (tell, told) = channel();
        for number in 0..3 {
            let tell = tell.clone();
            dispatch(move || {
                let refused = check_may_wait().unwrap_err().code();
                tell.send((number, refused)).unwrap();
                assert_ne!(number, 1, "this panic is part of the test");
            });
        }
        let seen: Vec<_> = told.iter().take(3).collect();
        assert_eq!(seen, [0, 1, 2].map(|number| (number, ErrorCode::WouldDeadlock)));
        assert!(check_may_wait().is_ok());
    }
}
