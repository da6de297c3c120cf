//! Who waits for permits at one limiter in this client, and what is to be done for them. Knows no server and no clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::caller::{Caller, Verdict};
use super::limit::Limit;
use super::permit_cache::PermitCache;
use super::prefetch::Prefetch;
use super::reservations::{Ask, LATENESS, Reservation, Reservations, WaitLimit, Want, micros};
use crate::error::{Error, ErrorCode, Result};
use crate::session::Moment;

/// Wishes that go into one write at most.
const MOST_WANTS: usize = 4096;

/// For how long what the node said last is taken to show that nothing is free. It stays true unless somebody gives permits back,
/// or deletes the node.
const BELIEVED: Duration = Duration::from_secs(10);

/// How far ahead permits are had for callers still to come.
const FAR_AHEAD: Duration = Duration::from_secs(1);

/// Longer than that is an outage, with which nobody has to reckon.
const MOST_DELAY: Duration = Duration::from_millis(250);

/// How late anything may be, besides two round trips: timers and threads are.
const SLACK: Duration = Duration::from_millis(4);

/// How long after its first moment a permit may be used if all goes well, with a long window.
const MOST_ON_TIME: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    permits: u64,
    wait_limit: WaitLimit,
    /// In how many writes it was asked for.
    tries: u32,
    caller: Caller,
}

/// The time, on the clock of this machine and on the leader's, if that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) leader: Option<Moment>,
}

/// What is to be done now.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) verdicts: Vec<(Caller, Verdict)>,
    pub(super) ask: Option<Ask>,
    /// How long nothing changes by itself, if anything will.
    pub(super) wake: Option<Duration>,
    /// Nobody waits for anything, and there is nothing left to give back.
    pub(super) is_over: bool,
}

/// Who is to come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Somebody has to look after the line from now on.
    Start,
    /// Whoever looks after it already should do so now.
    Notify,
}

#[derive(Debug)]
pub(super) struct Scheduler {
    limit: Limit,
    waiters: VecDeque<Waiter>,
    permit_cache: PermitCache,
    prefetch: Prefetch,
    /// What the node said last.
    seen: Option<(Reservations, Instant)>,
    /// How long after its first moment a permit may still be used, of those that are asked for now.
    lateness: Duration,
    /// How far it looks ahead: up to the horizon, but not all clients equally far, so that they do not all ask at once.
    sight: i64,
    next_ticket: u64,
    asking: bool,
    /// Whether a task looks after it.
    attended: bool,
}

impl Scheduler {
    pub(super) fn new(limit: Limit) -> Scheduler {
        let period = Duration::from_micros(limit.length() as u64).min(FAR_AHEAD);
        Scheduler {
            prefetch: Prefetch::new(on_time(&limit), limit.max_prefetch(), period),
            limit,
            waiters: VecDeque::new(),
            permit_cache: PermitCache::default(),
            seen: None,
            lateness: on_time(&limit),
            sight: horizon(&limit),
            next_ticket: 0,
            asking: false,
            attended: false,
        }
    }

    /// What can be said at once to somebody who comes now.
    pub(super) fn at_once(
        &mut self,
        permits: u64,
        wait_limit: WaitLimit,
        Now { instant, leader }: Now,
    ) -> Option<Verdict> {
        self.prefetch.asked(permits, instant);
        let now = leader?;
        self.expire(now, instant);
        if self.waiters.is_empty() && self.permit_cache.take(permits, now) {
            self.prefetch.used(permits, instant);
            return Some(Verdict::Granted);
        }
        let reserved_only = wait_limit == WaitLimit::None && self.is_next_far(now);
        let too_late = || {
            let spare = if self.waiters.is_empty() { self.permit_cache.permits() } else { 0 };
            let room =
                self.known(instant).map(|reservations| reservations.room(permits.saturating_sub(spare)));
            room.is_some_and(|room| wait_limit.is_over_at(room, now))
        };
        (reserved_only || too_late()).then_some(Verdict::Refused)
    }

    pub(super) fn join(&mut self, permits: u64, wait_limit: WaitLimit, caller: Caller) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiters.push_back(Waiter { ticket, permits, wait_limit, tries: 0, caller });
    }

    /// Who is to come after somebody has asked, and maybe joined.
    pub(super) fn wake_driver(&mut self, joined: bool, now: Now) -> Option<Wake> {
        let held = self.permit_cache.permits();
        let is_lacking = self.waiters.is_empty() && self.is_lacking(now, held);
        if !self.attended {
            self.attended = joined || is_lacking || (held > 0 && now.leader.is_some());
            return self.attended.then_some(Wake::Start);
        }
        let may_ask = joined && !self.asking && held * 2 <= self.quota();
        (may_ask || is_lacking).then_some(Wake::Notify)
    }

    /// Hands out what can be used, and says what comes next.
    pub(super) fn turn(&mut self, now: Now) -> Turn {
        self.waiters.retain(|waiter| !waiter.caller.has_gone());
        let mut verdicts = Vec::new();
        if let Some(leader) = now.leader {
            self.expire(leader, now.instant);
            self.hand_out(leader, now.instant, &mut verdicts);
            if self.is_next_far(leader) {
                self.refuse(|waiter| waiter.wait_limit == WaitLimit::None, &mut verdicts);
            }
        }
        let ask = if self.asking { None } else { self.ask(now, &mut verdicts) };
        self.asking |= ask.is_some();
        let wake = now.leader.and_then(|leader| self.next_change(leader));
        let is_over = self.waiters.is_empty() && !self.asking && wake.is_none();
        self.attended = !is_over;
        Turn { verdicts, ask, wake, is_over }
    }

    /// How long nothing changes by itself: until the next permits can be used, or nobody has come for any.
    fn next_change(&self, now: Moment) -> Option<Duration> {
        let wait = match self.waiters.is_empty() {
            true => self.permit_cache.end()?.saturating_sub(now.latest).saturating_add(1),
            false => self.permit_cache.change(now)?,
        };
        Some(Duration::from_micros(wait.try_into().unwrap_or_default()))
    }

    /// Takes in what was asked for.
    pub(super) fn take_in(
        &mut self,
        outcome: Result<Reservation>,
        instant: Instant,
    ) -> Vec<(Caller, Verdict)> {
        self.asking = false;
        let mut verdicts = Vec::new();
        match outcome {
            Ok(reservation) => {
                let Reservation { slots, refused, reservations, decided } = reservation;
                slots.into_iter().for_each(|slot| self.permit_cache.put(slot));
                self.refuse(|waiter| refused.binary_search(&waiter.ticket).is_ok(), &mut verdicts);
                self.seen = Some((reservations, decided));
                let horizon = horizon(&self.limit);
                self.sight = fastrand::i64(horizon / 2..=horizon);
                let needed = instant.saturating_duration_since(decided).min(MOST_DELAY) * 2 + SLACK;
                self.lateness = (self.lateness * 31 / 32).max(on_time(&self.limit)).max(needed);
            }
            // The permits are lost, if there were any.
            Err(error) if error.code() == ErrorCode::Indeterminate => {}
            Err(error) => {
                self.seen = None;
                let covered = self.covered().min(self.waiters.len());
                let failed = self.waiters.drain(covered..);
                verdicts.extend(failed.map(|waiter| (waiter.caller, Verdict::Failed(error.clone()))));
            }
        }
        verdicts
    }

    /// Nobody looks after the line any more, and nothing will come.
    pub(super) fn close(&mut self, error: &Error) -> Vec<(Caller, Verdict)> {
        (self.asking, self.attended) = (false, false);
        self.waiters.drain(..).map(|waiter| (waiter.caller, Verdict::Failed(error.clone()))).collect()
    }

    fn expire(&mut self, now: Moment, instant: Instant) {
        let lost = self.permit_cache.expire(now);
        if lost > 0 {
            // It may be this machine that is too slow. To be counted for longer costs little when they are used: the node is told.
            let longest = Duration::from_micros(self.limit.length() as u64 / 8);
            self.lateness = (self.lateness * 2).min(longest).max(self.lateness);
            self.prefetch.lost(lost, instant);
        }
    }

    fn hand_out(&mut self, now: Moment, instant: Instant, verdicts: &mut Vec<(Caller, Verdict)>) {
        while self.waiters.front().is_some_and(|first| self.permit_cache.take(first.permits, now))
            && let Some(waiter) = self.waiters.pop_front()
        {
            self.prefetch.waited(waiter.permits, instant);
            verdicts.push((waiter.caller, Verdict::Granted));
        }
    }

    fn refuse(&mut self, whom: impl Fn(&Waiter) -> bool, verdicts: &mut Vec<(Caller, Verdict)>) {
        if !self.waiters.iter().any(&whom) {
            return;
        }
        let (refused, kept): (VecDeque<_>, _) = self.waiters.drain(..).partition(whom);
        self.waiters = kept;
        verdicts.extend(refused.into_iter().map(|waiter| (waiter.caller, Verdict::Refused)));
    }

    /// What to ask the server for, if anything.
    fn ask(&mut self, now: Now, verdicts: &mut Vec<(Caller, Verdict)>) -> Option<Ask> {
        let covered = self.covered().min(self.waiters.len());
        let wants = match self.may_want(covered, now) {
            true => self.wants(covered, verdicts),
            false => Vec::new(),
        };
        if covered == 0 && !wants.is_empty() {
            // Too few for the first in the line. They may be what he lacks.
            self.permit_cache.give_back();
        }
        let held = self.permit_cache.permits();
        let spare =
            held - self.waiters.iter().take(covered).map(|waiter| waiter.permits).sum::<u64>().min(held);
        // With nobody told the time, somebody who waits for his would never learn it.
        let lost_in_time = now.leader.is_none() && !self.waiters.is_empty();
        let gives_back = self.waiters.is_empty() && self.permit_cache.has_lost();
        let looks_ahead = !wants.is_empty() || self.is_lacking(now, spare);
        if !looks_ahead && !lost_in_time && !gives_back {
            return None;
        }
        let first = wants.first().map_or(0, |want| want.permits);
        let quota = if held == 0 { self.quota().max(first) } else { self.quota().saturating_sub(held) };
        let (ahead_now, ahead_later) = match looks_ahead {
            true => (self.ahead_now(now.instant), self.prefetch.ahead_later(now.instant)),
            false => (0, 0),
        };
        Some(Ask {
            settlements: self.permit_cache.settle(micros(on_time(&self.limit))),
            wants,
            quota,
            ahead_now: ahead_now.saturating_sub(spare),
            ahead_later: ahead_later.saturating_sub(spare),
            horizon: horizon(&self.limit),
            lateness: micros(self.lateness),
        })
    }

    /// Whether the first who finds nothing in the purse will get something now, if others want nothing. Asking without that would
    /// go on and on.
    fn may_want(&self, covered: usize, now: Now) -> bool {
        let Some(first) = self.waiters.get(covered).map(|first| first.permits) else { return false };
        let known = now.leader.zip(self.known(now.instant));
        let is_free = known.is_some_and(|(leader, reservations)| reservations.room(first) <= leader.latest);
        let held = self.permit_cache.permits();
        let fits = held * 2 <= self.quota() && held + first <= self.quota();
        covered == 0 || is_free || fits
    }

    /// What those want who find nothing in the purse.
    fn wants(&mut self, covered: usize, verdicts: &mut Vec<(Caller, Verdict)>) -> Vec<Want> {
        let first = self.waiters.get(covered).map_or(u64::MAX, |first| first.ticket);
        let tried = |waiter: &Waiter| waiter.wait_limit == WaitLimit::None && waiter.tries >= 2;
        self.refuse(|waiter| waiter.ticket >= first && tried(waiter), verdicts);
        let waiters = self.waiters.range_mut(covered..).take(MOST_WANTS);
        let want = |waiter: &mut Waiter| {
            waiter.tries += 1;
            Want { ticket: waiter.ticket, permits: waiter.permits, wait_limit: waiter.wait_limit }
        };
        waiters.map(want).collect()
    }

    /// Whether more permits should be had for callers still to come than these, and can be.
    fn is_lacking(&self, now: Now, spare: u64) -> bool {
        let known = now.leader.zip(self.known(now.instant)).filter(|_| !self.asking);
        let Some((leader, reservations)) = known else { return false };
        let lacks = |ahead| spare * 2 < ahead;
        if reservations.room(1) <= leader.latest {
            return lacks(self.ahead_now(now.instant));
        }
        let ahead = self.prefetch.ahead_later(now.instant);
        // All of them, so that a client does not ask for each as it comes into sight.
        lacks(ahead) && reservations.room(ahead - spare) <= leader.latest.saturating_add(self.sight)
    }

    fn ahead_now(&self, instant: Instant) -> u64 {
        self.prefetch.ahead_now(instant, self.lateness)
    }

    /// How many of those who wait need only wait for their moment.
    fn covered(&self) -> usize {
        self.permit_cache.covers(self.waiters.iter().map(|waiter| waiter.permits))
    }

    /// What the node said, if that was lately.
    fn known(&self, instant: Instant) -> Option<&Reservations> {
        let (reservations, since) = self.seen.as_ref()?;
        (instant.saturating_duration_since(*since) < BELIEVED).then_some(reservations)
    }

    /// Whether the next permits are for later. Then nothing is free: slots are given in the order of time.
    fn is_next_far(&self, now: Moment) -> bool {
        let soon = now.latest.saturating_add(micros(on_time(&self.limit)));
        self.permit_cache.next().is_some_and(|next| next > soon)
    }

    /// How many permits those who wait may have reserved for later than now. The rest of them has to wait, so that other
    /// clients' turn comes before all of them are served.
    fn quota(&self) -> u64 {
        (self.limit.max_permits() / 4).max(2)
    }
}

/// How far ahead permits are had for callers still to come, in microseconds.
fn horizon(limit: &Limit) -> i64 {
    (limit.length() / 4).min(micros(FAR_AHEAD))
}

/// How late a permit may be used, if servers and threads keep up.
fn on_time(limit: &Limit) -> Duration {
    Duration::from_micros((limit.shortest() / LATENESS) as u64).min(MOST_ON_TIME)
}

#[cfg(test)]
mod tests;
