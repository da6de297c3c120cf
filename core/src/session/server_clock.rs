//! The leader's time, as far as this client can know it. It does not compare the clocks of two writing clients.
//!
//! ZooKeeper stamps a write with its leader's time (`mtime`). A write of this client that was sent at local time *s*,
//! answered at *r* and stamped *m* was stamped somewhere between *s* and *r*. So at any later local time *t* the leader's
//! clock shows at least *m + (t - r)* and at most *m + 1 ms + (t - s)*. Every further write narrows that range.
//!
//! A new leader has a clock of its own. A server whose leader changes drops its clients (`closeAllConnections` in ZooKeeper's
//! `Learner.shutdown` and `Leader.shutdown`), so an observation is valid for as long as the link over which it was made. If
//! the leader's clock is set meanwhile, the range of the next write does not overlap the known range, and the new one counts.
//! A leader whose clock is off by a second therefore moves all windows by a second.

use std::time::Duration;

use parking_lot::Mutex;

use super::{BootInstant, Link, Written};

/// The time on the leader's clock, as a range: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
}

/// The range of the offset of the leader's clock from the local clock, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Offset {
    low: i64,
    high: i64,
    observed: BootInstant,
    /// The number of the link over which it was observed.
    link: u64,
}

/// The time for which an observation is valid. Clocks drift apart by up to 0.1 ms in a second.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The drift between two clocks, in microseconds per second. It is that of cheap crystals.
const DRIFT: u64 = 100;

/// The knowledge of the leader's clock that this client has from its writes.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    offset: Mutex<Option<Offset>>,
}

impl ServerClock {
    /// Learns from a write over this link that was stamped `mtime`, in milliseconds since 1970.
    fn observe(&self, link: u64, mtime: i64, sent: BootInstant, answered: BootInstant) {
        let low = mtime * 1000 - answered.as_micros();
        let high = mtime * 1000 + 1000 - sent.as_micros();
        let mut offset = self.offset.lock();
        let known = offset.filter(|known| known.link == link).map(|known| known.widened(answered));
        let (low, high) = match known {
            Some(known) if known.low <= high && low <= known.high => {
                (low.max(known.low), high.min(known.high))
            }
            _ => (low, high),
        };
        *offset = Some(Offset { low, high, observed: answered, link });
    }

    /// Learns from a transaction over this link that was sent at `sent` and has just been answered.
    pub(crate) fn note(&self, link: &Link, written: &[Written], sent: BootInstant) {
        // All members of a transaction have the same `mtime`.
        let mtime = written.iter().find_map(|written| match written {
            Written::Set { mtime, .. } => Some(*mtime),
            Written::Created { .. } | Written::Other => None,
        });
        if let Some(mtime) = mtime {
            self.observe(link.number(), mtime, sent, BootInstant::now());
        }
    }

    /// Returns the current time of the leader behind the link with this number. Returns `None` if no write over that link has
    /// been observed within the last minute.
    pub(crate) fn now_over(&self, link: u64) -> Option<Moment> {
        self.offset.lock().filter(|known| known.link == link).and_then(Offset::now)
    }
}

impl Offset {
    fn now(self) -> Option<Moment> {
        let now = BootInstant::now();
        if self.observed.until(now) > MAX_AGE {
            return None;
        }
        let Offset { low, high, .. } = self.widened(now);
        Some(Moment { earliest: now.as_micros() + low, latest: now.as_micros() + high })
    }

    /// Returns the range widened by the drift since the observation.
    fn widened(self, now: BootInstant) -> Offset {
        let drift = (self.observed.until(now).as_secs() * DRIFT) as i64;
        Offset { low: self.low - drift, high: self.high + drift, ..self }
    }
}

impl Moment {
    /// The range of a time of which nothing is known.
    pub(crate) const UNKNOWN: Moment = Moment { earliest: i64::MIN, latest: i64::MAX };
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn each_write_narrows_the_range_and_a_clock_that_was_set_replaces_it() {
        let clock = ServerClock::default();
        assert_eq!(clock.now_over(1), None);
        let now = BootInstant::now();
        let ago = |micros: i64| BootInstant::from_micros(now.as_micros() - micros);
        let within = |low: i64, high: i64| {
            let Moment { earliest, latest } = clock.now_over(1).unwrap();
            let passed = BootInstant::now().as_micros() - now.as_micros();
            assert!(earliest >= low && latest <= high + passed, "{earliest}..{latest}, not in {low}..{high}");
        };
        // Sent 30 ms ago, answered 10 ms ago, stamped 500 s.
        clock.observe(1, 500_000, ago(30_000), ago(10_000));
        within(500 * SECOND + 10_000, 500 * SECOND + 31_000);
        // Stamped 5 ms later and answered quickly.
        clock.observe(1, 500_010, ago(12_000), ago(9_000));
        within(500 * SECOND + 19_000, 500 * SECOND + 23_000);
        // The clock was set back by 7 s.
        clock.observe(1, 493_000, ago(8_000), ago(6_000));
        within(493 * SECOND + 6_000, 493 * SECOND + 9_000);
    }

    #[test]
    fn an_observation_over_one_link_does_not_count_for_the_next_link() {
        let clock = ServerClock::default();
        let now = BootInstant::now();
        let ago = |micros: i64| BootInstant::from_micros(now.as_micros() - micros);
        clock.observe(1, 500_000, ago(2_000), ago(1_000));
        assert_eq!(clock.now_over(2), None);
        // The clock of the second leader is 1 ms ahead, so the first leader's range would narrow this one wrongly.
        clock.observe(2, 500_030, ago(30_000), now);
        assert_eq!(clock.now_over(1), None);
        let Moment { earliest, latest } = clock.now_over(2).unwrap();
        assert!(latest - earliest >= 31_000, "{earliest}..{latest}");
    }
}
