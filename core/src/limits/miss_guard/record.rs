//! The misses of a key, their meaning, and their bytes.

use std::time::Duration;

use super::Rules;
use crate::error::{Error, ErrorCode, Result};
use crate::session::Moment;

/// The misses of one key since it was last found or forgotten. All times are microseconds since 1970 by the leader's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The latest times at which the last loads that missed may have begun, in order. At most as many as the threshold.
    misses: Vec<i64>,
    hold: Option<Hold>,
}

/// The period in which the key is answered absent, from the beginning of the load that missed last. That moment is known only
/// within bounds, and so is the time at which the record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    /// A moment before the load began.
    from: i64,
    until: Moment,
}

/// The state of a key at a moment, by its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyState {
    /// The key is answered absent.
    Absent,
    /// The key is not answered absent any more, but it may be too early for a load. After this time it certainly is not.
    Soon(Duration),
    /// The key may be loaded.
    Open,
}

impl Record {
    const VERSION: u8 = 1;
    /// The number of bytes of the version and of the hold's three times.
    const HEADER_BYTES: usize = 25;

    /// Returns whether there is no miss.
    pub(super) fn is_empty(&self) -> bool {
        self.misses.is_empty()
    }

    /// Returns the record after one more miss, of a load that began at `began`.
    pub(super) fn after_miss(&self, began: Moment, rules: Rules) -> Record {
        let (window, hold) = (rules.window.as_micros() as i64, rules.hold.as_micros() as i64);
        // A miss lies in the future only if the clock of a new leader is behind. It then counts as one of now.
        let before = self.misses.iter().map(|miss| (*miss).min(began.latest));
        let recent = before.filter(|miss| began.earliest.saturating_sub(*miss) < window);
        let mut misses: Vec<_> = recent.chain([began.latest]).collect();
        let threshold = rules.threshold as usize;
        misses.drain(..misses.len().saturating_sub(threshold));
        let until = Moment { earliest: began.earliest + hold, latest: began.latest + hold };
        let hold = (misses.len() == threshold).then_some(Hold { from: began.earliest, until });
        Record { misses, hold }
    }

    pub(super) fn state(&self, now: Moment) -> KeyState {
        match self.hold {
            // The hold begins in the future: the clock of a new leader is behind. One more load is better than a hold that is
            // too long.
            Some(hold) if now.latest < hold.from => KeyState::Open,
            Some(hold) if now.latest < hold.until.earliest => KeyState::Absent,
            Some(hold) if now.earliest < hold.until.latest => {
                let wait = hold.until.latest.saturating_sub(now.earliest);
                KeyState::Soon(Duration::from_micros(wait as u64))
            }
            _ => KeyState::Open,
        }
    }

    /// Encodes the record. Without misses it is empty. Otherwise it consists of a version of one byte, the three times of the hold
    /// (0 without a hold), and the times of the misses. Each time has 8 bytes, big-endian.
    pub(super) fn encode(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        let hold = self.hold.map_or([0; 3], |hold| [hold.from, hold.until.earliest, hold.until.latest]);
        let times = hold.iter().chain(&self.misses).flat_map(|time| time.to_be_bytes());
        std::iter::once(Record::VERSION).chain(times).collect()
    }

    /// Decodes the data of the node at `path`.
    ///
    /// # Errors
    /// `BAD_DATA` if the data is not a record.
    pub(super) fn decode(path: &str, data: &[u8]) -> Result<Record> {
        if data.is_empty() {
            return Ok(Record::default());
        }
        let (times, rest) = data[1..].as_chunks::<8>();
        if data[0] != Record::VERSION || data.len() <= Record::HEADER_BYTES || !rest.is_empty() {
            let found = format!("miss guard: {path} holds {} bytes, {}", data.len(), data.escape_ascii());
            let message = format!("{found:.160}; these are not the bytes of a record of misses");
            return Err(Error::new(ErrorCode::BadData, message));
        }
        let mut times = times.iter().map(|time| i64::from_be_bytes(*time));
        let mut next = || times.next().unwrap_or(0);
        let (from, earliest, latest) = (next(), next(), next());
        let hold = (latest != 0).then_some(Hold { from, until: Moment { earliest, latest } });
        Ok(Record { misses: times.collect(), hold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1000;
    const RULES: Rules =
        Rules { threshold: 3, window: Duration::from_millis(600), hold: Duration::from_millis(300) };

    fn exactly(ms: i64) -> Moment {
        Moment { earliest: ms * MS, latest: ms * MS }
    }

    fn after(misses: &[i64], rules: Rules) -> Record {
        misses.iter().fold(Record::default(), |record, ms| record.after_miss(exactly(*ms), rules))
    }

    #[test]
    fn enough_misses_within_the_window_begin_a_hold() {
        let open = |misses: &[i64], at| after(misses, RULES).state(exactly(at)) == KeyState::Open;
        assert!(open(&[], 0) && open(&[1000, 1100], 1101));
        let held = after(&[1000, 1100, 1599], RULES);
        assert_eq!(held.state(exactly(1599)), KeyState::Absent);
        assert_eq!(held.state(exactly(1898)), KeyState::Absent);
        assert_eq!(held.state(exactly(1899)), KeyState::Open);
        assert!(open(&[1000, 1100, 1600], 1601), "the first miss is older than the window");
        // The misses before the hold still count after it.
        assert_eq!(held.after_miss(exactly(1899), RULES).state(exactly(2198)), KeyState::Open);
        assert_eq!(after(&[1000, 1100, 1200, 1500], RULES).state(exactly(1799)), KeyState::Absent);
        let one = Rules { threshold: 1, ..RULES };
        assert_eq!(after(&[1000], one).state(exactly(1001)), KeyState::Absent);
    }

    #[test]
    fn uncertain_times_neither_extend_a_hold_nor_allow_an_early_load() {
        let one = Rules { threshold: 1, ..RULES };
        let began = Moment { earliest: 1000 * MS, latest: 1010 * MS };
        let record = Record::default().after_miss(began, one);
        let between =
            |earliest, latest| record.state(Moment { earliest: earliest * MS, latest: latest * MS });
        assert_eq!(between(1280, 1299), KeyState::Absent);
        assert_eq!(between(1280, 1300), KeyState::Soon(Duration::from_millis(30)));
        assert_eq!(between(1309, 1330), KeyState::Soon(Duration::from_millis(1)));
        assert_eq!(between(1310, 1330), KeyState::Open);
        assert_eq!(between(900, 999), KeyState::Open, "the clock is behind");
        assert_eq!(record.state(Moment::UNKNOWN), KeyState::Soon(Duration::from_micros(i64::MAX as u64)));
    }

    /// Clients that know the time only to a few milliseconds, checked against the exact times.
    #[test]
    fn no_hold_is_too_long_and_no_load_too_early() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..300 {
            let rules = Rules {
                threshold: random.u32(1..5),
                window: Duration::from_millis(random.u64(300..900)),
                hold: Duration::from_millis(random.u64(1..300)),
            };
            let hold = rules.hold.as_micros() as i64;
            let (mut now, mut loads, mut record) = (1_000_000 * MS, Vec::<i64>::new(), Record::default());
            for _ in 0..200 {
                now += random.i64(1..100 * MS);
                let known =
                    Moment { earliest: now - random.i64(0..20 * MS), latest: now + random.i64(0..20 * MS) };
                record = Record::decode("/r", &record.encode()).unwrap();
                match record.state(known) {
                    KeyState::Absent => assert!(now < loads.last().unwrap() + hold, "{round}: held too long"),
                    KeyState::Soon(wait) => {
                        assert!(wait <= Duration::from_millis(80));
                        let later = now + wait.as_micros() as i64;
                        assert!(later >= loads.last().unwrap() + hold);
                    }
                    KeyState::Open => {
                        loads.push(now);
                        let since = loads.iter().filter(|load| now - **load < hold).count();
                        assert!(since <= rules.threshold as usize, "{round}: {since} loads, {rules:?}");
                        record = record.after_miss(known, rules);
                    }
                }
            }
            assert!(loads.len() > rules.threshold as usize);
        }
    }

    /// A client that knows the time exactly, checked against a count over the whole history.
    #[test]
    fn exact_times_agree_with_a_count_over_the_whole_history() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..300 {
            let rules = Rules {
                threshold: random.u32(1..6),
                window: Duration::from_millis(random.u64(1..1000)),
                hold: Duration::from_millis(random.u64(1..1000)),
            };
            let (mut now, mut history, mut record) = (0, Vec::new(), Record::default());
            for _ in 0..200 {
                now += random.i64(0..200);
                let recent = |last: i64| {
                    let window = rules.window.as_millis() as i64;
                    history.iter().filter(|miss| last - **miss < window).count()
                };
                let held = history.last().is_some_and(|last| {
                    recent(*last) >= rules.threshold as usize && now - last < rules.hold.as_millis() as i64
                });
                let state = record.state(exactly(now));
                assert_eq!(state == KeyState::Absent, held, "{rules:?} {history:?} {now}");
                if state == KeyState::Open {
                    history.push(now);
                    record = record.after_miss(exactly(now), rules);
                }
            }
        }
    }

    #[test]
    fn records_are_decoded_as_encoded_and_other_bytes_are_refused() {
        for record in [Record::default(), after(&[5], RULES), after(&[1000, 1001, 1002], RULES)] {
            assert_eq!(Record::decode("/r", &record.encode()).unwrap(), record);
        }
        let good = after(&[1, 2, 3], RULES).encode();
        assert_eq!(good.len(), 49);
        let other_version = [&[2], &good[1..]].concat();
        for bad in [&b"x"[..], &good[..48], &good[..25], &good[..1], &other_version, &[1; 100_000]] {
            let error = Record::decode("/r", bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadData);
            assert!(error.message().contains("/r") && error.message().len() < 250, "{error}");
        }
        // Meaningless times in the right format do no harm.
        let odd = Record::decode("/r", &[&[1][..], &[0x80; 24], &[0x7f; 16]].concat()).unwrap();
        assert_eq!(odd.state(exactly(5)), KeyState::Open);
        assert!(!odd.after_miss(exactly(5), RULES).is_empty());
    }
}
