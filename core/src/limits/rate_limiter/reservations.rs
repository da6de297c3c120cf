//! The node: who may use how many permits, and when.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::limit::Limit;
use super::window::{Run, Window};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Model;
use crate::session::Moment;

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
pub(super) enum WaitLimit {
    Endless,
    Until(Instant),
    /// Not at all.
    None,
}

impl WaitLimit {
    /// Whether permits that are free from `moment` on come too late.
    pub(super) fn is_over_at(self, moment: i64, now: Moment) -> bool {
        match self {
            WaitLimit::Endless => false,
            WaitLimit::None => moment > now.latest,
            WaitLimit::Until(deadline) => {
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
    pub(super) wait_limit: WaitLimit,
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
    pub(super) reservations: Reservations,
    /// When it was decided.
    pub(super) decided: Instant,
}

/// What the node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reservations {
    /// The first is the limit itself, a second one spreads the permits.
    windows: Vec<Window>,
}

impl Reservations {
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
            if want.wait_limit.is_over_at(from, now) {
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

impl Model for Limit {
    type State = Reservations;
    type Change = Ask;
    type Outcome = Reservation;
    type Reply = oneshot::Sender<Result<Reservation>>;

    const NOUN: &'static str = "rate limiter";
    const TIMED: bool = true;

    fn absent(&self) -> Reservations {
        Reservations { windows: self.windows() }
    }

    fn decode(&self, path: &str, data: &[u8]) -> Result<Reservations> {
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
        let title = lines.next().and_then(|scheduler| scheduler.strip_prefix(TITLE));
        let limit = title.and_then(Limit::parse).ok_or_else(foreign)?;
        if limit != *self {
            return Err(self.mismatch(path, &limit));
        }
        let mut reservations = self.absent();
        for (window, scheduler) in reservations.windows.iter_mut().zip(lines) {
            read_runs(window, scheduler).ok_or_else(foreign)?;
        }
        // Whatever is not as we would have written it was not written by us.
        if self.encode(&reservations) == data { Ok(reservations) } else { Err(foreign()) }
    }

    /// A line with the terms, and one for each window: `at most 100 in 1000000 us: 1700000000000000*12 +5000*3`, the moments
    /// until which permits may be used, and how many. Before them the latest of those that were left out, as `*0`.
    fn encode(&self, reservations: &Reservations) -> Vec<u8> {
        let mut text = format!("{TITLE}{self}\n");
        for window in &reservations.windows {
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

    fn apply(&self, reservations: &mut Reservations, ask: &Ask, now: Moment) -> Result<(Reservation, bool)> {
        reservations.forget(now.earliest);
        let settles = reservations.settle(&ask.settlements);
        let (slots, refused) = reservations.reserve(ask, now);
        let writes = settles || !slots.is_empty();
        Ok((
            Reservation { slots, refused, reservations: reservations.clone(), decided: Instant::now() },
            writes,
        ))
    }
}

fn heading(window: &Window) -> String {
    format!("at most {} in {} us:", window.most(), window.length())
}

fn read_runs(window: &mut Window, scheduler: &str) -> Option<()> {
    let mut before = 0i64;
    for run in scheduler.strip_prefix(&heading(window))?.split_ascii_whitespace() {
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
mod tests;
