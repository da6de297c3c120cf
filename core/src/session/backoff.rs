//! The pauses between attempts to connect.

use std::time::Duration;

/// Computes the pause before the next attempt. The pauses grow, with jitter. The first is short, but not zero: all clients of a
/// server that restarts lose their connections in the same moment, and must not come back in the same moment too.
pub(super) struct Backoff {
    failures: u32,
    max: Duration,
}

impl Backoff {
    const MIN: Duration = Duration::from_millis(10);
    /// After a link that lived at least this long, the next pause is short again. A link that ended sooner may come from
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
            return self.max.mul_f64(fastrand::f64() / 2.0);
        }
        let pause = (Backoff::MIN * 2u32.saturating_pow(failures.min(16) - 1)).min(self.max);
        pause.mul_f64(0.5 + fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pause_differs_from_client_to_client_and_is_short_again_after_a_healthy_link() {
        let max = Duration::from_millis(500);
        let firsts: Vec<Duration> = (0..1000).map(|_| Backoff::new(Duration::from_secs(10)).next()).collect();
        let (least, most) = (*firsts.iter().min().unwrap(), *firsts.iter().max().unwrap());
        assert!(most <= max / 2 && most - least > max / 4, "from {least:?} to {most:?}");

        let mut backoff = Backoff::new(Duration::from_secs(10));
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
        assert!(pauses[10..].iter().all(|pause| *pause >= max / 2), "{pauses:?}");
        backoff.after_link(Duration::from_millis(10));
        assert!(backoff.next() >= max / 2);
        backoff.after_link(Backoff::HEALTHY_LINK);
        assert!(backoff.next() <= max / 2);
    }
}
