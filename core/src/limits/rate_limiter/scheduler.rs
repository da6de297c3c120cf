//! The waiters of one limiter in this client, and what to do for them next. Knows no server and no clock.
//!
//! One step, each time that something changes:
//!
//! 1. Drop the waiters that have gone away, and the permits whose slots are over.
//! 2. Grant permits to the waiters in the order of arrival, as far as they may be used now.
//! 3. Refuse the waiters that get none in time.
//! 4. Unless a request is under way, ask for what the waiters lack, for permits in advance, or report unused permits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::caller::{Caller, Verdict};
use super::limit::Limit;
use super::permit_cache::PermitCache;
use super::prefetch::Prefetch;
use super::reservations::{Demand, Request, Reservation, Reservations, SLOTS_PER_WINDOW, WaitLimit, micros};
use crate::error::{Error, ErrorCode, Result};
use crate::session::Moment;

/// The number of demands that go into one write at most.
const MAX_DEMANDS: usize = 4096;

/// The time for which the last known state of the node is taken to show that nothing is free. It does so until another client
/// returns permits, or the node is deleted.
const KNOWN_STATE_VALIDITY: Duration = Duration::from_secs(10);

/// The longest time for which permits are reserved before a caller asks for them.
const MAX_HORIZON: Duration = Duration::from_secs(1);

/// The longest delay of an answer that slots allow for. A longer one is an outage.
const MAX_DELAY: Duration = Duration::from_millis(250);

/// The time that slots allow for timers and threads that run late, besides two round trips.
const TIMER_SLACK: Duration = Duration::from_millis(4);

/// The usual length of a slot of a limiter with a long window.
const MAX_USUAL_SLOT_LENGTH: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    permits: u64,
    wait_limit: WaitLimit,
    /// The number of requests that asked for these permits.
    tries: u32,
    caller: Caller,
}

/// The time on the clock of this machine, and on the leader's if that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) leader: Option<Moment>,
}

/// The next actions of the driver.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) verdicts: Vec<(Caller, Verdict)>,
    pub(super) request: Option<Request>,
    /// The time after which something changes by itself, if anything does.
    pub(super) wake_after: Option<Duration>,
    /// No caller waits, and there is nothing left to report: the driver may stop.
    pub(super) is_idle: bool,
}

/// The way to make the driver take the next step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// No driver runs: start it.
    Start,
    /// The driver runs: wake it up.
    Notify,
}

#[derive(Debug)]
pub(super) struct Scheduler {
    limit: Limit,
    waiters: VecDeque<Waiter>,
    permit_cache: PermitCache,
    prefetch: Prefetch,
    /// The last known state of the node, and the time of it.
    last_known: Option<(Reservations, Instant)>,
    /// The length of the slots that are asked for next.
    slot_length: Duration,
    /// The time within which permits must become free to be prefetched, in microseconds: the horizon or less. It is random, so
    /// that not all clients ask at once.
    lookahead: i64,
    next_ticket: u64,
    /// `true` while a request is under way.
    asking: bool,
    has_driver: bool,
}

impl Scheduler {
    pub(super) fn new(limit: Limit) -> Scheduler {
        let period = Duration::from_micros(limit.length() as u64).min(MAX_HORIZON);
        Scheduler {
            prefetch: Prefetch::new(usual_slot_length(&limit), limit.max_prefetch(), period),
            limit,
            waiters: VecDeque::new(),
            permit_cache: PermitCache::default(),
            last_known: None,
            slot_length: usual_slot_length(&limit),
            lookahead: horizon(&limit),
            next_ticket: 0,
            asking: false,
            has_driver: false,
        }
    }

    /// Returns the verdict on a call that begins now, if it need not wait for one.
    pub(super) fn try_answer(
        &mut self,
        permits: u64,
        wait_limit: WaitLimit,
        Now { instant, leader }: Now,
    ) -> Option<Verdict> {
        self.prefetch.note_asked(permits, instant);
        let now = leader?;
        self.expire(now, instant);
        if self.waiters.is_empty() && self.permit_cache.take(permits, now) {
            self.prefetch.note_used(permits, instant);
            return Some(Verdict::Granted);
        }
        let only_later = wait_limit == WaitLimit::None && self.is_next_far(now);
        let too_late = || {
            let spare = if self.waiters.is_empty() { self.permit_cache.permits() } else { 0 };
            let free_from = self
                .known_state(instant)
                .map(|reservations| reservations.free_from(permits.saturating_sub(spare)));
            free_from.is_some_and(|free_from| wait_limit.is_over_at(free_from, now))
        };
        (only_later || too_late()).then_some(Verdict::Refused)
    }

    /// Adds a caller to the waiters.
    pub(super) fn enqueue(&mut self, permits: u64, wait_limit: WaitLimit, caller: Caller) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiters.push_back(Waiter { ticket, permits, wait_limit, tries: 0, caller });
    }

    /// Returns whether and how to wake the driver after a call. `waits` tells whether its caller was enqueued.
    pub(super) fn wake_driver(&mut self, waits: bool, now: Now) -> Option<Wake> {
        let held = self.permit_cache.permits();
        let needs_prefetch = self.waiters.is_empty() && self.needs_prefetch(now, held);
        if !self.has_driver {
            self.has_driver = waits || needs_prefetch || (held > 0 && now.leader.is_some());
            return self.has_driver.then_some(Wake::Start);
        }
        let may_ask = waits && !self.asking && held * 2 <= self.quota();
        (may_ask || needs_prefetch).then_some(Wake::Notify)
    }

    /// Grants and refuses what can be decided now, and returns what to do next.
    pub(super) fn step(&mut self, now: Now) -> Step {
        self.waiters.retain(|waiter| !waiter.caller.has_gone());
        let mut verdicts = Vec::new();
        if let Some(leader) = now.leader {
            self.expire(leader, now.instant);
            self.grant_usable(leader, now.instant, &mut verdicts);
            if self.is_next_far(leader) {
                self.refuse(|waiter| waiter.wait_limit == WaitLimit::None, &mut verdicts);
            }
        }
        let request = if self.asking { None } else { self.next_request(now, &mut verdicts) };
        self.asking |= request.is_some();
        let wake_after = now.leader.and_then(|leader| self.next_change(leader));
        let is_idle = self.waiters.is_empty() && !self.asking && wake_after.is_none();
        self.has_driver = !is_idle;
        Step { verdicts, request, wake_after, is_idle }
    }

    /// Returns the time after which something changes by itself: the next permits may be used, or the last ones are lost because
    /// no caller came for them.
    fn next_change(&self, now: Moment) -> Option<Duration> {
        let wait = match self.waiters.is_empty() {
            true => self.permit_cache.end()?.saturating_sub(now.latest).saturating_add(1),
            false => self.permit_cache.next_change(now)?,
        };
        Some(Duration::from_micros(wait.try_into().unwrap_or_default()))
    }

    /// Takes in the answer to the request.
    pub(super) fn handle_answer(
        &mut self,
        outcome: Result<Reservation>,
        instant: Instant,
    ) -> Vec<(Caller, Verdict)> {
        self.asking = false;
        let mut verdicts = Vec::new();
        match outcome {
            Ok(reservation) => {
                let Reservation { slots, refused, reservations, decided } = reservation;
                slots.into_iter().for_each(|slot| self.permit_cache.insert(slot));
                self.refuse(|waiter| refused.binary_search(&waiter.ticket).is_ok(), &mut verdicts);
                self.last_known = Some((reservations, decided));
                let horizon = horizon(&self.limit);
                self.lookahead = fastrand::i64(horizon / 2..=horizon);
                let needed = instant.saturating_duration_since(decided).min(MAX_DELAY) * 2 + TIMER_SLACK;
                self.slot_length =
                    (self.slot_length * 31 / 32).max(usual_slot_length(&self.limit)).max(needed);
            }
            // The permits are lost, if any were reserved.
            Err(error) if error.code() == ErrorCode::Indeterminate => {}
            Err(error) => {
                self.last_known = None;
                let covered = self.covered().min(self.waiters.len());
                let failed = self.waiters.drain(covered..);
                verdicts.extend(failed.map(|waiter| (waiter.caller, Verdict::Failed(error.clone()))));
            }
        }
        verdicts
    }

    /// Fails all waiters, because the driver stops and no answer will come.
    pub(super) fn close(&mut self, error: &Error) -> Vec<(Caller, Verdict)> {
        (self.asking, self.has_driver) = (false, false);
        self.waiters.drain(..).map(|waiter| (waiter.caller, Verdict::Failed(error.clone()))).collect()
    }

    fn expire(&mut self, now: Moment, instant: Instant) {
        let lost = self.permit_cache.expire(now);
        if lost > 0 {
            // This machine may be too slow. A longer slot costs little if its permits are used early, because that is reported.
            let longest = Duration::from_micros(self.limit.length() as u64 / 8);
            self.slot_length = (self.slot_length * 2).min(longest).max(self.slot_length);
            self.prefetch.note_lost(lost, instant);
        }
    }

    fn grant_usable(&mut self, now: Moment, instant: Instant, verdicts: &mut Vec<(Caller, Verdict)>) {
        while self.waiters.front().is_some_and(|first| self.permit_cache.take(first.permits, now))
            && let Some(waiter) = self.waiters.pop_front()
        {
            self.prefetch.note_waited(waiter.permits, instant);
            verdicts.push((waiter.caller, Verdict::Granted));
        }
    }

    fn refuse(&mut self, is_refused: impl Fn(&Waiter) -> bool, verdicts: &mut Vec<(Caller, Verdict)>) {
        if !self.waiters.iter().any(&is_refused) {
            return;
        }
        let (refused, kept): (VecDeque<_>, _) = self.waiters.drain(..).partition(is_refused);
        self.waiters = kept;
        verdicts.extend(refused.into_iter().map(|waiter| (waiter.caller, Verdict::Refused)));
    }

    /// Returns what to ask the server for, if anything.
    fn next_request(&mut self, now: Now, verdicts: &mut Vec<(Caller, Verdict)>) -> Option<Request> {
        let covered = self.covered().min(self.waiters.len());
        let demands = match self.may_demand(covered, now) {
            true => self.demands(covered, verdicts),
            false => Vec::new(),
        };
        if covered == 0 && !demands.is_empty() {
            // The permits here are too few for the first waiter. Returned, they may be part of what it gets.
            self.permit_cache.discard_all();
        }
        let held = self.permit_cache.permits();
        let spare =
            held - self.waiters.iter().take(covered).map(|waiter| waiter.permits).sum::<u64>().min(held);
        // Without the leader's time no waiter can be served. The answer to any request tells it.
        let needs_time = now.leader.is_none() && !self.waiters.is_empty();
        let reports_unused = self.waiters.is_empty() && self.permit_cache.has_unused();
        let prefetches = !demands.is_empty() || self.needs_prefetch(now, spare);
        if !prefetches && !needs_time && !reports_unused {
            return None;
        }
        let first = demands.first().map_or(0, |demand| demand.permits);
        let quota = if held == 0 { self.quota().max(first) } else { self.quota().saturating_sub(held) };
        let (prefetch_now, prefetch_later) = match prefetches {
            true => (self.prefetch_now(now.instant), self.prefetch.amount_later(now.instant)),
            false => (0, 0),
        };
        Some(Request {
            usages: self.permit_cache.take_report(micros(usual_slot_length(&self.limit))),
            demands,
            quota,
            prefetch_now: prefetch_now.saturating_sub(spare),
            prefetch_later: prefetch_later.saturating_sub(spare),
            horizon: horizon(&self.limit),
            slot_length: micros(self.slot_length),
        })
    }

    /// Returns whether a request would give something now to the first waiter that is not covered, unless other clients take it.
    /// Asking without that would go on and on.
    fn may_demand(&self, covered: usize, now: Now) -> bool {
        let Some(first) = self.waiters.get(covered).map(|first| first.permits) else { return false };
        let known = now.leader.zip(self.known_state(now.instant));
        let is_free =
            known.is_some_and(|(leader, reservations)| reservations.free_from(first) <= leader.latest);
        let held = self.permit_cache.permits();
        let fits = held * 2 <= self.quota() && held + first <= self.quota();
        covered == 0 || is_free || fits
    }

    /// Returns the demands of the waiters that are not covered. Refuses those that do not wait and were not served by two
    /// requests.
    fn demands(&mut self, covered: usize, verdicts: &mut Vec<(Caller, Verdict)>) -> Vec<Demand> {
        let first = self.waiters.get(covered).map_or(u64::MAX, |first| first.ticket);
        let is_tried = |waiter: &Waiter| waiter.wait_limit == WaitLimit::None && waiter.tries >= 2;
        self.refuse(|waiter| waiter.ticket >= first && is_tried(waiter), verdicts);
        let waiters = self.waiters.range_mut(covered..).take(MAX_DEMANDS);
        let demand = |waiter: &mut Waiter| {
            waiter.tries += 1;
            Demand { ticket: waiter.ticket, permits: waiter.permits, wait_limit: waiter.wait_limit }
        };
        waiters.map(demand).collect()
    }

    /// Returns whether more permits than the `spare` ones should be reserved for callers still to come, and can be.
    fn needs_prefetch(&self, now: Now, spare: u64) -> bool {
        let known = now.leader.zip(self.known_state(now.instant)).filter(|_| !self.asking);
        let Some((leader, reservations)) = known else { return false };
        let is_short_of = |amount| spare * 2 < amount;
        if reservations.free_from(1) <= leader.latest {
            return is_short_of(self.prefetch_now(now.instant));
        }
        let amount = self.prefetch.amount_later(now.instant);
        // All of them must become free soon, so that a client does not ask for each one separately.
        is_short_of(amount)
            && reservations.free_from(amount - spare) <= leader.latest.saturating_add(self.lookahead)
    }

    fn prefetch_now(&self, instant: Instant) -> u64 {
        self.prefetch.amount_now(instant, self.slot_length)
    }

    /// Returns how many of the waiters, from the first on, only wait for the slots of permits that are already reserved.
    fn covered(&self) -> usize {
        self.permit_cache.covered(self.waiters.iter().map(|waiter| waiter.permits))
    }

    /// Returns the last known state of the node, if it is recent.
    fn known_state(&self, instant: Instant) -> Option<&Reservations> {
        let (reservations, since) = self.last_known.as_ref()?;
        (instant.saturating_duration_since(*since) < KNOWN_STATE_VALIDITY).then_some(reservations)
    }

    /// Returns whether the next permits here are for later. Then nothing is free now: slots are assigned in the order of time.
    fn is_next_far(&self, now: Moment) -> bool {
        let soon = now.latest.saturating_add(micros(usual_slot_length(&self.limit)));
        self.permit_cache.next().is_some_and(|next| next > soon)
    }

    /// Returns how many permits the waiters of this client may have reserved for later than now. The other waiters have to wait,
    /// so that other clients get their turn in between.
    fn quota(&self) -> u64 {
        (self.limit.max_permits() / 4).max(2)
    }
}

/// Returns how far ahead permits are reserved for callers still to come, in microseconds.
fn horizon(limit: &Limit) -> i64 {
    (limit.length() / 4).min(micros(MAX_HORIZON))
}

/// Returns the length of a slot while servers and threads keep up.
fn usual_slot_length(limit: &Limit) -> Duration {
    Duration::from_micros((limit.shortest() / SLOTS_PER_WINDOW) as u64).min(MAX_USUAL_SLOT_LENGTH)
}

#[cfg(test)]
mod tests;
