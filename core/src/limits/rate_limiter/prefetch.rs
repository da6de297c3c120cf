//! Estimates how many permits to reserve before a caller asks for them.
//!
//! A permit that was reserved in advance saves its caller a round trip, and the servers a request. If no caller comes for it, it
//! becomes free again only when this client writes the next time, and is lost if the client does not. So the estimate
//! follows the demand:
//!
//! 1. A prefetched permit that was used raises it by one; a permit that a caller had to wait for, by a quarter.
//! 2. A permit that was lost lowers it by two.
//! 3. It is bounded by a fixed number: a client that uses many permits prefetches no more than one that uses few. Otherwise its
//!    use would grow and grow.
//! 4. Permits that are free now can be used only within their slots. Of those prefetch at most half as many as callers asked
//!    for within that time.
//! 5. A caller that asks many times within the length of a slot is in a loop, and will take the next permits that become free:
//!    prefetch one for every eight that were asked for.
//! 6. All of this decays with time.

use std::time::{Duration, Instant};

/// The number of permits asked for, within the length of a slot, for which one permit is prefetched.
const ASKED_PER_PREFETCHED: f64 = 8.0;

#[derive(Debug)]
pub(super) struct Prefetch {
    asked: DecayingSum,
    estimate: DecayingSum,
    max: f64,
}

impl Prefetch {
    /// Makes the estimate for permits whose slots are `slot_length` long and that become free every `period`. At most `max` of
    /// them may be prefetched.
    pub(super) fn new(slot_length: Duration, max: u64, period: Duration) -> Prefetch {
        Prefetch {
            asked: DecayingSum::new(slot_length),
            estimate: DecayingSum::new(period * 10),
            max: max as f64,
        }
    }

    /// Notes that a caller asked for permits.
    pub(super) fn note_asked(&mut self, permits: u64, now: Instant) {
        self.asked.add(permits as f64, now);
    }

    /// Notes that prefetched permits were used.
    pub(super) fn note_used(&mut self, permits: u64, now: Instant) {
        self.adjust(permits as f64, now);
    }

    /// Notes that permits were used for which a caller had to wait.
    pub(super) fn note_waited(&mut self, permits: u64, now: Instant) {
        self.adjust(permits as f64 / 4.0, now);
    }

    /// Notes that permits were lost, because no caller came for them in time.
    pub(super) fn note_lost(&mut self, permits: u64, now: Instant) {
        self.adjust(permits as f64 * -2.0, now);
    }

    fn adjust(&mut self, permits: f64, now: Instant) {
        self.estimate.add(permits, now);
        self.estimate.sum = self.estimate.sum.clamp(-self.max, self.max);
    }

    /// Returns how many permits to prefetch that are free now, in slots of this length.
    pub(super) fn amount_now(&self, now: Instant, slot_length: Duration) -> u64 {
        let asked = self.asked.at(now) * slot_length.as_secs_f64() / self.asked.span;
        self.estimate.at(now).round().clamp(0.0, (asked / 2.0).ceil()) as u64
    }

    /// Returns how many permits to prefetch that become free soon.
    pub(super) fn amount_later(&self, now: Instant) -> u64 {
        let for_loops = (self.asked.at(now) / ASKED_PER_PREFETCHED).min(self.max);
        (self.estimate.at(now) + for_loops).round().clamp(0.0, self.max) as u64
    }
}

/// A sum that decays exponentially.
#[derive(Debug)]
struct DecayingSum {
    sum: f64,
    /// The time of the last addition.
    at: Option<Instant>,
    /// The time in which the sum decays to 1/e, in seconds.
    span: f64,
}

impl DecayingSum {
    fn new(span: Duration) -> DecayingSum {
        DecayingSum { sum: 0.0, at: None, span: span.as_secs_f64() }
    }

    fn at(&self, now: Instant) -> f64 {
        let Some(at) = self.at else { return 0.0 };
        self.sum * (-now.saturating_duration_since(at).as_secs_f64() / self.span).exp()
    }

    fn add(&mut self, amount: f64, now: Instant) {
        self.sum = self.at(now) + amount;
        self.at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT_LENGTH: Duration = Duration::from_millis(20);

    #[test]
    fn used_permits_raise_the_amount_and_lost_ones_lower_it() {
        let mut prefetch = Prefetch::new(SLOT_LENGTH, 10, Duration::from_secs(1));
        let start = Instant::now();
        assert_eq!(prefetch.amount_later(start), 0);
        prefetch.note_waited(4, start);
        prefetch.note_used(3, start);
        assert_eq!(prefetch.amount_later(start), 4);
        prefetch.note_lost(1, start);
        assert_eq!(prefetch.amount_later(start), 2);
        prefetch.note_used(400, start);
        assert_eq!(prefetch.amount_later(start), 10);
        let later = start + Duration::from_secs(10);
        assert_eq!(prefetch.amount_later(later), 4);
        prefetch.note_lost(50, later);
        assert_eq!(prefetch.amount_later(later), 0);
        assert_eq!(prefetch.amount_later(later + Duration::from_secs(100)), 0);
    }

    #[test]
    fn free_permits_are_prefetched_only_as_far_as_they_can_be_used() {
        let mut prefetch = Prefetch::new(SLOT_LENGTH, 100, Duration::from_secs(1));
        let start = Instant::now();
        prefetch.note_used(100, start);
        assert_eq!((prefetch.amount_now(start, SLOT_LENGTH), prefetch.amount_later(start)), (0, 100));
        prefetch.note_asked(30, start);
        let amounts = [1, 4].map(|slots| prefetch.amount_now(start, SLOT_LENGTH * slots));
        assert_eq!(amounts, [15, 60]);
        prefetch.note_lost(50, start);
        assert_eq!(prefetch.amount_now(start, SLOT_LENGTH), 0);
    }

    #[test]
    fn a_caller_in_a_loop_gets_the_next_permits_unless_some_were_lost() {
        let mut prefetch = Prefetch::new(SLOT_LENGTH, 10, Duration::from_secs(1));
        let start = Instant::now();
        prefetch.note_asked(24, start);
        assert_eq!((prefetch.amount_now(start, SLOT_LENGTH), prefetch.amount_later(start)), (0, 3));
        assert_eq!(prefetch.amount_later(start + SLOT_LENGTH * 3), 0);
        prefetch.note_asked(1000, start);
        assert_eq!(prefetch.amount_later(start), 10);
        prefetch.note_lost(4, start);
        assert_eq!(prefetch.amount_later(start), 2);
    }
}
