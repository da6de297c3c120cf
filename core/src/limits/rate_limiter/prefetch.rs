//! How many permits are worth having before anybody asks for them.
//!
//! Permits had in advance save their callers a round trip, and the servers a request. Those that nobody comes for are free
//! again only when this client writes the next time, and lost if it does not. So:
//!
//! 1. A permit that was had in advance and used proves that one more would be; one that somebody had to wait for, a quarter.
//! 2. One that was lost disproves two.
//! 3. Have as many as that proves, up to a fixed number: a client that uses many has no more in advance than one that uses few,
//!    or it would use more and more.
//! 4. Permits that are free now are good for a short time only: of those have half as many as are asked for in that time.
//! 5. Whoever asks again and again, in the time for which a permit is good, is in a loop and will take the next ones that come
//!    free: have one for every eight questions.
//! 6. All proof fades.

use std::time::{Duration, Instant};

/// How many questions, in the time for which a permit is good, do for one that is had in advance.
const INSISTENCE: f64 = 8.0;

#[derive(Debug)]
pub(super) struct Prefetch {
    asked: Fading,
    proven: Fading,
    most: f64,
}

impl Prefetch {
    /// For permits that are good for `good_for` and come free every `period`, of which `most` may be had in advance.
    pub(super) fn new(good_for: Duration, most: u64, period: Duration) -> Prefetch {
        Prefetch { asked: Fading::new(good_for), proven: Fading::new(period * 10), most: most as f64 }
    }

    pub(super) fn asked(&mut self, permits: u64, now: Instant) {
        self.asked.add(permits as f64, now);
    }

    /// Permits that were had in advance have been used.
    pub(super) fn used(&mut self, permits: u64, now: Instant) {
        self.prove(permits as f64, now);
    }

    /// Permits that somebody waited for have been used.
    pub(super) fn waited(&mut self, permits: u64, now: Instant) {
        self.prove(permits as f64 / 4.0, now);
    }

    pub(super) fn lost(&mut self, permits: u64, now: Instant) {
        self.prove(permits as f64 * -2.0, now);
    }

    fn prove(&mut self, permits: f64, now: Instant) {
        self.proven.add(permits, now);
        self.proven.sum = self.proven.sum.clamp(-self.most, self.most);
    }

    /// How many to have that are free now, and good for so long.
    pub(super) fn ahead_now(&self, now: Instant, good_for: Duration) -> u64 {
        let asked_for = self.asked.at(now) * good_for.as_secs_f64() / self.asked.span;
        self.proven.at(now).round().clamp(0.0, (asked_for / 2.0).ceil()) as u64
    }

    /// How many to have that come free soon.
    pub(super) fn ahead_later(&self, now: Instant) -> u64 {
        let insistence = (self.asked.at(now) / INSISTENCE).min(self.most);
        (self.proven.at(now) + insistence).round().clamp(0.0, self.most) as u64
    }
}

/// A sum in which what was added fades away.
#[derive(Debug)]
struct Fading {
    sum: f64,
    at: Option<Instant>,
    /// In this time it fades to 1/e.
    span: f64,
}

impl Fading {
    fn new(span: Duration) -> Fading {
        Fading { sum: 0.0, at: None, span: span.as_secs_f64() }
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

    const GOOD_FOR: Duration = Duration::from_millis(20);

    #[test]
    fn who_uses_permits_has_some_in_advance_and_who_loses_them_has_none() {
        let mut prefetch = Prefetch::new(GOOD_FOR, 10, Duration::from_secs(1));
        let start = Instant::now();
        assert_eq!(prefetch.ahead_later(start), 0);
        prefetch.waited(4, start);
        prefetch.used(3, start);
        assert_eq!(prefetch.ahead_later(start), 4);
        prefetch.lost(1, start);
        assert_eq!(prefetch.ahead_later(start), 2);
        prefetch.used(400, start);
        assert_eq!(prefetch.ahead_later(start), 10);
        let later = start + Duration::from_secs(10);
        assert_eq!(prefetch.ahead_later(later), 4);
        prefetch.lost(50, later);
        assert_eq!(prefetch.ahead_later(later), 0);
        assert_eq!(prefetch.ahead_later(later + Duration::from_secs(100)), 0);
    }

    #[test]
    fn of_permits_that_are_free_now_no_more_than_can_be_used() {
        let mut prefetch = Prefetch::new(GOOD_FOR, 100, Duration::from_secs(1));
        let start = Instant::now();
        prefetch.used(100, start);
        assert_eq!((prefetch.ahead_now(start, GOOD_FOR), prefetch.ahead_later(start)), (0, 100));
        prefetch.asked(30, start);
        assert_eq!((prefetch.ahead_now(start, GOOD_FOR), prefetch.ahead_now(start, GOOD_FOR * 4)), (15, 60));
        prefetch.lost(50, start);
        assert_eq!(prefetch.ahead_now(start, GOOD_FOR), 0);
    }

    #[test]
    fn who_insists_has_the_next_ones_unless_he_lost_some() {
        let mut prefetch = Prefetch::new(GOOD_FOR, 10, Duration::from_secs(1));
        let start = Instant::now();
        prefetch.asked(24, start);
        assert_eq!((prefetch.ahead_now(start, GOOD_FOR), prefetch.ahead_later(start)), (0, 3));
        assert_eq!(prefetch.ahead_later(start + GOOD_FOR * 3), 0);
        prefetch.asked(1000, start);
        assert_eq!(prefetch.ahead_later(start), 10);
        prefetch.lost(4, start);
        assert_eq!(prefetch.ahead_later(start), 2);
    }
}
