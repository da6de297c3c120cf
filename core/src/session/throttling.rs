//! Requests that an overloaded server puts off.
//!
//! A server with `throttled_op_wait_time` answers a request that waited for too long with "throttled" (-127), and does not
//! apply it. Such a request is sent again after a pause. Requests that were sent behind it may be answered meanwhile, and a
//! read among them may rest on its effect: a `sync` that goes before a read, for example. So such a read is made again, once
//! no request is being repeated.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The pause before a throttled request is sent again.
const PAUSE: Duration = Duration::from_millis(50);

/// The throttled requests of one link.
#[derive(Debug, Default)]
pub(super) struct Throttling {
    /// The number of answers so far that said "throttled".
    answers: AtomicU64,
    /// The number of requests that are being repeated.
    repeating: AtomicUsize,
}

impl Throttling {
    /// Returns the number of answers so far that said "throttled".
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    /// Counts an answer that says "throttled", and waits before the request is sent again. `repeat` belongs to the request.
    pub(super) async fn pause<'a>(&'a self, repeat: &mut Option<Repeat<'a>>) {
        repeat.get_or_insert_with(|| Repeat::begin(self));
        self.answers.fetch_add(1, Ordering::AcqRel);
        tokio::time::sleep(PAUSE).await;
    }

    /// Waits until no request is being repeated.
    pub(super) async fn settled(&self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.repeating.load(Ordering::Acquire) == 0 {
                return;
            }
        }
    }
}

/// A request that is being repeated. It counts as done when this is dropped.
pub(super) struct Repeat<'a>(&'a Throttling);

impl<'a> Repeat<'a> {
    fn begin(throttling: &'a Throttling) -> Repeat<'a> {
        throttling.repeating.fetch_add(1, Ordering::AcqRel);
        Repeat(throttling)
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        self.0.repeating.fetch_sub(1, Ordering::AcqRel);
    }
}
