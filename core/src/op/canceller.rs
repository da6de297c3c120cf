//! Cancelling an operation whose outcome goes to a callback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::error::Result;
use crate::runtime::ProcessBound;

/// Cancels an operation that was started with [`Op::on_done`](crate::Op::on_done). Dropping it lets the operation go on.
///
/// # Examples
/// ```no_run
/// # fn example(client: zkcoord::Client) {
/// let canceller = client.mutex("/locks/report").acquire().on_done(|outcome| println!("{outcome:?}"));
/// canceller.cancel(); // the callback gets `CANCELLED`, unless the lock was acquired first
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Canceller {
    cancel: Arc<ProcessBound<Cancel>>,
}

#[derive(Debug, Default)]
pub(super) struct Cancel {
    asked: AtomicBool,
    task: AtomicWaker,
}

impl Cancel {
    pub(super) fn poll_asked(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Register first: a request that arrives between the two lines wakes the task again.
        self.task.register(cx.waker());
        if self.asked.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Default for Canceller {
    fn default() -> Canceller {
        Canceller::new()
    }
}

impl Canceller {
    /// Returns a canceller for [`Op::on_done_unless`](crate::Op::on_done_unless).
    ///
    /// # Examples
    /// ```
    /// let canceller = zkcoord::Canceller::new();
    /// canceller.cancel(); // an operation that is started with it is cancelled at once
    /// ```
    pub fn new() -> Canceller {
        Canceller { cancel: Arc::new(ProcessBound::new(Cancel::default())) }
    }

    /// Its state, for the task that runs the operation.
    pub(super) fn shared(&self) -> Arc<ProcessBound<Cancel>> {
        self.cancel.clone()
    }

    /// Checks that this is the process that made the canceller.
    ///
    /// # Errors
    /// `FORKED` in a child of that process.
    ///
    /// # Examples
    /// ```
    /// assert!(zkcoord::Canceller::new().check().is_ok());
    /// ```
    pub fn check(&self) -> Result<()> {
        self.cancel.get().map(drop)
    }

    /// Cancels the operation: its callback gets `CANCELLED`, unless the outcome was on its way already.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) {
    /// let canceller = client.counter("/counters/runs").add(1).on_done(|_| {});
    /// canceller.cancel();
    /// # }
    /// ```
    pub fn cancel(&self) {
        // No task may be woken in a child of fork(), where no thread runs it.
        if let Ok(cancel) = self.cancel.get() {
            cancel.asked.store(true, Ordering::Release);
            cancel.task.wake();
        }
    }
}
