//! Until when the server must still honour a session, on this machine's clock.
//!
//! A server may end a session once it has heard nothing of it for the negotiated timeout T. It heard of us at the
//! latest request that it answered, and that was sent no earlier than we noted. So the session lives at least until
//! *noted + T*, less what the server's own bookkeeping may lag:
//!
//! - A follower tells the leader only every half tick which sessions it heard of, and may die in between. T is never
//!   negotiated below two ticks, so half a tick is at most T/4. (`Leader`, `LearnerHandler` and
//!   `Learner.ping` in ZooKeeper; T >= 2 ticks: `ZooKeeperServer.getMinSessionTimeout`.)
//! - The request that the follower did report may be one heartbeat older: T/8, see the keeper.
//!
//! Hence a term of 5/8 T. Not knowing the tick, we take the worst one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A point on a clock that also runs while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BootInstant {
    nanos: u64,
}

impl BootInstant {
    pub(crate) fn now() -> BootInstant {
        // `Instant` stands still in suspend on Linux, so a laptop that wakes would believe in leases long gone.
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

    /// The time from `self` until `later`, zero when that has passed.
    pub(crate) fn until(self, later: BootInstant) -> Duration {
        Duration::from_nanos(later.nanos.saturating_sub(self.nanos))
    }
}

/// The lease of one session. Only ever extended.
#[derive(Debug)]
pub(crate) struct Lease {
    until: AtomicU64,
    term: Duration,
}

impl Lease {
    /// The lease of a session that the server granted in answer to a request sent at `asked`.
    pub(crate) fn new(session_timeout: Duration, asked: BootInstant) -> Lease {
        let lease = Lease { until: AtomicU64::new(0), term: session_timeout * 5 / 8 };
        lease.extend(asked);
        lease
    }

    /// Counts a request that was sent no earlier than `asked` and has been answered.
    pub(crate) fn extend(&self, asked: BootInstant) {
        self.until.fetch_max(asked.nanos + self.term.as_nanos() as u64, Ordering::AcqRel);
    }

    /// How long a lease lasts from the sending of the request that extended it.
    pub(crate) fn term(&self) -> Duration {
        self.term
    }

    /// When the lease ends as things stand.
    pub(crate) fn end(&self) -> BootInstant {
        BootInstant { nanos: self.until.load(Ordering::Acquire) }
    }

    /// What is left of it now.
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
    fn a_lease_counts_from_the_sending_and_never_shrinks() {
        let asked = BootInstant::now();
        let lease = Lease::new(Duration::from_secs(8), asked);
        assert_eq!(asked.until(lease.end()), Duration::from_secs(5));
        lease.extend(BootInstant { nanos: asked.nanos - 1 });
        assert_eq!(asked.until(lease.end()), Duration::from_secs(5));
        lease.extend(BootInstant { nanos: asked.nanos + 1_000_000_000 });
        assert_eq!(asked.until(lease.end()), Duration::from_secs(6));
        assert!(lease.is_valid() && lease.remaining() <= Duration::from_secs(6));
    }

    #[test]
    fn a_lease_ends() {
        let long_ago = BootInstant { nanos: 0 };
        let lease = Lease::new(Duration::from_millis(1), long_ago);
        assert!(!lease.is_valid());
        assert_eq!(lease.remaining(), Duration::ZERO);
    }
}
