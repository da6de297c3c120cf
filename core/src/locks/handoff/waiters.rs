//! The waiters in a local queue, in order of arrival.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::locks::guard::Guard;
use crate::locks::owner::role::Requester;
use crate::op::Answer;
use crate::op::Deadline;
use crate::stats::Meters;

/// A pending acquire in a local queue.
pub(crate) struct Waiter {
    pub(super) answer: oneshot::Sender<Result<Guard>>,
    pub(super) requester: Requester,
    /// The waiter's guard hands the lock over only if it was handed over fewer times than this.
    pub(super) limit: u32,
    pub(super) start: Instant,
    deadline: Option<Instant>,
    pub(super) meters: Arc<Meters>,
}

impl Waiter {
    /// Returns a waiter that starts now, and the receiver of its answer.
    pub(crate) fn new(
        requester: Requester,
        limit: u32,
        deadline: Deadline,
        meters: Arc<Meters>,
    ) -> (Waiter, Answer<Guard>) {
        let (answer, receiver) = oneshot::channel();
        let deadline = match deadline {
            Deadline::At(instant) => Some(instant),
            Deadline::Never | Deadline::Once => None,
        };
        (Waiter { answer, requester, limit, start: Instant::now(), deadline, meters }, receiver)
    }

    /// Returns whether the caller has dropped its operation.
    pub(super) fn is_cancelled(&self) -> bool {
        self.answer.is_closed()
    }

    pub(super) fn fail(self, error: Error) {
        drop(self.answer.send(Err(error)));
    }

    fn has_timed_out(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// A waiter whose deadline has passed, and the number of waiters before it.
pub(super) struct TimedOut {
    pub(super) waiter: Waiter,
    pub(super) ahead: usize,
}

/// The number of waiters below which cancelled ones are not looked for.
const MIN_PRUNE: usize = 64;

/// The waiters in order of arrival.
pub(super) struct Waiters {
    waiting: VecDeque<Waiter>,
    /// The earliest deadline of a waiter, or an earlier time.
    next_timeout: Option<Instant>,
    /// The number of waiters at which cancelled ones are removed.
    prune_at: usize,
}

impl Default for Waiters {
    fn default() -> Waiters {
        Waiters { waiting: VecDeque::new(), next_timeout: None, prune_at: MIN_PRUNE }
    }
}

impl Waiters {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns whether any waiter still waits.
    pub(super) fn any_waits(&self) -> bool {
        self.waiting.iter().any(|waiter| !waiter.is_cancelled())
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.next_timeout
    }

    /// Adds a waiter at the end. Returns whether its deadline is before all others.
    pub(super) fn push(&mut self, waiter: Waiter) -> bool {
        if self.waiting.len() >= self.prune_at {
            self.remove_cancelled();
            self.prune_at = MIN_PRUNE.max(2 * self.waiting.len());
        }
        let is_first =
            |deadline: &Instant| self.next_timeout.is_none_or(|next_timeout| *deadline < next_timeout);
        let first = waiter.deadline.filter(is_first);
        self.next_timeout = first.or(self.next_timeout);
        self.waiting.push_back(waiter);
        first.is_some()
    }

    pub(super) fn pop(&mut self) -> Option<Waiter> {
        self.waiting.pop_front()
    }

    pub(super) fn take_all(&mut self) -> VecDeque<Waiter> {
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn remove_cancelled(&mut self) {
        self.waiting.retain(|waiter| !waiter.is_cancelled());
    }

    /// Removes the waiters whose deadlines have passed.
    pub(super) fn take_timed_out(&mut self, now: Instant) -> Vec<TimedOut> {
        let all = std::mem::take(&mut self.waiting);
        let (mut timed_out, mut ahead) = (Vec::new(), 0);
        for waiter in all {
            if waiter.has_timed_out(now) {
                timed_out.push(TimedOut { waiter, ahead });
            } else {
                ahead += usize::from(!waiter.is_cancelled());
                self.waiting.push_back(waiter);
            }
        }
        self.next_timeout = self.waiting.iter().filter_map(|waiter| waiter.deadline).min();
        timed_out
    }

    /// Waits until no waiter is left. To watch the first one is enough: when it is cancelled, the next becomes the first.
    pub(super) fn poll_abandoned(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        while let Some(first) = self.waiting.front_mut() {
            ready!(first.answer.poll_closed(cx));
            self.waiting.pop_front();
        }
        Poll::Ready(())
    }
}
