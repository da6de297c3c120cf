//! Fairness between clients that write one node at the same time.
//!
//! Of several clients that write at the same time one succeeds, and the others get `BadVersion`. The server answers the
//! successful client first, so its next write would succeed again, and it would never learn of the others. Therefore:
//!
//! 1. A client whose write was refused tries again at once. While others write too, the node was already read behind the refused write.
//! 2. A client with a recently refused write yields after each successful one: it reads the node once or twice, chosen at
//!    random, before it writes again. Reads take about as long as the other clients need for their writes, return the result of
//!    those writes, and let the client's own batch grow.
//! 3. After [`UNCONTENDED_AFTER`] successful writes in a row, a client yields only once in that many writes, to notice new
//!    competitors.
//! 4. A client yields only if it would otherwise write again within one round trip. After a longer pause the others have already
//!    had their turn.

use std::time::Duration;

use crate::session::BootInstant;

/// The number of successful writes in a row after which no other client is assumed to write.
const UNCONTENDED_AFTER: u64 = 64;

/// The results of this client's latest writes.
#[derive(Debug)]
pub(super) struct Fairness {
    successes_in_a_row: u64,
    last_success: Option<Success>,
}

/// A write that was applied.
#[derive(Debug)]
struct Success {
    at: BootInstant,
    took: Duration,
}

impl Default for Fairness {
    fn default() -> Fairness {
        Fairness { successes_in_a_row: UNCONTENDED_AFTER, last_success: None }
    }
}

impl Fairness {
    /// Records that a write, sent at `sent`, was applied.
    pub(super) fn write_applied(&mut self, sent: BootInstant) {
        let at = BootInstant::now();
        self.successes_in_a_row += 1;
        self.last_success = Some(Success { at, took: sent.until(at) });
    }

    /// Records that a write was refused because another client wrote first.
    pub(super) fn write_refused(&mut self) {
        self.successes_in_a_row = 0;
    }

    /// Returns whether other clients write too. A read is then sent behind each write.
    pub(super) fn is_contended(&self) -> bool {
        self.successes_in_a_row < UNCONTENDED_AFTER
    }

    /// Returns how many times to read the node before the next write.
    pub(super) fn reads_before_write(&self) -> usize {
        let at_once =
            self.last_success.as_ref().is_some_and(|write| write.at.until(BootInstant::now()) < write.took);
        let yields = self.is_contended() || self.successes_in_a_row.is_multiple_of(UNCONTENDED_AFTER);
        if at_once && yields { fastrand::usize(1..=2) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records a write that took a minute, so that the next one comes within a round trip.
    fn succeed(fairness: &mut Fairness) {
        let now = BootInstant::now().as_micros();
        fairness.write_applied(BootInstant::from_micros(now - 60_000_000));
    }

    #[test]
    fn a_client_without_competitors_rarely_yields() {
        let mut fairness = Fairness::default();
        assert_eq!((fairness.reads_before_write(), fairness.is_contended()), (0, false));
        let yields = (0..UNCONTENDED_AFTER * 10).filter(|_| {
            succeed(&mut fairness);
            fairness.reads_before_write() > 0
        });
        assert_eq!(yields.count(), 10);
    }

    #[test]
    fn a_client_yields_after_a_refused_write_until_no_competitor_is_noticed() {
        let mut fairness = Fairness::default();
        fairness.write_refused();
        for _ in 1..UNCONTENDED_AFTER {
            assert!(fairness.is_contended());
            succeed(&mut fairness);
            assert!((1..=2).contains(&fairness.reads_before_write()));
        }
        succeed(&mut fairness);
        assert!(!fairness.is_contended());
    }

    #[test]
    fn a_client_that_paused_does_not_yield() {
        let mut fairness = Fairness::default();
        fairness.write_refused();
        fairness.write_applied(BootInstant::now());
        while fairness
            .last_success
            .as_ref()
            .is_some_and(|write| write.at.until(BootInstant::now()) < write.took)
        {}
        assert_eq!(fairness.reads_before_write(), 0);
    }
}
