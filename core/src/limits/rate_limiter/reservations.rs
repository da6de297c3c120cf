//! The node of a limiter: until when the permits reserved last may be used, and the reservation of more.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::limit::Limit;
use super::window::{Run, Window};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Model;
use crate::session::Moment;

/// The number of slots of the usual length that a window consists of.
pub(super) const SLOTS_PER_WINDOW: i64 = 50;

/// The beginning of the first line of a node.
const TITLE: &str = "zkcoord rate limiter 1: ";

/// Permits that one client may use between two moments, in microseconds since 1970 on the leader's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The first moment at which they may be used.
    pub(super) from: i64,
    /// The moment at which the length of the slot begins: `from`, or later if the permits were free at once and the time was
    /// not known exactly.
    pub(super) start: i64,
    /// The last moment at which they may be used.
    pub(super) until: i64,
    pub(super) permits: u64,
}

/// A client's report on permits of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) slot: Slot,
    /// The moment until which they need to be counted, or `None` if they were not used and will not be.
    pub(super) until: Option<i64>,
}

/// The time for which a caller is ready to wait for permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitLimit {
    Endless,
    Until(Instant),
    /// Not at all.
    None,
}

impl WaitLimit {
    /// Returns whether permits that are free from `moment` on come too late.
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

/// The permits that one waiter lacks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    pub(super) ticket: u64,
    pub(super) permits: u64,
    pub(super) wait_limit: WaitLimit,
}

/// All that a client reports and asks for in one write.
#[derive(Debug)]
pub(crate) struct Request {
    pub(super) usages: Vec<Usage>,
    /// In the order in which the waiters are to be served.
    pub(super) demands: Vec<Demand>,
    /// The number of permits that the demands may reserve for later than now.
    pub(super) quota: u64,
    /// The number of permits to reserve for callers still to come, if they are free now.
    pub(super) prefetch_now: u64,
    /// The same, if they become free within `horizon`.
    pub(super) prefetch_later: u64,
    /// In microseconds.
    pub(super) horizon: i64,
    /// In microseconds.
    pub(super) slot_length: i64,
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(super) slots: Vec<Slot>,
    /// The tickets of the demands that would be met too late, in ascending order.
    pub(super) refused: Vec<u64>,
    /// The state of the node after this.
    pub(super) reservations: Reservations,
    pub(super) decided: Instant,
}

/// The state of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reservations {
    /// The first is the limit itself. A second one spreads the permits.
    windows: Vec<Window>,
}

impl Reservations {
    /// Returns the moment from which `permits` may be used, `i64::MIN` if at any time. Reservations of other clients only make it
    /// later.
    pub(super) fn free_from(&self, permits: u64) -> i64 {
        self.windows.iter().filter_map(|window| window.free_from(permits)).max().unwrap_or(i64::MIN)
    }

    /// Returns how many permits may be used together at `moment`.
    fn free_at(&self, moment: i64) -> u64 {
        self.windows.iter().map(|window| window.free_at(moment)).min().unwrap_or(0)
    }

    fn prune(&mut self, moment: i64) {
        for window in &mut self.windows {
            window.prune(moment);
        }
    }

    fn reserve_slot(&mut self, permits: u64, from: i64, now: Moment, length: i64) -> Slot {
        let start = from.max(now.latest);
        let slot = Slot { from: from.max(now.earliest), start, until: start.saturating_add(length), permits };
        for (index, window) in self.windows.iter_mut().enumerate() {
            window.add(permits, counted_until(slot, index, window));
        }
        slot
    }

    /// Applies a client's report. Returns whether that changes anything.
    fn apply_usages(&mut self, usages: &[Usage]) -> bool {
        let mut changed = false;
        for (index, window) in self.windows.iter_mut().enumerate() {
            for Usage { slot, until } in usages {
                changed |= window.correct(slot.permits, counted_until(*slot, index, window), *until);
            }
        }
        changed
    }

    /// Reserves the permits that the request asks for, as early as possible. Returns their slots, and the tickets of the demands
    /// that would be met too late.
    fn reserve(&mut self, request: &Request, now: Moment) -> (Vec<Slot>, Vec<u64>) {
        let (mut slots, mut refused) = (Vec::new(), Vec::new());
        let mut quota = request.quota;
        for demand in &request.demands {
            let from = self.free_from(demand.permits);
            if demand.wait_limit.is_over_at(from, now) {
                refused.push(demand.ticket);
                continue;
            }
            if from > now.latest {
                match quota.checked_sub(demand.permits) {
                    Some(left) => quota = left,
                    None => return (slots, refused),
                }
            }
            push(&mut slots, self.reserve_slot(demand.permits, from, now, request.slot_length));
        }
        let mut prefetched = 0;
        loop {
            let from = self.free_from(1);
            let max = match from {
                from if from <= now.latest => request.prefetch_now,
                from if from <= now.latest.saturating_add(request.horizon) => request.prefetch_later,
                _ => 0,
            };
            let permits = self.free_at(from.max(now.earliest)).min(max.saturating_sub(prefetched));
            if permits == 0 {
                return (slots, refused);
            }
            push(&mut slots, self.reserve_slot(permits, from, now, request.slot_length));
            prefetched += permits;
        }
    }
}

/// Returns the moment until which the window with this index counts the permits of a slot.
fn counted_until(slot: Slot, index: usize, window: &Window) -> i64 {
    match index {
        // The limit itself is kept in any case.
        0 => slot.until,
        // A window that only spreads the permits may be as short as a round trip. A long slot would take up most of it, so this
        // window assumes that permits are used within a slot of its own usual length.
        _ => slot.until.min(slot.start.saturating_add(window.length() / SLOTS_PER_WINDOW)),
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
    type Change = Request;
    type Outcome = Reservation;
    type Reply = oneshot::Sender<Result<Reservation>>;

    const NOUN: &'static str = "rate limiter";
    const TIMED: bool = true;

    fn absent(&self) -> Reservations {
        Reservations { windows: self.windows() }
    }

    fn decode(&self, path: &str, data: &[u8]) -> Result<Reservations> {
        // A node that was only created as a parent is empty.
        if data.is_empty() {
            return Ok(self.absent());
        }
        let foreign = || {
            let found = format!("rate limiter {path} holds {} bytes, {}", data.len(), data.escape_ascii());
            Error::new(ErrorCode::BadData, format!("{found:.160}; these are not a rate limiter's bytes"))
        };
        let text = str::from_utf8(data).map_err(|_| foreign())?;
        let mut lines = text.lines();
        let title = lines.next().and_then(|line| line.strip_prefix(TITLE));
        let limit = title.and_then(Limit::parse).ok_or_else(foreign)?;
        if limit != *self {
            return Err(self.mismatch(path, &limit));
        }
        let mut reservations = self.absent();
        for (window, line) in reservations.windows.iter_mut().zip(lines) {
            read_runs(window, line).ok_or_else(foreign)?;
        }
        // Bytes that this client would write in another way were written by another program.
        if self.encode(&reservations) == data { Ok(reservations) } else { Err(foreign()) }
    }

    /// Writes a line with the limit, and one for each window: `at most 100 in 1000000 us: 1700000000000000*12 +5000*3`, the
    /// moments until which permits may be used, and how many. The latest moment of the dropped ones comes first, as `*0`.
    fn encode(&self, reservations: &Reservations) -> Vec<u8> {
        let mut text = format!("{TITLE}{self}\n");
        for window in &reservations.windows {
            let mut before = None;
            text.push_str(&heading(window));
            let dropped = window.latest_dropped().map(|moment| Run { moment, permits: 0 });
            for Run { moment, permits } in dropped.into_iter().chain(window.runs()) {
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

    fn apply(
        &self,
        reservations: &mut Reservations,
        request: &Request,
        now: Moment,
    ) -> Result<(Reservation, bool)> {
        reservations.prune(now.earliest);
        let corrected = reservations.apply_usages(&request.usages);
        let (slots, refused) = reservations.reserve(request, now);
        let changed = corrected || !slots.is_empty();
        let reservations = reservations.clone();
        Ok((Reservation { slots, refused, reservations, decided: Instant::now() }, changed))
    }
}

fn heading(window: &Window) -> String {
    format!("at most {} in {} us:", window.max(), window.length())
}

fn read_runs(window: &mut Window, line: &str) -> Option<()> {
    let mut before = 0i64;
    for run in line.strip_prefix(&heading(window))?.split_ascii_whitespace() {
        let (moment, permits) = run.split_once('*')?;
        before = before.checked_add(moment.parse().ok()?).filter(|moment| *moment >= 0)?;
        match permits.parse().ok().filter(|permits| *permits <= window.max())? {
            0 => window.note_dropped(before),
            permits => window.add(permits, before),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
