//! The lease of a session: the time until which the servers must honour it, on this machine's clock.
//!
//! The leader ends a session once the session timeout T has passed since the last contact that it knows of. The client notes
//! a time just before it sends a request. An answer that needed the leader proves that the session was alive after that time
//! and that the leader is still there. A plain read proves neither: a follower that has lost its leader answers reads for
//! `syncLimit` ticks. So only the handshake, `sync` and writes extend a lease (`link.rs`).
//!
//! A lease lasts from the noted time for T less the following:
//!
//! 1. **The lag of a follower's reports, up to T/4.** A follower tells the leader only every half tick which sessions it
//!    heard from, in its answers to the leader's pings, and may die in between. T is never negotiated below two ticks, so
//!    half a tick is at most T/4. (`Leader.lead`, `LearnerHandler`, `Learner.ping`, `ZooKeeperServer.getMinSessionTimeout`;
//!    assumed: `minSessionTimeout` is not configured below two ticks, and all servers have the same `tickTime`.) Earlier reports
//!    have arrived, because the answered request took the same connection to the leader behind them.
//! 2. **The silence of the client before the request.** With a silence g between two messages, the last report may stem from
//!    a message that is g older. While g is at most T/8 this costs nothing: if half a tick is longer than g, every report
//!    covers a message, and the lag is at most half a tick; otherwise the two together are below 2g, so again at most T/4.
//!    While a node is held, the lease keeper sends a `sync` after T/8 of silence, whether the last one was answered or not.
//!    At other times zookeeper-client pings after T/8 of silence, but not while it waits for the answer to the last ping,
//!    which can be queued behind a slow request. So if an answer arrives after a silence of d > T/8, the requests up to the
//!    follower's next report get a lease that is shorter by 2 (d - T/8).
//! 3. **A reserve of T/8** for what is not exact: the T/32 by which zookeeper-client's pings may be late after a slow answer, the
//!    time for which threads of the leader, of the follower and of this process wait for a processor, and the difference
//!    between the speeds of the clocks.
//!
//! So the term of a lease is 5/8 T. It assumes the longest possible tick, because a client does not know the tick. The leader
//! rounds the end of a session up to the next multiple of the tick (`ExpiryQueue.roundToNextInterval`); that can be zero and is
//! not counted on.
//!
//! T is the shortest timeout that any server has granted to the session. A server that the session moves to may grant
//! another one, if it was configured or restarted differently, and the leader counts with that from the handshake on
//! (`SessionTrackerImpl.touchSession`). A new leader counts with the timeout at which the session was created, until it hears
//! from the client (`SessionTrackerImpl` constructor). A shorter timeout therefore shortens the running lease, and a longer one
//! does not lengthen it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

/// A point in time on a clock that also runs while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BootInstant {
    nanos: u64,
}

impl BootInstant {
    pub(crate) fn now() -> BootInstant {
        // On Linux `Instant` stops during suspend, so a laptop that wakes up would treat expired leases as valid.
        #[cfg(target_os = "linux")]
        const CLOCK: ClockId = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        const CLOCK: ClockId = ClockId::Monotonic;
        let time = clock_gettime(CLOCK);
        BootInstant { nanos: time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64 }
    }

    pub(crate) fn as_micros(self) -> i64 {
        (self.nanos / 1000) as i64
    }

    #[cfg(test)]
    pub(crate) fn from_micros(micros: i64) -> BootInstant {
        BootInstant { nanos: micros as u64 * 1000 }
    }

    /// Returns the time from `self` until `later`, or zero if `later` comes before `self`.
    pub(crate) fn until(self, later: BootInstant) -> Duration {
        Duration::from_nanos(later.nanos.saturating_sub(self.nanos))
    }
}

impl std::ops::Add<Duration> for BootInstant {
    type Output = BootInstant;

    fn add(self, time: Duration) -> BootInstant {
        BootInstant { nanos: self.nanos.saturating_add(time.as_nanos() as u64) }
    }
}

/// The lease of one session. An answer only ever extends it. A shorter session timeout shortens it.
#[derive(Debug)]
pub(crate) struct Lease {
    /// The end of the lease, copied from the state so that it can be read without a lock.
    end: AtomicU64,
    /// The time at which the latest request was sent, of any kind.
    last_request: AtomicU64,
    state: Mutex<LeaseState>,
}

#[derive(Debug)]
struct LeaseState {
    /// The session timeout that the server granted last.
    granted: Duration,
    /// The shortest session timeout that any server granted, with which the lease counts.
    shortest: Duration,
    /// The time at which the latest request that extended the lease was sent.
    sent: BootInstant,
    /// The reduction of leases after a slow answer, and the time of sending up to which it applies.
    reduction: Duration,
    reduced_until: BootInstant,
}

impl LeaseState {
    /// Returns the end of a lease that counts from `sent`.
    fn end_from(&self, sent: BootInstant) -> BootInstant {
        let reduction = if sent <= self.reduced_until { self.reduction } else { Duration::ZERO };
        sent + (self.shortest * 5 / 8).saturating_sub(reduction)
    }

    /// Notes an answer that arrived at `now`, after a silence of `silence` (item 2 of the header).
    fn note_silence(&mut self, silence: Duration, now: BootInstant) {
        let excess = silence.saturating_sub(self.shortest / 8);
        if excess.is_zero() {
            return;
        }
        let still_applies = now <= self.reduced_until;
        self.reduction = if still_applies { self.reduction.max(2 * excess) } else { 2 * excess };
        // The next message goes out within T/16, and the follower's next report is at most T/4 away.
        self.reduced_until = now + self.shortest * 5 / 16;
    }
}

impl Lease {
    /// Makes the lease of a session that the server granted in answer to a request sent at `sent`.
    pub(crate) fn new(session_timeout: Duration, sent: BootInstant) -> Lease {
        let state = LeaseState {
            granted: session_timeout,
            shortest: session_timeout,
            sent,
            reduction: Duration::ZERO,
            reduced_until: BootInstant { nanos: 0 },
        };
        Lease {
            end: AtomicU64::new(state.end_from(sent).nanos),
            last_request: AtomicU64::new(sent.nanos),
            state: Mutex::new(state),
        }
    }

    /// Notes the session timeout that a server granted in the handshake of a new connection.
    pub(crate) fn grant(&self, session_timeout: Duration) {
        let mut state = self.state.lock();
        state.granted = session_timeout;
        if session_timeout < state.shortest {
            state.shortest = session_timeout;
            self.end.store(state.end_from(state.sent).nanos, Ordering::Release);
        }
    }

    /// Extends the lease after an answer that needed the leader, to a request that was sent no earlier than `sent`.
    pub(crate) fn extend(&self, sent: BootInstant) {
        let mut state = self.state.lock();
        state.sent = state.sent.max(sent);
        self.end.fetch_max(state.end_from(sent).nanos, Ordering::AcqRel);
    }

    /// Notes that a request is about to be sent, and returns the time.
    pub(crate) fn note_request(&self) -> BootInstant {
        let now = BootInstant::now();
        self.last_request.fetch_max(now.nanos, Ordering::AcqRel);
        now
    }

    /// Notes that an answer has arrived, of any server, to any request.
    pub(crate) fn note_answer(&self) {
        let (now, sent) =
            (BootInstant::now(), BootInstant { nanos: self.last_request.load(Ordering::Acquire) });
        self.state.lock().note_silence(sent.until(now), now);
    }

    /// Returns the session timeout that the server granted last.
    pub(crate) fn session_timeout(&self) -> Duration {
        self.state.lock().granted
    }

    /// Returns the session timeout with which the lease counts: the shortest that any server granted.
    pub(crate) fn shortest_timeout(&self) -> Duration {
        self.state.lock().shortest
    }

    /// Returns the time since the request was sent that extended the lease last.
    pub(crate) fn age(&self) -> Duration {
        self.state.lock().sent.until(BootInstant::now())
    }

    /// Returns the time at which the lease ends unless it is extended.
    pub(crate) fn end(&self) -> BootInstant {
        BootInstant { nanos: self.end.load(Ordering::Acquire) }
    }

    /// Returns the time left until the lease ends.
    pub(crate) fn remaining(&self) -> Duration {
        BootInstant::now().until(self.end())
    }

    pub(crate) fn is_valid(&self) -> bool {
        BootInstant::now() < self.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Duration = Duration::from_secs(8);

    fn end_of(lease: &Lease, since: BootInstant) -> Duration {
        since.until(lease.end())
    }

    #[test]
    fn a_lease_counts_from_the_time_of_sending_and_answers_never_shorten_it() {
        let sent = BootInstant::now();
        let lease = Lease::new(T, sent);
        assert_eq!(end_of(&lease, sent), Duration::from_secs(5));
        lease.extend(BootInstant { nanos: sent.nanos - 1 });
        assert_eq!(end_of(&lease, sent), Duration::from_secs(5));
        lease.extend(sent + Duration::from_secs(1));
        assert_eq!(end_of(&lease, sent), Duration::from_secs(6));
        assert!(lease.is_valid() && lease.remaining() <= Duration::from_secs(6));
    }

    #[test]
    fn a_shorter_session_timeout_shortens_the_running_lease_and_a_longer_one_does_not_lengthen_it() {
        let sent = BootInstant::now();
        let lease = Lease::new(T, sent);
        lease.grant(T / 2);
        assert_eq!(end_of(&lease, sent), Duration::from_millis(2500));
        assert_eq!(lease.session_timeout(), T / 2);
        lease.grant(2 * T);
        lease.extend(sent + Duration::from_secs(1));
        assert_eq!(end_of(&lease, sent), Duration::from_millis(3500));
        assert_eq!(lease.session_timeout(), 2 * T);
        assert_eq!(lease.shortest_timeout(), T / 2);
    }

    #[test]
    fn a_slow_answer_shortens_the_leases_that_follow_it_for_a_while() {
        let start = BootInstant::now();
        let lease = Lease::new(T, start);
        let note = |silence, at| lease.state.lock().note_silence(silence, start + at);
        note(T / 8, T / 8);
        lease.extend(start + T / 8);
        assert_eq!(end_of(&lease, start), T * 6 / 8, "a silence of T/8 is normal");
        note(T / 4, T / 2);
        note(T * 3 / 16, T / 2);
        lease.extend(start + T / 2);
        assert_eq!(end_of(&lease, start), T * 7 / 8, "the longest silence counts");
        lease.extend(start + T);
        assert_eq!(end_of(&lease, start), T * 13 / 8, "a report has arrived in the meantime");
    }

    #[test]
    fn an_expired_lease_is_invalid_and_has_no_time_left() {
        let long_ago = BootInstant { nanos: 0 };
        let lease = Lease::new(Duration::from_millis(1), long_ago);
        assert!(!lease.is_valid());
        assert_eq!(lease.remaining(), Duration::ZERO);
    }
}
