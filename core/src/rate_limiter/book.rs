//! The node: who may use how many permits, and when.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::terms::Terms;
use super::window::{Run, Window};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Model;
use crate::server_clock::Moment;

/// The part of a window by which a permit may be used late.
pub(super) const LATENESS: i64 = 50;

/// What the first line of a node begins with.
const TITLE: &str = "zkcoord rate limiter 1: ";

/// Permits that one client may use between two moments, in microseconds since 1970 on the leader's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) from: i64,
    /// When they were thought to be used, from `from` on.
    pub(super) start: i64,
    pub(super) until: i64,
    pub(super) permits: u64,
}

/// What became of permits of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) slot: Slot,
    /// Until when they need to be counted; `None` when they were not used, and will not be.
    pub(super) until: Option<i64>,
}

/// Until when somebody is ready to wait for permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Endless,
    Until(Instant),
    /// Not at all.
    None,
}

impl Patience {
    /// Whether permits that are free from `moment` on come too late.
    pub(super) fn is_over_at(self, moment: i64, now: Moment) -> bool {
        match self {
            Patience::Endless => false,
            Patience::None => moment > now.latest,
            Patience::Until(deadline) => {
                let left = micros(deadline.saturating_duration_since(Instant::now()));
                moment > now.latest.saturating_add(left)
            }
        }
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// One caller's wish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) ticket: u64,
    pub(super) permits: u64,
    pub(super) patience: Patience,
}

/// What a client asks for in one write.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(super) settlements: Vec<Settlement>,
    /// In the order in which they are to be served.
    pub(super) wants: Vec<Want>,
    /// How many permits it may have reserved for later than now.
    pub(super) quota: u64,
    /// How many more it takes for callers still to come, if they are free now.
    pub(super) ahead_now: u64,
    /// The same, if they are free within `horizon`.
    pub(super) ahead_later: u64,
    /// In microseconds.
    pub(super) horizon: i64,
    /// How long after its first moment a permit may still be used, in microseconds.
    pub(super) lateness: i64,
}

/// What it gets.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(super) slots: Vec<Slot>,
    /// The tickets of those for whom all permits come too late.
    pub(super) refused: Vec<u64>,
    /// What the node says now.
    pub(super) book: Book,
    /// When it was decided.
    pub(super) decided: Instant,
}

/// What the node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Book {
    /// The first is the limit itself, a second one spreads the permits.
    windows: Vec<Window>,
}

impl Book {
    /// From when on that many permits may be used, `i64::MIN` when at any time. Others only ever make it later.
    pub(super) fn room(&self, permits: u64) -> i64 {
        self.windows.iter().filter_map(|window| window.room(permits)).max().unwrap_or(i64::MIN)
    }

    /// How many permits may be used together at `moment`.
    fn room_at(&self, moment: i64) -> u64 {
        self.windows.iter().map(|window| window.room_at(moment)).min().unwrap_or(0)
    }

    fn forget(&mut self, moment: i64) {
        for window in &mut self.windows {
            window.forget(moment);
        }
    }

    fn place(&mut self, permits: u64, from: i64, now: Moment, lateness: i64) -> Slot {
        let start = from.max(now.latest);
        let slot =
            Slot { from: from.max(now.earliest), start, until: start.saturating_add(lateness), permits };
        for (index, window) in self.windows.iter_mut().enumerate() {
            window.add(permits, counted_until(slot, index, window));
        }
        slot
    }

    /// Takes down what became of permits. Says whether that changes anything.
    fn settle(&mut self, settlements: &[Settlement]) -> bool {
        let mut changed = false;
        for (index, window) in self.windows.iter_mut().enumerate() {
            for Settlement { slot, until } in settlements {
                changed |= window.settle(slot.permits, counted_until(*slot, index, window), *until);
            }
        }
        changed
    }

    /// Gives out what is asked for, as early as may be.
    fn reserve(&mut self, ask: &Ask, now: Moment) -> (Vec<Slot>, Vec<u64>) {
        let (mut slots, mut refused) = (Vec::new(), Vec::new());
        let mut quota = ask.quota;
        for want in &ask.wants {
            let from = self.room(want.permits);
            if want.patience.is_over_at(from, now) {
                refused.push(want.ticket);
                continue;
            }
            if from > now.latest {
                match quota.checked_sub(want.permits) {
                    Some(left) => quota = left,
                    None => return (slots, refused),
                }
            }
            push(&mut slots, self.place(want.permits, from, now, ask.lateness));
        }
        let mut ahead = 0;
        loop {
            let from = self.room(1);
            let most = match from {
                from if from <= now.latest => ask.ahead_now,
                from if from <= now.latest.saturating_add(ask.horizon) => ask.ahead_later,
                _ => 0,
            };
            let permits = self.room_at(from.max(now.earliest)).min(most.saturating_sub(ahead));
            if permits == 0 {
                return (slots, refused);
            }
            push(&mut slots, self.place(permits, from, now, ask.lateness));
            ahead += permits;
        }
    }
}

/// The moment until which the window with this index counts the permits of a slot.
fn counted_until(slot: Slot, index: usize, window: &Window) -> i64 {
    match index {
        // The limit is kept whatever happens.
        0 => slot.until,
        // What only spreads the permits takes it for granted that they are used on time where that is hard to keep: it would
        // cost most of a window as short as a round trip.
        _ => slot.until.min(slot.start.saturating_add(window.length() / LATENESS)),
    }
}

fn push(slots: &mut Vec<Slot>, slot: Slot) {
    match slots.last_mut() {
        Some(last) if (last.from, last.until) == (slot.from, slot.until) => last.permits += slot.permits,
        _ => slots.push(slot),
    }
}

impl Model for Terms {
    type State = Book;
    type Change = Ask;
    type Outcome = Reservation;
    type Reply = oneshot::Sender<Result<Reservation>>;

    const NOUN: &'static str = "rate limiter";
    const TIMED: bool = true;

    fn absent(&self) -> Book {
        Book { windows: self.windows() }
    }

    fn decode(&self, path: &str, data: &[u8]) -> Result<Book> {
        // As a node is that was only made to have children.
        if data.is_empty() {
            return Ok(self.absent());
        }
        let foreign = || {
            let found = format!("rate limiter {path} holds {} bytes, {}", data.len(), data.escape_ascii());
            Error::new(ErrorCode::BadData, format!("{found:.160}; they are not a limiter's"))
        };
        let text = str::from_utf8(data).map_err(|_| foreign())?;
        let mut lines = text.lines();
        let title = lines.next().and_then(|line| line.strip_prefix(TITLE));
        let terms = title.and_then(Terms::parse).ok_or_else(foreign)?;
        if terms != *self {
            return Err(self.differ(path, &terms));
        }
        let mut book = self.absent();
        for (window, line) in book.windows.iter_mut().zip(lines) {
            read_runs(window, line).ok_or_else(foreign)?;
        }
        // Whatever is not as we would have written it was not written by us.
        if self.encode(&book) == data { Ok(book) } else { Err(foreign()) }
    }

    /// A line with the terms, and one for each window: `at most 100 in 1000000 us: 1700000000000000*12 +5000*3`, the moments
    /// until which permits may be used, and how many. Before them the latest of those that were left out, as `*0`.
    fn encode(&self, book: &Book) -> Vec<u8> {
        let mut text = format!("{TITLE}{self}\n");
        for window in &book.windows {
            let mut before = None;
            text.push_str(&heading(window));
            let left_out = window.left_out().map(|moment| Run { moment, permits: 0 });
            for Run { moment, permits } in left_out.into_iter().chain(window.runs()) {
                text.push_str(&match before {
                    None => format!(" {moment}*{permits}"),
                    Some(before) => format!(" +{}*{permits}", moment - before),
                });
                before = Some(moment);
            }
            text.push('\n');
        }
        text.into_bytes()
    }

    fn apply(&self, book: &mut Book, ask: &Ask, now: Moment) -> Result<(Reservation, bool)> {
        book.forget(now.earliest);
        let settles = book.settle(&ask.settlements);
        let (slots, refused) = book.reserve(ask, now);
        let writes = settles || !slots.is_empty();
        Ok((Reservation { slots, refused, book: book.clone(), decided: Instant::now() }, writes))
    }
}

fn heading(window: &Window) -> String {
    format!("at most {} in {} us:", window.most(), window.length())
}

fn read_runs(window: &mut Window, line: &str) -> Option<()> {
    let mut before = 0i64;
    for run in line.strip_prefix(&heading(window))?.split_ascii_whitespace() {
        let (moment, permits) = run.split_once('*')?;
        before = before.checked_add(moment.parse().ok()?).filter(|moment| *moment >= 0)?;
        match permits.parse().ok().filter(|permits| *permits <= window.most())? {
            0 => window.leave_out(before),
            permits => window.add(permits, before),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn terms(permits: u64, per_ms: u64, burst: u64) -> Terms {
        Terms::new(permits, Duration::from_millis(per_ms)).unwrap().with_burst(burst).unwrap()
    }

    fn at(moment: i64) -> Moment {
        Moment { earliest: moment, latest: moment }
    }

    fn ask(wants: &[u64], lateness: i64) -> Ask {
        let wants = wants.iter().enumerate();
        let want = |(ticket, permits): (usize, &u64)| Want {
            ticket: ticket as u64,
            permits: *permits,
            patience: Patience::Endless,
        };
        Ask {
            settlements: Vec::new(),
            wants: wants.map(want).collect(),
            quota: u64::MAX,
            ahead_now: 0,
            ahead_later: 0,
            horizon: 0,
            lateness,
        }
    }

    fn slots(slots: &[Slot]) -> Vec<(i64, i64, u64)> {
        slots.iter().map(|slot| (slot.from, slot.until, slot.permits)).collect()
    }

    #[test]
    fn a_fresh_limiter_gives_a_burst_and_then_a_window_later() {
        let mut book = terms(5, 1000, 5).absent();
        let (given, _) = book.reserve(&ask(&[1; 7], 20_000), at(10 * SECOND));
        let next = 11 * SECOND + 20_000;
        assert_eq!(slots(&given), [(10 * SECOND, 10 * SECOND + 20_000, 5), (next, next + 20_000, 2)]);
    }

    #[test]
    fn who_has_no_patience_for_it_gets_nothing_and_others_do() {
        let mut book = terms(5, 1000, 5).absent();
        let mut asked = ask(&[4, 2, 1], 20_000);
        asked.wants[1].patience = Patience::None;
        let (given, refused) = book.reserve(&asked, at(10 * SECOND));
        assert_eq!(given.iter().map(|slot| slot.permits).sum::<u64>(), 5);
        assert_eq!(refused, [1]);
        asked = ask(&[1, 1], 20_000);
        asked.wants[0].patience = Patience::Until(Instant::now() + Duration::from_millis(500));
        asked.wants[1].patience = Patience::Until(Instant::now() + Duration::from_secs(500));
        let (given, refused) = book.reserve(&asked, at(10 * SECOND));
        assert_eq!(slots(&given), [(11 * SECOND + 20_000, 11 * SECOND + 40_000, 1)]);
        assert_eq!(refused, [0]);
    }

    #[test]
    fn a_big_wish_is_not_overtaken() {
        let mut book = terms(5, 1000, 5).absent();
        book.reserve(&ask(&[1], 20_000), at(10 * SECOND));
        let (given, _) = book.reserve(&ask(&[5, 1], 20_000), at(10 * SECOND));
        assert!(given[0].permits == 5 && given[0].from == 11 * SECOND + 20_000, "{given:?}");
        assert!(given[1].from > given[0].until, "{given:?}");
    }

    #[test]
    fn what_is_reserved_for_later_is_bounded_and_what_is_free_is_not() {
        let mut book = terms(100, 1000, 100).absent();
        let mut asked = ask(&[1; 150], 20_000);
        asked.quota = 10;
        let (given, refused) = book.reserve(&asked, at(10 * SECOND));
        assert_eq!(given.iter().map(|slot| slot.permits).collect::<Vec<_>>(), [100, 10]);
        assert!(refused.is_empty());
    }

    #[test]
    fn looking_ahead_takes_what_is_free_now_or_soon() {
        let mut book = terms(10, 1000, 10).absent();
        let looking =
            |now, later| Ask { ahead_now: now, ahead_later: later, horizon: SECOND / 8, ..ask(&[], 20_000) };
        let mut taken = |now, later, moment| {
            let (given, _) = book.reserve(&looking(now, later), at(moment));
            given.iter().map(|slot| slot.permits).sum::<u64>()
        };
        assert_eq!(taken(4, 2, 10 * SECOND), 4);
        assert_eq!(taken(9, 2, 10 * SECOND), 6);
        assert_eq!(taken(9, 2, 10 * SECOND + SECOND / 2), 0);
        assert_eq!(taken(9, 2, 10 * SECOND + SECOND * 19 / 20), 2);
    }

    #[test]
    fn a_node_reads_as_it_was_written() {
        for terms in [terms(100, 1000, 100), terms(100, 1000, 7), terms(3, 86_400_000, 1000)] {
            let mut book = terms.absent();
            for moment in [10, 10, 11, 13] {
                book.reserve(&ask(&[2, 1, 1], 20_000), at(1_700_000_000 * SECOND + moment * SECOND));
                let data = terms.encode(&book);
                assert_eq!(terms.decode("/limit", &data).unwrap(), book, "{}", data.escape_ascii());
            }
        }
        let mut book = terms(100, 1000, 100).absent();
        book.reserve(&ask(&[12], 20_000), at(1_700_000_000 * SECOND));
        let text = "zkcoord rate limiter 1: 100 permits per 1000000 us, burst 100\n\
                    at most 100 in 1000000 us: 1700000000020000*12\n";
        assert_eq!(String::from_utf8(terms(100, 1000, 100).encode(&book)).unwrap(), text);
        assert_eq!(terms(1, 1, 1).decode("/limit", b"").unwrap(), terms(1, 1, 1).absent());
    }

    #[test]
    fn foreign_bytes_and_other_terms_are_refused() {
        let own = terms(100, 1000, 100);
        let good = String::from_utf8(own.encode(&own.absent())).unwrap();
        let line = "at most 100 in 1000000 us:";
        let cases = [
            "0".to_owned(),
            "\u{0}\u{0}".to_owned(),
            good.replace("limiter 1", "limiter 2"),
            good.replace(line, "at most 99 in 1000000 us:"),
            good.replace(line, &format!("{line} 5000*101")),
            good.replace(line, &format!("{line} 5000*1 +5000*0")),
            good.replace(line, &format!("{line} -5000*1")),
            good.replace(line, &format!("{line} +5000*1")),
            good.replace(line, &format!("{line} 10000*1 -5000*1")),
            good.replace(line, &format!("{line} 5001*1")),
            format!("{good}{good}"),
            good.trim_end().to_owned(),
        ];
        for data in cases {
            let error = own.decode("/limit", data.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadData, "{data}");
            assert!(error.message().contains("/limit") && error.message().len() < 200, "{error}");
        }
        let others = [
            (terms(50, 1000, 100), "permits \"50\""),
            (terms(100, 2000, 100), "per \"2s\""),
            (terms(100, 1000, 9), "burst \"9\""),
        ];
        for (other, complaint) in others {
            let error = other.decode("/limit", good.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            assert!(error.message().starts_with(complaint), "{error}");
            assert!(
                error.message().contains("/limit") && error.message().contains("100 permits per"),
                "{error}"
            );
        }
    }

    /// Clients with clocks of every accuracy reserve whatever they like, use it at any moment that they may, or not at all, and
    /// tell of that now or never.
    #[test]
    fn no_window_ever_has_more_than_it_may() {
        for seed in 0..300 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let permits = rng.u64(1..30);
            let terms = terms(permits, rng.u64(1..2000), rng.u64(1..2 * permits));
            let mut book = terms.absent();
            let (mut moment, mut used, mut settlements) = (1_700_000_000 * SECOND, Vec::new(), Vec::new());
            for _ in 0..200 {
                moment += rng.i64(0..=terms.per / permits as i64 * 3);
                let unsure = rng.i64(0..20_000);
                let now = Moment { earliest: moment - rng.i64(0..=unsure), latest: moment + unsure };
                let wants: Vec<_> = (0..rng.usize(0..5)).map(|_| rng.u64(1..=terms.burst)).collect();
                let mut asked = ask(&wants, rng.i64(1..50_000));
                asked.ahead_now = rng.u64(0..5);
                asked.ahead_later = rng.u64(0..5);
                asked.horizon = terms.length() / 8;
                let (known, open): (Vec<_>, Vec<_>) =
                    settlements.drain(..).partition(|(known, _)| *known <= moment && rng.bool());
                settlements = open;
                asked.settlements = known.into_iter().map(|(_, settlement)| settlement).collect();
                book = terms.decode("/limit", &terms.encode(&book)).unwrap();
                let (reservation, _) = terms.apply(&mut book, &asked, now).unwrap();
                for slot in reservation.slots {
                    for _ in 0..slot.permits {
                        // Nobody can use a permit before it was given.
                        let use_it = rng.u8(0..4) > 0;
                        let at = Some(rng.i64(slot.from.max(moment)..=slot.until)).filter(|_| use_it);
                        used.extend(at);
                        let settlement = Settlement { slot: Slot { permits: 1, ..slot }, until: at };
                        settlements.push((at.unwrap_or(slot.until + 1), settlement));
                    }
                }
            }
            used.sort_unstable();
            let (most, length) = (terms.most() as usize, terms.length());
            for pair in used.windows(most + 1) {
                assert!(pair[most] - pair[0] >= length, "{terms}: {most} + 1 in {}", pair[most] - pair[0]);
            }
        }
    }

    #[test]
    fn permits_that_were_not_used_are_free_again() {
        let terms = terms(5, 1000, 5);
        let mut book = terms.absent();
        let (given, _) = book.reserve(&ask(&[2; 2], 20_000), at(10 * SECOND));
        let not_used = Settlement { slot: Slot { permits: 3, ..given[0] }, until: None };
        let mut asked = ask(&[4], 20_000);
        asked.settlements = vec![not_used];
        let (reservation, writes) = terms.apply(&mut book, &asked, at(10 * SECOND + 30_000)).unwrap();
        assert!(writes);
        assert_eq!(slots(&reservation.slots), [(10 * SECOND + 30_000, 10 * SECOND + 50_000, 4)]);
    }

    /// The window of a small burst holds exactly when permits are used on time.
    #[test]
    fn a_small_burst_spreads_the_permits() {
        let terms = terms(100, 1000, 10);
        let mut book = terms.absent();
        let (given, _) = book.reserve(&ask(&[1; 35], 2000), at(10 * SECOND));
        let used = given.iter().flat_map(|slot| (0..slot.permits).map(|_| slot.until));
        let used: Vec<_> = used.collect();
        for (first, last) in used.iter().zip(&used[10..]) {
            assert!(last - first >= 100_000, "{used:?}");
        }
        assert!(used[34] - used[0] <= 320_000, "{used:?}");
    }
}
