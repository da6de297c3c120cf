//! The events of a window: which bucket an event falls into, and which buckets count.
//!
//! With a window of *W* microseconds in *B* buckets, server time *t* falls into bucket *⌊t B / W⌋*. At time *t* the buckets from
//! *⌊t B / W⌋ - B* on count. The borders need not be whole microseconds, so nothing is ever rounded:
//!
//! - An event at *e* with *t - e <= W* counts: its bucket is at least *⌊(t - W) B / W⌋ = ⌊t B / W⌋ - B*.
//! - One with *t - e >= W + W/B* does not: its bucket is at most *⌊(t - W - W/B) B / W⌋ = ⌊t B / W⌋ - B - 1*.
//!
//! The leader's time is known only to lie between two values. Events are recorded at the later one and counted at the earlier
//! one, so that whoever is uncertain counts an event longer, never shorter.
//!
//! No event lies in the future. One that seems to was recorded by somebody who knew less of the time, or by the clock of an
//! earlier leader. The next add takes it to have happened just now, so that no clock of the past keeps it alive for longer than
//! a window from then.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use super::bytes;
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Model;
use crate::session::Moment;

/// How long a window is, and into how many buckets it is divided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(super) micros: u64,
    pub(super) buckets: u32,
}

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// More would make a node of more than 100 KB, written at each add.
const MOST_BUCKETS: u32 = 10_000;

impl Window {
    pub(super) fn new(window: Duration, buckets: u32) -> Result<Window> {
        if window < SHORTEST || window > LONGEST {
            let problem = "must be from 1 ms to 100 years";
            return Err(Error::invalid_argument("window", format!("{window:?}"), problem));
        }
        // To the nearest microsecond, so that a third of a second is the same in all languages.
        let micros = ((window.as_nanos() + 500) / 1000) as u64;
        let most = u64::from(MOST_BUCKETS).min(micros / 1000);
        if buckets == 0 || u64::from(buckets) > most {
            let problem =
                format!("a window of {window:?} has from 1 to {most} buckets: one per millisecond at most");
            return Err(Error::invalid_argument("buckets", buckets, problem));
        }
        Ok(Window { micros, buckets })
    }

    /// How many events count at this moment.
    pub(super) fn count(&self, events: &Events, now: Moment) -> u64 {
        let first = self.first_at(now);
        events.buckets.iter().filter(|(bucket, _)| *bucket >= first).map(|(_, count)| count).sum()
    }

    fn bucket(&self, time: i64) -> u64 {
        // Clocks do not show times before 1970.
        let time = u128::from(time.max(0).unsigned_abs());
        (time * u128::from(self.buckets) / u128::from(self.micros)) as u64
    }

    /// The first bucket that counts at this moment.
    fn first_at(&self, now: Moment) -> u64 {
        self.bucket(now.earliest).saturating_sub(self.buckets.into())
    }

    fn describe(&self) -> String {
        format!("{:?} in {} buckets", Duration::from_micros(self.micros), self.buckets)
    }
}

/// How many events each bucket holds, from the oldest on. Empty buckets are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    pub(super) buckets: VecDeque<(u64, u64)>,
    pub(super) total: u64,
}

impl Events {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn forget_before(&mut self, first: u64) {
        while let Some((_, count)) = self.buckets.front().filter(|(bucket, _)| *bucket < first).copied() {
            self.buckets.pop_front();
            self.total -= count;
        }
    }

    /// Makes what lies behind a bucket a part of it.
    fn pull_into(&mut self, last: u64) {
        let mut pulled = 0;
        while let Some((_, count)) = self.buckets.back().filter(|(bucket, _)| *bucket > last).copied() {
            self.buckets.pop_back();
            pulled += count;
        }
        self.total -= pulled;
        self.record(last, pulled);
    }

    /// Adds events to a bucket, behind which there is none. Their sum must fit.
    pub(super) fn record(&mut self, bucket: u64, count: u64) {
        self.total += count;
        match self.buckets.back_mut() {
            _ if count == 0 => {}
            Some((last, before)) if *last == bucket => *before += count,
            _ => self.buckets.push_back((bucket, count)),
        }
    }
}

/// What can be asked of a window counter's ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Add(u64),
    /// Nothing, but to count.
    Count,
}

impl Model for Window {
    type State = Events;
    type Change = Change;
    type Outcome = u64;
    type Reply = oneshot::Sender<Result<u64>>;

    const NOUN: &'static str = "window counter";
    const TIMED: bool = true;

    fn absent(&self) -> Events {
        Events::default()
    }

    fn encode(&self, events: &Events) -> Vec<u8> {
        bytes::write(self, events)
    }

    /// An empty node is one that was made as the parent of another, and takes events.
    fn decode(&self, path: &str, data: &[u8]) -> Result<Events> {
        if data.is_empty() {
            return Ok(Events::default());
        }
        let Some((made_with, events)) = bytes::read(data) else {
            let found =
                format!("{} {path} holds {} bytes, {}", Window::NOUN, data.len(), data.escape_ascii());
            return Err(Error::new(
                ErrorCode::BadData,
                format!("{found:.160}; they are not those of a window counter"),
            ));
        };
        if made_with != *self {
            let problem = format!("{} {path} was made with {}", Window::NOUN, made_with.describe());
            return Err(Error::invalid_argument("window", self.describe(), problem));
        }
        Ok(events)
    }

    fn apply(&self, events: &mut Events, change: &Change, now: Moment) -> Result<(u64, bool)> {
        let n = match change {
            Change::Add(n) if *n > 0 => *n,
            _ => return Ok((self.count(events, now), false)),
        };
        // To forget what does not count any more is no change.
        events.forget_before(self.first_at(now));
        let Some(after) = events.total.checked_add(n) else {
            let message = format!("adding {n} to {} leaves the range of 64 bits", events.total);
            return Err(Error::new(ErrorCode::Overflow, message));
        };
        let bucket = self.bucket(now.latest);
        events.pull_into(bucket);
        events.record(bucket, n);
        Ok((after, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn window(micros: u64, buckets: u32) -> Window {
        Window::new(Duration::from_micros(micros), buckets).unwrap()
    }

    fn at(micros: i64) -> Moment {
        Moment { earliest: micros, latest: micros }
    }

    fn add(window: &Window, events: &mut Events, n: u64, now: Moment) -> u64 {
        window.apply(events, &Change::Add(n), now).unwrap().0
    }

    #[test]
    fn every_count_is_that_of_the_recorded_events_whatever_the_window() {
        let windows = [
            (1000, 1),
            (60 * 1_000_000, 60),
            (1_000_003, 7),
            (7_000, 7),
            (999_999, 100),
            (86_400_000_000, 13),
        ];
        for (seed, (micros, buckets)) in windows.into_iter().enumerate() {
            compare_with_a_list(&window(micros, buckets), fastrand::Rng::with_seed(seed as u64), 0);
        }
    }

    #[test]
    fn who_is_uncertain_of_the_time_counts_longer_and_never_shorter() {
        for (seed, (micros, buckets)) in [(1000, 1), (1_000_000, 10), (100_000, 100)].into_iter().enumerate()
        {
            let uncertainty = micros / 3;
            compare_with_a_list(&window(micros, buckets), fastrand::Rng::with_seed(seed as u64), uncertainty);
        }
    }

    /// Adds and counts at random times, and compares with a plain list of what was added when.
    fn compare_with_a_list(window: &Window, mut random: fastrand::Rng, uncertainty: u64) {
        let (width, buckets) = (i128::from(window.micros), i128::from(window.buckets));
        let (mut events, mut list) = (Events::default(), Vec::new());
        let mut time = 1_790_000_000 * SECOND;
        for _ in 0..2000 {
            // Often a whole number of buckets on, to hit the borders, and at times further than the window reaches.
            let step = width / buckets.min(1 + i128::from(random.u8(..)));
            time += match random.u8(..4) {
                0 => step as i64,
                1 => step as i64 * random.i64(0..4) + random.i64(-1..=1).max(0),
                2 => random.i64(0..=width as i64 / 5),
                _ => random.i64(0..=(width / buckets) as i64),
            };
            let (before, after) = (random.u64(..=uncertainty) as i64, random.u64(..=uncertainty) as i64);
            let now = Moment { earliest: time - before, latest: time + after };
            let n = random.u64(..3);
            if n > 0 {
                list.push((time, after, n));
            }
            let count = add(window, &mut events, n, now);
            assert_eq!(count, window.count(&events, now));
            let sum = |counts: &dyn Fn(i128, i128) -> bool| {
                let counted = list
                    .iter()
                    .filter(|(at, late, _)| counts(i128::from(time - at), i128::from(before + late)));
                counted.map(|(_, _, n)| n).sum::<u64>()
            };
            let least = sum(&|age, _| age <= width);
            let most = sum(&|age, unknown| (age - unknown - width) * buckets < width);
            assert!(least <= count && count <= most, "{window:?} at {time}: {least} <= {count} <= {most}");
            if uncertainty == 0 {
                // The bucket's end, as a fraction of `buckets`, lies after the window's begin.
                let end = |at: i64| (i128::from(at) * buckets / width + 1) * width;
                let begin = (i128::from(time) - width) * buckets;
                let exact: u64 = list.iter().filter(|(at, ..)| end(*at) > begin).map(|(_, _, n)| n).sum();
                assert_eq!(count, exact);
            }
            assert!(uncertainty > 0 || events.buckets.len() <= window.buckets as usize + 1);
            let data = window.encode(&events);
            assert_eq!(window.decode("/w", &data).unwrap(), events);
        }
    }

    #[test]
    fn the_edges() {
        let window = window(1_000_000, 10);
        for (event, gone) in [(10 * SECOND, 11_100_000), (10_099_999, 11_100_000), (10_100_000, 11_200_000)] {
            let mut events = Events::default();
            assert_eq!(add(&window, &mut events, 1, at(event)), 1);
            assert_eq!(window.count(&events, at(event + SECOND)), 1, "as old as the window");
            assert_eq!(window.count(&events, at(gone - 1)), 1);
            assert_eq!(window.count(&events, at(gone)), 0);
            assert_eq!(add(&window, &mut events, 0, at(gone)), 0);
            assert_eq!(add(&window, &mut events, 5, at(gone)), 5);
            assert_eq!(events.buckets.len(), 1, "what does not count any more is forgotten");
        }
        let mut events = Events::default();
        assert_eq!(add(&window, &mut events, 1, at(-5)), 1, "before 1970");
    }

    #[test]
    fn a_leader_whose_clock_is_behind_keeps_events_for_one_more_window() {
        let window = window(1_000_000, 10);
        let mut events = Events::default();
        add(&window, &mut events, 1, at(5000 * SECOND));
        add(&window, &mut events, 2, at(5000 * SECOND + 500_000));
        assert_eq!(window.count(&events, at(1000 * SECOND)), 3);
        assert_eq!(add(&window, &mut events, 4, at(1000 * SECOND)), 7);
        assert_eq!(window.count(&events, at(1001 * SECOND)), 7);
        assert_eq!(window.count(&events, at(1001 * SECOND + 100_000)), 0);
    }

    #[test]
    fn overflow_changes_nothing() {
        let window = window(1_000_000, 10);
        let mut events = Events::default();
        add(&window, &mut events, u64::MAX - 1, at(SECOND));
        let before = events.clone();
        let error = window.apply(&mut events, &Change::Add(2), at(SECOND + 100_000)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Overflow);
        assert_eq!(events, before);
        assert_eq!(add(&window, &mut events, 1, at(SECOND + 100_000)), u64::MAX);
        assert_eq!(window.decode("/w", &window.encode(&events)).unwrap(), events);
        assert_eq!(add(&window, &mut events, 2, at(3 * SECOND)), 2, "in another window they fit");
    }

    #[test]
    fn another_window_is_refused_with_both() {
        let data = window(1_000_000, 10).encode(&Events::default());
        for other in [window(2_000_000, 10), window(1_000_000, 20)] {
            let error = other.decode("/w", &data).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            for part in ["/w", "1s in 10 buckets", &other.describe()] {
                assert!(error.message().contains(part), "{error}");
            }
        }
    }

    #[test]
    fn only_windows_that_can_be_are_taken() {
        let bad = |window, buckets| Window::new(window, buckets).unwrap_err().message().to_owned();
        for window in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
            assert!(bad(window, 1).starts_with("window "));
        }
        for (window, buckets) in [(1, 0), (1, 2), (999, 1000), (1 << 30, 10_001), (1, u32::MAX)] {
            assert!(bad(Duration::from_millis(window), buckets).starts_with("buckets "));
        }
        assert_eq!(window(1000, 1).describe(), "1ms in 1 buckets");
        assert_eq!(Window::new(Duration::from_secs(1) / 3, 1).unwrap().micros, 333_333);
        assert!(Window::new(LONGEST, MOST_BUCKETS).is_ok());
    }

    #[test]
    fn a_full_node_stays_small() {
        let window = window(10_000_000, MOST_BUCKETS);
        let mut events = Events::default();
        for bucket in 0..20_000 {
            add(&window, &mut events, 1 + bucket as u64 % 1000, at(1_790_000_000 * SECOND + bucket * 1000));
        }
        assert_eq!(events.buckets.len(), MOST_BUCKETS as usize + 1);
        assert!(window.encode(&events).len() < 40_000);
    }
}
