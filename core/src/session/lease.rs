//! The lease of a session: the time until which the servers must honour it, on this machine's clock.
//!
//! A server may end a session once it has heard nothing from it for the negotiated timeout T. It heard from this client with
//! the latest request that it answered, and the client noted a time just before it sent that request. So the session lives at
//! least until *noted time + T*, less the lag of the servers' own bookkeeping:
//!
//! - A follower reports only every half tick to the leader which sessions it heard from, and may die in between. T is never
//!   negotiated below two ticks, so half a tick is at most T/4. (`Leader`, `LearnerHandler` and `Learner.ping` in ZooKeeper;
//!   T >= 2 ticks: `ZooKeeperServer.getMinSessionTimeout`.)
//! - The request that the follower did report may be one heartbeat older, which is T/8 (`lease_keeper.rs`).
//!
//! The term of a lease is therefore 5/8 T. It assumes the longest possible tick, because a client does not know the tick.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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

/// The lease of one session. It is only ever extended.
#[derive(Debug)]
pub(crate) struct Lease {
    until: AtomicU64,
    term: Duration,
}

impl Lease {
    /// Makes the lease of a session that the server granted in answer to a request sent at `sent`.
    pub(crate) fn new(session_timeout: Duration, sent: BootInstant) -> Lease {
        let lease = Lease { until: AtomicU64::new(0), term: session_timeout * 5 / 8 };
        lease.extend(sent);
        lease
    }

    /// Extends the lease after the answer to a request that was sent no earlier than `sent`.
    pub(crate) fn extend(&self, sent: BootInstant) {
        self.until.fetch_max(sent.nanos + self.term.as_nanos() as u64, Ordering::AcqRel);
    }

    /// Returns how long the lease lasts from the sending of the request that extended it.
    pub(crate) fn term(&self) -> Duration {
        self.term
    }

    /// Returns the time at which the lease ends unless it is extended.
    pub(crate) fn end(&self) -> BootInstant {
        BootInstant { nanos: self.until.load(Ordering::Acquire) }
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

    #[test]
    fn a_lease_counts_from_the_time_of_sending_and_never_shrinks() {
        let sent = BootInstant::now();
        let lease = Lease::new(Duration::from_secs(8), sent);
        assert_eq!(sent.until(lease.end()), Duration::from_secs(5));
        lease.extend(BootInstant { nanos: sent.nanos - 1 });
        assert_eq!(sent.until(lease.end()), Duration::from_secs(5));
        lease.extend(BootInstant { nanos: sent.nanos + 1_000_000_000 });
        assert_eq!(sent.until(lease.end()), Duration::from_secs(6));
        assert!(lease.is_valid() && lease.remaining() <= Duration::from_secs(6));
    }

    #[test]
    fn an_expired_lease_is_invalid_and_has_no_time_left() {
        let long_ago = BootInstant { nanos: 0 };
        let lease = Lease::new(Duration::from_millis(1), long_ago);
        assert!(!lease.is_valid());
        assert_eq!(lease.remaining(), Duration::ZERO);
    }
}
