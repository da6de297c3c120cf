//! Notices that the answer to a request is overdue.
//!
//! A server can leave a request unanswered while it still answers pings. Every request gets a number when it is sent. Answers
//! come in the order of the requests, so the answer to one request proves that all requests before it have been answered.
//!
//! A request whose caller stops waiting is still unanswered. Nobody is told of its answer, so it counts as answered only
//! when a later request is. If there is none, the link sends a probe, whose caller does not stop waiting.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of checks that a request may stay unanswered. A request that was sent before so many checks is overdue. Checks are
/// counted instead of time, so that a process that was stopped first takes the answers that have arrived in the meantime.
const MAX_CHECKS: usize = 4;

/// The number of checks in a session timeout: a request is overdue between 4/16 and 5/16 of it after it was sent.
pub(super) const CHECKS_PER_TIMEOUT: u32 = 16;

/// Counts the requests of one link and their answers.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// The number of the latest request.
    sent: AtomicU64,
    /// The number of the latest request that has been answered.
    answered: AtomicU64,
    /// The number of the latest request whose caller stopped waiting for the answer.
    abandoned: AtomicU64,
    /// The number of requests whose callers wait.
    waiting: AtomicU64,
}

/// The numbers of the latest requests at the last checks, oldest first.
#[derive(Debug, Default)]
pub(super) struct Checks([u64; MAX_CHECKS]);

/// The result of a check of a link's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Normal,
    /// No caller waits for the oldest request, so that only a probe can tell whether it was answered.
    Unknown,
    /// A request is overdue.
    Stuck,
}

impl Traffic {
    /// Counts a request as sent now. It counts as abandoned if the returned value is dropped before it is
    /// [answered](PendingRequest::answered).
    pub(super) fn begin(&self) -> PendingRequest<'_> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        PendingRequest { traffic: self, number: self.sent.fetch_add(1, Ordering::AcqRel) + 1 }
    }

    /// Looks for requests that are overdue. To be called at regular intervals.
    pub(super) fn check(&self, checks: &mut Checks) -> Flow {
        let sent = self.sent.load(Ordering::Acquire);
        let due = checks.0[0];
        checks.0.rotate_left(1);
        checks.0[MAX_CHECKS - 1] = sent;
        let answered = self.answered.load(Ordering::Acquire);
        // Requests of several threads can leave in another order than they are numbered. The second condition notices one
        // that left last and that a higher number hides.
        let is_stuck = answered < due || (sent == due && self.waiting.load(Ordering::Acquire) > 0);
        match is_stuck {
            true => Flow::Stuck,
            false if answered < self.abandoned.load(Ordering::Acquire) => Flow::Unknown,
            false => Flow::Normal,
        }
    }
}

/// A request under way.
pub(super) struct PendingRequest<'a> {
    traffic: &'a Traffic,
    number: u64,
}

impl PendingRequest<'_> {
    /// Notes that the server has answered the request, and thereby all earlier ones.
    pub(super) fn answered(&self) {
        self.traffic.answered.fetch_max(self.number, Ordering::AcqRel);
    }
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.traffic.abandoned.fetch_max(self.number, Ordering::AcqRel);
        self.traffic.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(traffic: &Traffic, checks: &mut Checks, count: usize) -> Vec<Flow> {
        (0..count).map(|_| traffic.check(checks)).collect()
    }

    #[test]
    fn a_request_is_overdue_after_four_checks_although_later_ones_are_abandoned() {
        let (traffic, mut checks) = (Traffic::default(), Checks::default());
        assert_eq!(traffic.check(&mut checks), Flow::Normal);
        let first = traffic.begin();
        let mut seen = Vec::new();
        for _ in 0..5 {
            drop(traffic.begin());
            seen.push(traffic.check(&mut checks));
        }
        assert_eq!(seen, [Flow::Unknown, Flow::Unknown, Flow::Unknown, Flow::Unknown, Flow::Stuck]);
        drop(first);
    }

    #[test]
    fn an_answer_proves_that_earlier_requests_were_answered() {
        let (traffic, mut checks) = (Traffic::default(), Checks::default());
        drop(traffic.begin());
        assert_eq!(flows(&traffic, &mut checks, 2), [Flow::Unknown; 2]);
        traffic.begin().answered();
        assert_eq!(flows(&traffic, &mut checks, 8), [Flow::Normal; 8]);
    }

    #[test]
    fn an_overdue_request_is_noticed_behind_one_with_a_higher_number() {
        let (traffic, mut checks) = (Traffic::default(), Checks::default());
        let last = traffic.begin();
        traffic.begin().answered();
        assert_eq!(flows(&traffic, &mut checks, 5), [[Flow::Normal; 4].as_slice(), &[Flow::Stuck]].concat());
        drop(last);
    }
}
