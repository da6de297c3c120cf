//! The pauses between attempts to connect.

use std::time::Duration;

/// Computes the pause before the next attempt. The first attempt is made at once; the pauses then grow, with jitter.
pub(super) struct Backoff {
    failures: u32,
    max: Duration,
}

impl Backoff {
    const MIN: Duration = Duration::from_millis(10);
    /// After a link that lived at least this long, the next attempt is made at once. A link that ended sooner may come from
    /// a server or a load balancer that accepts connections only to drop them.
    const HEALTHY_LINK: Duration = Duration::from_secs(1);

    pub(super) fn new(session_timeout: Duration) -> Backoff {
        Backoff { failures: 0, max: (session_timeout / 10).min(Duration::from_millis(500)) }
    }

    /// Counts a link that ended at this age.
    pub(super) fn after_link(&mut self, age: Duration) {
        if age >= Backoff::HEALTHY_LINK {
            self.failures = 0;
        }
    }

    /// Returns the pause before the next attempt, and counts that attempt as failed.
    pub(super) fn next(&mut self) -> Duration {
        let failures = self.failures;
        self.failures += 1;
        if failures == 0 {
            return Duration::ZERO;
        }
        let pause = (Backoff::MIN * 2u32.saturating_pow(failures.min(16) - 1)).min(self.max);
        pause.mul_f64(0.5 + fastrand::f64())
    }
}
