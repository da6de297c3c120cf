//! Notices that the answer to a request is overdue.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the requests of one link and their answers.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    sent: AtomicU64,
    completed: AtomicU64,
    /// The value of `sent` at the last check.
    sent_at_last_check: AtomicU64,
}

impl Traffic {
    /// Counts a request as sent now, and as completed when the returned value is dropped.
    pub(super) fn begin(&self) -> PendingRequest<'_> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        PendingRequest(self)
    }

    /// Returns whether a request from before the last check is still unanswered. Counting is enough, because answers come
    /// in order.
    pub(super) fn is_stuck(&self) -> bool {
        let sent = self.sent.load(Ordering::Relaxed);
        let sent_before = self.sent_at_last_check.swap(sent, Ordering::Relaxed);
        self.completed.load(Ordering::Relaxed) < sent_before
    }
}

/// A request under way. It also counts as completed when its caller stops waiting.
pub(super) struct PendingRequest<'a>(&'a Traffic);

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.0.completed.fetch_add(1, Ordering::Relaxed);
    }
}
