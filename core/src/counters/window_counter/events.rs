//! The events of a window: the bucket into which an event falls, and the buckets that count.
//!
//! With a window of *W* microseconds in *B* buckets, server time *t* falls into bucket *⌊t B / W⌋*. At time *t* the buckets from
//! *⌊t B / W⌋ - B* on count. The borders need not be whole microseconds, so nothing is ever rounded:
//!
//! - An event at *e* with *t - e <= W* counts: its bucket is at least *⌊(t - W) B / W⌋ = ⌊t B / W⌋ - B*.
//! - One with *t - e >= W + W/B* does not: its bucket is at most *⌊(t - W - W/B) B / W⌋ = ⌊t B / W⌋ - B - 1*.
//!
//! The leader's time is known only to lie between two values. Events are recorded at the later one and counted at the earlier
//! one, so that uncertainty about the time makes an event count longer, never shorter.
//!
//! No event lies in the future. One that seems to was recorded by a client that knew the time less exactly, or by the clock of an
//! earlier leader. The next add moves it to the current bucket, so that an earlier leader's clock cannot make it count for
//! longer than one window from then.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use super::bytes;
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Model;
use crate::session::Moment;

/// The length of a window, and the number of buckets into which it is divided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(super) micros: u64,
    pub(super) buckets: u32,
}

const MIN_WINDOW: Duration = Duration::from_millis(1);
const MAX_WINDOW: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The largest number of buckets. With more, the node could exceed 100 KB, and each add writes it.
const MAX_BUCKETS: u32 = 10_000;

impl Window {
    pub(super) fn new(window: Duration, buckets: u32) -> Result<Window> {
        if window < MIN_WINDOW || window > MAX_WINDOW {
            let problem = "must be from 1 ms to 100 years";
            return Err(Error::invalid_argument("window", format!("{window:?}"), problem));
        }
        // To the nearest microsecond, so that a third of a second is the same in all languages.
        let micros = ((window.as_nanos() + 500) / 1000) as u64;
        let max = u64::from(MAX_BUCKETS).min(micros / 1000);
        if buckets == 0 || u64::from(buckets) > max {
            let problem = format!(
                "must be from 1 to {max} for a window of {window:?}, with at most one bucket per millisecond"
            );
            return Err(Error::invalid_argument("buckets", buckets, problem));
        }
        Ok(Window { micros, buckets })
    }

    /// Returns the number of events that count at this moment.
    pub(super) fn count(&self, events: &Events, now: Moment) -> u64 {
        let first = self.first_counted(now);
        events.buckets.iter().filter(|(bucket, _)| *bucket >= first).map(|(_, count)| count).sum()
    }

    /// Returns the bucket of a time in microseconds since 1970.
    fn bucket(&self, time: i64) -> u64 {
        // Clocks do not show times before 1970.
        let time = u128::from(time.max(0).unsigned_abs());
        (time * u128::from(self.buckets) / u128::from(self.micros)) as u64
    }

    /// Returns the first bucket that counts at this moment.
    fn first_counted(&self, now: Moment) -> u64 {
        self.bucket(now.earliest).saturating_sub(self.buckets.into())
    }

    fn describe(&self) -> String {
        format!("{:?} in {} buckets", Duration::from_micros(self.micros), self.buckets)
    }
}

/// The number of events in each bucket, starting with the oldest. Empty buckets are omitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    pub(super) buckets: VecDeque<(u64, u64)>,
    pub(super) total: u64,
}

impl Events {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Removes the buckets before `first`.
    fn remove_before(&mut self, first: u64) {
        while let Some((_, count)) = self.buckets.front().filter(|(bucket, _)| *bucket < first).copied() {
            self.buckets.pop_front();
            self.total -= count;
        }
    }

    /// Moves the events of all buckets after `last` into `last`.
    fn move_back_to(&mut self, last: u64) {
        let mut moved = 0;
        while let Some((_, count)) = self.buckets.back().filter(|(bucket, _)| *bucket > last).copied() {
            self.buckets.pop_back();
            moved += count;
        }
        self.total -= moved;
        self.record(last, moved);
    }

    /// Adds events to a bucket that is not before the last one. The total must fit in 64 bits.
    pub(super) fn record(&mut self, bucket: u64, count: u64) {
        self.total += count;
        match self.buckets.back_mut() {
            _ if count == 0 => {}
            Some((last, before)) if *last == bucket => *before += count,
            _ => self.buckets.push_back((bucket, count)),
        }
    }
}

/// A request to a window counter's ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Add(u64),
    /// Changes nothing, and returns the count.
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

    fn decode(&self, path: &str, data: &[u8]) -> Result<Events> {
        // An empty node was created as the parent of another node, and has no events yet.
        if data.is_empty() {
            return Ok(Events::default());
        }
        let Some((made_with, events)) = bytes::read(data) else {
            let found =
                format!("{} {path} holds {} bytes, {}", Window::NOUN, data.len(), data.escape_ascii());
            return Err(Error::new(
                ErrorCode::BadData,
                format!("{found:.160}; these are not the bytes of a window counter"),
            ));
        };
        if made_with != *self {
            let problem = format!("{} {path} was created with {}", Window::NOUN, made_with.describe());
            return Err(Error::invalid_argument("window", self.describe(), problem));
        }
        Ok(events)
    }

    fn apply(&self, events: &mut Events, change: &Change, now: Moment) -> Result<(u64, bool)> {
        let n = match change {
            Change::Add(n) if *n > 0 => *n,
            _ => return Ok((self.count(events, now), false)),
        };
        // Removing buckets that no longer count does not change any result, so it is not written by itself.
        events.remove_before(self.first_counted(now));
        let Some(after) = events.total.checked_add(n) else {
            let message = format!("adding {n} to {} gives a count outside the 64-bit range", events.total);
            return Err(Error::new(ErrorCode::Overflow, message));
        };
        let bucket = self.bucket(now.latest);
        events.move_back_to(bucket);
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
    fn counts_match_the_recorded_events_for_any_window() {
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
    fn uncertainty_about_the_time_counts_events_longer_and_never_shorter() {
        for (seed, (micros, buckets)) in [(1000, 1), (1_000_000, 10), (100_000, 100)].into_iter().enumerate()
        {
            let uncertainty = micros / 3;
            compare_with_a_list(&window(micros, buckets), fastrand::Rng::with_seed(seed as u64), uncertainty);
        }
    }

    /// Adds and counts at random times, and compares the counts with a plain list of the adds and their times.
    fn compare_with_a_list(window: &Window, mut random: fastrand::Rng, uncertainty: u64) {
        let (width, buckets) = (i128::from(window.micros), i128::from(window.buckets));
        let (mut events, mut list) = (Events::default(), Vec::new());
        let mut time = 1_790_000_000 * SECOND;
        for _ in 0..2000 {
            // Often advances by a whole number of buckets, to hit the borders, and sometimes by more than the window.
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
                    .filter(|(at, error, _)| counts(i128::from(time - at), i128::from(before + error)));
                counted.map(|(_, _, n)| n).sum::<u64>()
            };
            let min = sum(&|age, _| age <= width);
            let max = sum(&|age, uncertainty| (age - uncertainty - width) * buckets < width);
            assert!(min <= count && count <= max, "{window:?} at {time}: {min} <= {count} <= {max}");
            if uncertainty == 0 {
                // Exactly those events count whose bucket ends after the start of the window. Both times are multiplied by
                // `buckets`.
                let end = |at: i64| (i128::from(at) * buckets / width + 1) * width;
                let start = (i128::from(time) - width) * buckets;
                let exact: u64 = list.iter().filter(|(at, ..)| end(*at) > start).map(|(_, _, n)| n).sum();
                assert_eq!(count, exact);
            }
            assert!(uncertainty > 0 || events.buckets.len() <= window.buckets as usize + 1);
            let data = window.encode(&events);
            assert_eq!(window.decode("/w", &data).unwrap(), events);
        }
    }

    #[test]
    fn an_event_counts_until_its_bucket_has_expired() {
        let window = window(1_000_000, 10);
        for (event, gone) in [(10 * SECOND, 11_100_000), (10_099_999, 11_100_000), (10_100_000, 11_200_000)] {
            let mut events = Events::default();
            assert_eq!(add(&window, &mut events, 1, at(event)), 1);
            assert_eq!(window.count(&events, at(event + SECOND)), 1, "as old as the window");
            assert_eq!(window.count(&events, at(gone - 1)), 1);
            assert_eq!(window.count(&events, at(gone)), 0);
            assert_eq!(add(&window, &mut events, 0, at(gone)), 0);
            assert_eq!(add(&window, &mut events, 5, at(gone)), 5);
            assert_eq!(events.buckets.len(), 1, "expired buckets are removed");
        }
        let mut events = Events::default();
        assert_eq!(add(&window, &mut events, 1, at(-5)), 1, "before 1970");
    }

    #[test]
    fn events_count_for_one_more_window_under_a_leader_whose_clock_is_behind() {
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
    fn an_overflow_changes_nothing() {
        let window = window(1_000_000, 10);
        let mut events = Events::default();
        add(&window, &mut events, u64::MAX - 1, at(SECOND));
        let before = events.clone();
        let error = window.apply(&mut events, &Change::Add(2), at(SECOND + 100_000)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Overflow);
        assert_eq!(events, before);
        assert_eq!(add(&window, &mut events, 1, at(SECOND + 100_000)), u64::MAX);
        assert_eq!(window.decode("/w", &window.encode(&events)).unwrap(), events);
        assert_eq!(add(&window, &mut events, 2, at(3 * SECOND)), 2, "they fit in a later window");
    }

    #[test]
    fn another_window_is_refused_and_the_message_names_both() {
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
    fn invalid_windows_are_refused() {
        let message = |window, buckets| Window::new(window, buckets).unwrap_err().message().to_owned();
        for window in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
            assert!(message(window, 1).starts_with("window "));
        }
        for (window, buckets) in [(1, 0), (1, 2), (999, 1000), (1 << 30, 10_001), (1, u32::MAX)] {
            assert!(message(Duration::from_millis(window), buckets).starts_with("buckets "));
        }
        assert_eq!(window(1000, 1).describe(), "1ms in 1 buckets");
        assert_eq!(Window::new(Duration::from_secs(1) / 3, 1).unwrap().micros, 333_333);
        assert!(Window::new(MAX_WINDOW, MAX_BUCKETS).is_ok());
    }

    #[test]
    fn a_full_node_stays_small() {
        let window = window(10_000_000, MAX_BUCKETS);
        let mut events = Events::default();
        for bucket in 0..20_000 {
            add(&window, &mut events, 1 + bucket as u64 % 1000, at(1_790_000_000 * SECOND + bucket * 1000));
        }
        assert_eq!(events.buckets.len(), MAX_BUCKETS as usize + 1);
        assert!(window.encode(&events).len() < 40_000);
    }
}
