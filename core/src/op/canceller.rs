//! Cancelling an operation whose outcome goes to a callback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::error::Result;
use crate::runtime::ProcessBound;

/// Cancels an operation that was given to [`Op::on_done`]. Dropping it lets the operation go on.
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
        // In this order: who asks in between wakes the task again.
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
    /// One for [`Op::on_done_unless`].
    pub fn new() -> Canceller {
        Canceller { cancel: Arc::new(ProcessBound::new(Cancel::default())) }
    }

    /// Its state, for the task that runs the operation.
    pub(super) fn shared(&self) -> Arc<ProcessBound<Cancel>> {
        self.cancel.clone()
    }

    /// # Errors
    /// `FORKED` in a child of the process that made it.
    pub fn check(&self) -> Result<()> {
        self.cancel.get().map(drop)
    }

    /// Cancels: the callback gets `CANCELLED`, unless the outcome was on its way already.
    pub fn cancel(&self) {
        // Waking a task is not for a fork's child, where nobody would run it.
        if let Ok(cancel) = self.cancel.get() {
            cancel.asked.store(true, Ordering::Release);
            cancel.task.wake();
        }
    }
}
